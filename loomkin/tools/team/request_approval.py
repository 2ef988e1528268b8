"""request_approval: the person's yes or no to something that an agent may not decide."""

from typing import ClassVar

from loomkin.errors import LoomkinError
from loomkin.records.dataclass import dataclass
from loomkin.records.event import QuestionAnswered, QuestionAsked, StateChanged
from loomkin.records.mail import PERSON
from loomkin.records.permission import Access, ToolUse
from loomkin.records.task import TaskState
from loomkin.runtime.recorder import Recorder
from loomkin.team.board import Board
from loomkin.team.transitions import Verb
from loomkin.tooling.tool import Call, Fail, Ok, Tool
from loomkin.tools.person.ask_person import Person

APPROVE, DECLINE = "Approve", "Decline"
ABSENT = (
    "Not approved: nobody is there to approve it. Leave it undone, go on with the rest, and say in your "
    "report what waits for approval."
)


@dataclass(frozen=True, slots=True)
class Params:
    """What the person is to approve, why it is needed, and the task in review that hangs on it."""

    what: str
    why: str
    task: str = ""


class RequestApproval(Tool[Params]):
    """Asks for a yes or no, and waits for it."""

    name: ClassVar[str] = "request_approval"
    params_type: ClassVar[type] = Params
    access: ClassVar[Access] = Access.NONE
    limit: ClassVar[float | None] = None

    def __init__(self, person: Person, recorder: Recorder, board: Board) -> None:
        self._person = person
        self._recorder = recorder
        self._board = board

    def use(self, params: Params, call: Call) -> ToolUse:
        return ToolUse(self.name, self.access, str(call.cwd))

    async def run(self, params: Params, call: Call) -> Ok | Fail:
        question = f"Do you approve? {params.what}\nWhy: {params.why}"
        try:
            task = self._board.task(params.task) if params.task else None
        except LoomkinError as error:
            return Fail(str(error))
        if task is not None:
            question += f"\nTask {task.id}: {task.title} ({task.state}, by {task.owner or 'nobody'})"
        options = (APPROVE, DECLINE)
        self._recorder.record(QuestionAsked(call.id, question, options), call.session, call.agent)
        self._recorder.record(StateChanged("waiting_person", self.name), call.session, call.agent)
        answer = await self._person.ask(question, options, True, call.agent)
        said = QuestionAnswered(call.id, ABSENT if answer is None else answer, answer is None)
        self._recorder.record(said, call.session, call.agent)
        self._recorder.record(StateChanged("in_tool", self.name), call.session, call.agent)
        if answer is None:
            return Fail(ABSENT)
        if answer != APPROVE:
            words = "" if answer == DECLINE else f" They said: {answer}"
            return Fail(f"The person did not approve it.{words} Do not do it, by no other way either.")
        if task is not None and self._board.task(task.id).state is TaskState.IN_REVIEW:
            self._board.move(task.id, Verb.APPROVE, PERSON, params.what)
            return Ok(f"The person approved it; {task.id} is done.")
        return Ok("The person approved it.", must_be_read=True)


TOOL = RequestApproval
