"""peer_review: the verdict on a task that somebody else did."""

from typing import ClassVar

from loomkin.errors import LoomkinError
from loomkin.records.dataclass import dataclass
from loomkin.records.permission import Access, ToolUse
from loomkin.team.reviews import Opinion, Reviews
from loomkin.tooling.tool import Call, Fail, Ok, Tool


@dataclass(frozen=True, slots=True)
class Params:
    """Which task, the verdict, and what was found."""

    task: str
    verdict: Opinion
    findings: str = ""


class PeerReview(Tool[Params]):
    """Judges a task in review."""

    name: ClassVar[str] = "peer_review"
    params_type: ClassVar[type] = Params
    access: ClassVar[Access] = Access.NONE

    def __init__(self, reviews: Reviews) -> None:
        self._reviews = reviews

    def use(self, params: Params, call: Call) -> ToolUse:
        return ToolUse(self.name, self.access, str(call.cwd))

    async def run(self, params: Params, call: Call) -> Ok | Fail:
        try:
            answered = await self._reviews.answer(call.agent, params.task, params.verdict, params.findings)
        except LoomkinError as error:
            return Fail(str(error))
        if not answered.counts:
            return Fail(f"{answered.words}\nLook again, then answer.")
        return Ok(answered.words, ends_turn=self._reviews.free(call.agent))


TOOL = PeerReview
