"""task_block: something is in the way of a task."""

from typing import ClassVar

from loomkin.errors import LoomkinError
from loomkin.records.dataclass import dataclass
from loomkin.records.permission import Access, ToolUse
from loomkin.team.planning import Blocker, Planning
from loomkin.tooling.tool import Call, Fail, Ok, Tool


@dataclass(frozen=True, slots=True)
class Params:
    """What is in the way, and who can clear it."""

    task: str
    on: Blocker
    reason: str
    needs: str = ""


class TaskBlock(Tool[Params]):
    """Lets a task wait and tells who can help."""

    name: ClassVar[str] = "task_block"
    params_type: ClassVar[type] = Params
    access: ClassVar[Access] = Access.NONE

    def __init__(self, planning: Planning) -> None:
        self._planning = planning

    def use(self, params: Params, call: Call) -> ToolUse:
        return ToolUse(self.name, self.access, str(call.cwd))

    async def run(self, params: Params, call: Call) -> Ok | Fail:
        try:
            words = self._planning.block(call.agent, params.task, params.on, params.reason, params.needs)
            return Ok(words, ends_turn=self._planning.free(call.agent))
        except LoomkinError as error:
            return Fail(str(error))


TOOL = TaskBlock
