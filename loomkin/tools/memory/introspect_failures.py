"""introspect_failures: an agent's own history of failures."""

from typing import ClassVar

from loomkin.failures.introspection import answer
from loomkin.records.dataclass import dataclass
from loomkin.records.permission import Access, ToolUse
from loomkin.store.database import Database
from loomkin.tooling.tool import Call, Ok, Tool


@dataclass(frozen=True, slots=True)
class Params:
    """Words that it must be about, and whose history it is.

    None are all.
    """

    query: str = ""
    mine: bool = True


class IntrospectFailures(Tool[Params]):
    """Looks back."""

    name: ClassVar[str] = "introspect_failures"
    params_type: ClassVar[type] = Params
    access: ClassVar[Access] = Access.READ

    def __init__(self, database: Database) -> None:
        self._database = database

    def use(self, params: Params, call: Call) -> ToolUse:
        return ToolUse(self.name, self.access, str(call.cwd))

    async def run(self, params: Params, call: Call) -> Ok:
        return Ok(answer(self._database, call.agent if params.mine else "", params.query))


TOOL = IntrospectFailures
