"""task_decline: a task is not mine, and what would be better."""

from typing import ClassVar

from loomkin.errors import LoomkinError
from loomkin.records.dataclass import dataclass
from loomkin.records.permission import Access, ToolUse
from loomkin.team.planning import Planning
from loomkin.tooling.tool import Call, Fail, Ok, Tool


@dataclass(frozen=True, slots=True)
class Params:
    """Which task, why, and a counter-proposal."""

    task: str
    reason: str
    agent: str = ""
    after: str = ""
    proposal: str = ""


class TaskDecline(Tool[Params]):
    """Declines a task; a counter-proposal that is plain is carried out at once."""

    name: ClassVar[str] = "task_decline"
    params_type: ClassVar[type] = Params
    access: ClassVar[Access] = Access.NONE

    def __init__(self, planning: Planning) -> None:
        self._planning = planning

    def use(self, params: Params, call: Call) -> ToolUse:
        return ToolUse(self.name, self.access, str(call.cwd))

    async def run(self, params: Params, call: Call) -> Ok | Fail:
        try:
            words = self._planning.decline(
                call.agent, params.task, params.reason, params.agent, params.after, params.proposal
            )
            return Ok(words, ends_turn=self._planning.free(call.agent))
        except LoomkinError as error:
            return Fail(str(error))


TOOL = TaskDecline
