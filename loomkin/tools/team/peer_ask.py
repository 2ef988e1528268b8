"""peer_ask: a question to a teammate, and the wait for the answer."""

from typing import ClassVar

from loomkin.records.dataclass import dataclass
from loomkin.records.permission import Access, ToolUse
from loomkin.team.mailroom import Undeliverable
from loomkin.team.questions import WAIT, Circular, Questions
from loomkin.tooling.tool import Call, Fail, Ok, Tool


@dataclass(frozen=True, slots=True)
class Params:
    """Whom to ask, what, and how many seconds to wait."""

    to: str
    question: str
    seconds: float = WAIT


class PeerAsk(Tool[Params]):
    """Asks a teammate and waits."""

    name: ClassVar[str] = "peer_ask"
    params_type: ClassVar[type] = Params
    access: ClassVar[Access] = Access.NONE
    limit: ClassVar[float | None] = None

    def __init__(self, questions: Questions) -> None:
        self._questions = questions

    def use(self, params: Params, call: Call) -> ToolUse:
        return ToolUse(self.name, self.access, str(call.cwd))

    async def run(self, params: Params, call: Call) -> Ok | Fail:
        seconds = min(max(params.seconds, 1.0), 600.0)
        try:
            answer = await self._questions.ask(call.agent, params.to, params.question, seconds)
        except (Undeliverable, Circular) as error:
            return Fail(str(error))
        if answer is None:
            return Fail(f"No answer within {seconds:.0f} s. Go on without it; a late answer comes as mail.")
        return Ok(f"{answer[0]} answers: {answer[1]}", must_be_read=True)


TOOL = PeerAsk
