"""task_milestone: a named point on the way of a task."""

from typing import ClassVar

from loomkin.errors import LoomkinError
from loomkin.records.dataclass import dataclass
from loomkin.records.permission import Access, ToolUse
from loomkin.team.planning import Planning
from loomkin.tooling.tool import Call, Fail, Ok, Tool


@dataclass(frozen=True, slots=True)
class Params:
    """Which point was reached."""

    task: str
    name: str
    note: str


class TaskMilestone(Tool[Params]):
    """Announces a milestone; tasks that wait for it start at once."""

    name: ClassVar[str] = "task_milestone"
    params_type: ClassVar[type] = Params
    access: ClassVar[Access] = Access.NONE

    def __init__(self, planning: Planning) -> None:
        self._planning = planning

    def use(self, params: Params, call: Call) -> ToolUse:
        return ToolUse(self.name, self.access, str(call.cwd))

    async def run(self, params: Params, call: Call) -> Ok | Fail:
        try:
            started = self._planning.reach(call.agent, params.task, params.name, params.note)
            return Ok(f"Milestone {params.name} is known. {started} Go on.")
        except LoomkinError as error:
            return Fail(str(error))


TOOL = TaskMilestone
