"""peer_answer: the answer to a teammate's question."""

from typing import ClassVar

from loomkin.errors import NotFoundError
from loomkin.records.dataclass import dataclass
from loomkin.records.permission import Access, ToolUse
from loomkin.team.questions import Questions
from loomkin.tooling.tool import Call, Fail, Ok, Tool


@dataclass(frozen=True, slots=True)
class Params:
    """Which letter is answered, and how."""

    id: str
    answer: str


class PeerAnswer(Tool[Params]):
    """Answers a teammate."""

    name: ClassVar[str] = "peer_answer"
    params_type: ClassVar[type] = Params
    access: ClassVar[Access] = Access.NONE

    def __init__(self, questions: Questions) -> None:
        self._questions = questions

    def use(self, params: Params, call: Call) -> ToolUse:
        return ToolUse(self.name, self.access, str(call.cwd))

    async def run(self, params: Params, call: Call) -> Ok | Fail:
        try:
            return Ok(self._questions.answer(call.agent, params.id, params.answer), goes_along=True)
        except NotFoundError as error:
            return Fail(str(error))


TOOL = PeerAnswer
