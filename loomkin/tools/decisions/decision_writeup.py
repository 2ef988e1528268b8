"""decision_writeup: what was decided, as the text of a pull request."""

from typing import ClassVar

from loomkin.decisions.desk import Desk
from loomkin.errors import LoomkinError
from loomkin.records.dataclass import dataclass
from loomkin.records.permission import Access, ToolUse
from loomkin.tooling.tool import Call, Fail, Ok, Tool


@dataclass(frozen=True, slots=True)
class Params:
    """Which part of the graph, and under which title."""

    root: str = ""
    branch: str = ""
    title: str = ""


class DecisionWriteup(Tool[Params]):
    """Writes up a part of the graph."""

    name: ClassVar[str] = "decision_writeup"
    params_type: ClassVar[type] = Params
    access: ClassVar[Access] = Access.READ

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def use(self, params: Params, call: Call) -> ToolUse:
        return ToolUse(self.name, self.access, str(call.cwd))

    async def run(self, params: Params, call: Call) -> Ok | Fail:
        try:
            return Ok(self._desk.writeup(params.root, params.branch, params.title))
        except LoomkinError as error:
            return Fail(str(error))


TOOL = DecisionWriteup
