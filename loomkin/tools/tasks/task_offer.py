"""task_offer: a task for one agent."""

from typing import ClassVar

from loomkin.errors import LoomkinError
from loomkin.records.dataclass import dataclass
from loomkin.records.permission import Access, ToolUse
from loomkin.team.planning import Planning
from loomkin.team.team import Team
from loomkin.tooling.tool import Call, Fail, Ok, Tool


@dataclass(frozen=True, slots=True)
class Params:
    """Which task, for whom."""

    task: str
    agent: str
    reason: str = ""


class TaskOffer(Tool[Params]):
    """Offers a task; one that is offered or taken already moves."""

    name: ClassVar[str] = "task_offer"
    params_type: ClassVar[type] = Params
    access: ClassVar[Access] = Access.NONE

    def __init__(self, planning: Planning, team: Team) -> None:
        self._planning = planning
        self._team = team

    def use(self, params: Params, call: Call) -> ToolUse:
        return ToolUse(self.name, self.access, str(call.cwd))

    async def run(self, params: Params, call: Call) -> Ok | Fail:
        try:
            self._team.member(params.agent)
            task = self._planning.offer(call.agent, params.task, params.agent, params.reason)
            return Ok(self._planning.where(task))
        except LoomkinError as error:
            return Fail(str(error))


TOOL = TaskOffer
