"""introspect_decisions: an agent's own history of decisions."""

from typing import ClassVar

from loomkin.decisions.introspection import answer
from loomkin.records.dataclass import dataclass
from loomkin.records.permission import Access, ToolUse
from loomkin.store.database import Database
from loomkin.tooling.tool import Call, Ok, Tool


@dataclass(frozen=True, slots=True)
class Params:
    """Words that it must be about.

    None are all.
    """

    query: str = ""


class IntrospectDecisions(Tool[Params]):
    """Looks back."""

    name: ClassVar[str] = "introspect_decisions"
    params_type: ClassVar[type] = Params
    access: ClassVar[Access] = Access.READ

    def __init__(self, database: Database) -> None:
        self._database = database

    def use(self, params: Params, call: Call) -> ToolUse:
        return ToolUse(self.name, self.access, str(call.cwd))

    async def run(self, params: Params, call: Call) -> Ok:
        return Ok(answer(self._database, call.agent, params.query))


TOOL = IntrospectDecisions
