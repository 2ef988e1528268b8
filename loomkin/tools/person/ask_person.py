"""ask_person: a question only the person can answer."""

from typing import ClassVar, Protocol

from loomkin.records.dataclass import dataclass
from loomkin.records.event import QuestionAnswered, QuestionAsked, StateChanged
from loomkin.records.permission import Access, ToolUse
from loomkin.runtime.recorder import Recorder
from loomkin.tooling.tool import Call, Fail, Ok, Tool

MOST_OPTIONS = 4
ABSENT = (
    "Nobody is there to answer. Decide yourself: choose the most likely or the most careful option, go on, "
    "and name this assumption in your answer."
)


class Person(Protocol):
    """Whoever can put a question to the person."""

    async def ask(self, question: str, options: tuple[str, ...], free: bool, agent: str) -> str | None:
        """The answer to that agent, or None where nobody is there."""
        ...


@dataclass(frozen=True, slots=True)
class Params:
    """The question, two to four answers to choose from, and whether other answers are welcome."""

    question: str
    options: tuple[str, ...] = ()
    free: bool = True


class AskPerson(Tool[Params]):
    """Asks, and waits for the answer."""

    name: ClassVar[str] = "ask_person"
    params_type: ClassVar[type] = Params
    access: ClassVar[Access] = Access.NONE
    limit: ClassVar[float | None] = None

    def __init__(self, person: Person, recorder: Recorder) -> None:
        self._person = person
        self._recorder = recorder

    def use(self, params: Params, call: Call) -> ToolUse:
        return ToolUse(self.name, self.access, str(call.cwd))

    async def run(self, params: Params, call: Call) -> Ok | Fail:
        if len(params.options) > MOST_OPTIONS:
            return Fail(f"At most {MOST_OPTIONS} options. Ask again with fewer.")
        asked = QuestionAsked(call.id, params.question, params.options)
        self._recorder.record(asked, call.session, call.agent)
        self._recorder.record(StateChanged("waiting_person", self.name), call.session, call.agent)
        free = params.free or not params.options
        answer = await self._person.ask(params.question, params.options, free, call.agent)
        said = QuestionAnswered(call.id, answer if answer is not None else ABSENT, answer is None)
        self._recorder.record(said, call.session, call.agent)
        self._recorder.record(StateChanged("in_tool", self.name), call.session, call.agent)
        words = f"The person answered: {answer}" if answer is not None else ABSENT
        return Ok(words, must_be_read=True)


TOOL = AskPerson
