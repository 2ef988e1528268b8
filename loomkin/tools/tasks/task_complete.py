"""task_complete: a task is done, and what its owner hands on."""

from typing import ClassVar

from loomkin.errors import LoomkinError
from loomkin.records.dataclass import dataclass
from loomkin.records.permission import Access, ToolUse
from loomkin.records.task import Handoff
from loomkin.team.completion import Completion
from loomkin.team.reviews import Reviews
from loomkin.tooling.tool import Call, Fail, Ok, Tool


@dataclass(frozen=True, slots=True)
class Params:
    """The handoff: six answers for whoever goes on."""

    task: str
    done: str = ""
    found: str = ""
    changed: tuple[str, ...] = ()
    decided: str = ""
    open: str = ""
    evidence: str = ""
    checks: tuple[str, ...] = ()


class TaskComplete(Tool[Params]):
    """Hands a task in; its checks are run before it counts."""

    name: ClassVar[str] = "task_complete"
    params_type: ClassVar[type] = Params
    access: ClassVar[Access] = Access.NONE
    limit: ClassVar[float | None] = None

    def __init__(self, completion: Completion, reviews: Reviews) -> None:
        self._completion = completion
        self._reviews = reviews

    def use(self, params: Params, call: Call) -> ToolUse:
        return ToolUse(self.name, self.access, str(call.cwd))

    async def run(self, params: Params, call: Call) -> Ok | Fail:
        try:
            handoff = Handoff(
                params.done, params.found, params.changed, params.decided, params.open, params.evidence
            )
            verdict = await self._completion.hand_in(call.agent, params.task, handoff, params.checks)
            if not verdict.passed and not verdict.undecided:
                return Fail(verdict.words)
            words = f"{verdict.words} Your handoff goes to those who need it."
            return Ok(words, ends_turn=self._reviews.free(call.agent))
        except LoomkinError as error:
            return Fail(str(error))


TOOL = TaskComplete
