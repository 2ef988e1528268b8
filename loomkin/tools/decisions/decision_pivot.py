"""decision_pivot: what was observed makes one decide anew."""

from typing import ClassVar

from loomkin.decisions.desk import Desk
from loomkin.errors import LoomkinError
from loomkin.records.dataclass import dataclass
from loomkin.records.permission import Access, ToolUse
from loomkin.tooling.tool import Call, Fail, Ok, Tool


@dataclass(frozen=True, slots=True)
class Params:
    """The decision that no longer holds, why, and the new one."""

    id: str
    observation: str
    new: str
    description: str = ""
    confidence: int | None = None


class DecisionPivot(Tool[Params]):
    """Puts a new decision in the place of an old one."""

    name: ClassVar[str] = "decision_pivot"
    params_type: ClassVar[type] = Params
    access: ClassVar[Access] = Access.NONE
    alone: ClassVar[bool] = True

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def use(self, params: Params, call: Call) -> ToolUse:
        return ToolUse(self.name, self.access, str(call.cwd))

    async def run(self, params: Params, call: Call) -> Ok | Fail:
        try:
            done = await self._desk.pivot(
                call.agent, params.id, params.observation, params.new, params.confidence, params.description
            )
        except LoomkinError as error:
            return Fail(str(error))
        return Ok(done.in_words(f"{params.id} is superseded by"))


TOOL = DecisionPivot
