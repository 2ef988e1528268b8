"""task_accept: a task is mine."""

from typing import ClassVar

from loomkin.errors import LoomkinError
from loomkin.records.dataclass import dataclass
from loomkin.records.permission import Access, ToolUse
from loomkin.team.planning import Planning
from loomkin.tooling.tool import Call, Fail, Ok, Tool


@dataclass(frozen=True, slots=True)
class Params:
    """Which task."""

    task: str


class TaskAccept(Tool[Params]):
    """Takes a task that is offered or ready."""

    name: ClassVar[str] = "task_accept"
    params_type: ClassVar[type] = Params
    access: ClassVar[Access] = Access.NONE

    def __init__(self, planning: Planning) -> None:
        self._planning = planning

    def use(self, params: Params, call: Call) -> ToolUse:
        return ToolUse(self.name, self.access, str(call.cwd))

    async def run(self, params: Params, call: Call) -> Ok | Fail:
        try:
            return Ok(self._planning.accept(call.agent, params.task), must_be_read=True)
        except LoomkinError as error:
            return Fail(str(error))


TOOL = TaskAccept
