"""task_split: parts of a task, each with its own owner."""

from typing import ClassVar

from loomkin.errors import LoomkinError
from loomkin.records.dataclass import dataclass
from loomkin.records.permission import Access, ToolUse
from loomkin.team.hiring import Hiring, Order
from loomkin.team.planning import Planning
from loomkin.tooling.tool import Call, Fail, Ok, Tool


@dataclass(frozen=True, slots=True)
class Params:
    """The parts of a task; each is `title: what is to be done`."""

    task: str
    parts: tuple[str, ...]
    role: str
    in_order: bool = False


class TaskSplit(Tool[Params]):
    """Splits a task: it waits until its parts are done."""

    name: ClassVar[str] = "task_split"
    params_type: ClassVar[type] = Params
    access: ClassVar[Access] = Access.NONE

    def __init__(self, planning: Planning, hiring: Hiring) -> None:
        self._planning = planning
        self._hiring = hiring

    def use(self, params: Params, call: Call) -> ToolUse:
        return self._hiring.use(self.name, call, _order(params), planned=True)

    async def preview(self, params: Params, call: Call) -> str:
        return await self._hiring.preview(_order(params))

    async def run(self, params: Params, call: Call) -> Ok | Fail:
        try:
            self._hiring.role(params.role)
            parts = self._planning.split(call.agent, params.task, params.parts, params.role, params.in_order)
            return Ok("\n".join(self._planning.where(part) for part in parts))
        except LoomkinError as error:
            return Fail(str(error))


def _order(params: Params) -> Order:
    return Order(params.role, "\n".join(params.parts))


TOOL = TaskSplit
