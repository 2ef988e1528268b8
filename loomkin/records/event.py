"""Every fact that can happen, as a frozen class; an event is a fact with its place and time."""

from typing import ClassVar

from loomkin.records.dataclass import dataclass
from loomkin.records.ids import SessionId
from loomkin.records.message import Message
from loomkin.records.usage import Usage


class Fact:
    """What happened; `stored` is False for fragments that are shown and then forgotten."""

    __slots__ = ()
    stored: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class Event:
    """A fact with its sequence number (0 until written), time, session, agent and task."""

    seq: int
    at: float
    session: SessionId
    agent: str
    task: str
    fact: Fact


@dataclass(frozen=True, slots=True)
class SessionStarted(Fact):
    """A session began; `parent` is the session it was forked from, as that stood at `parent_event`."""

    cwd: str
    model: str
    mode: str
    name: str = ""
    parent: str = ""
    parent_event: int = 0


@dataclass(frozen=True, slots=True)
class SessionRenamed(Fact):
    """The person gave the session another name."""

    name: str


@dataclass(frozen=True, slots=True)
class ModelChanged(Fact):
    """The session goes on with another model."""

    model: str


@dataclass(frozen=True, slots=True)
class ModeChanged(Fact):
    """The session goes on in another permission mode."""

    mode: str


@dataclass(frozen=True, slots=True)
class WindowCleared(Fact):
    """The person asked for an empty window; the transcript stays."""


@dataclass(frozen=True, slots=True)
class MessageAdded(Fact):
    """One more entry of the transcript."""

    message: Message


@dataclass(frozen=True, slots=True)
class TurnStarted(Fact):
    """An agent took up work; `woke` says what woke it."""

    number: int
    woke: str


@dataclass(frozen=True, slots=True)
class TurnEnded(Fact):
    """An agent stopped; `outcome` is a way in which a turn ends, `steps` counts model calls."""

    number: int
    outcome: str
    detail: str
    steps: int
    seconds: float


@dataclass(frozen=True, slots=True)
class CallStarted(Fact):
    """A tool call is about to run; written down before it can have an effect."""

    call_id: str
    tool: str
    arguments: str


@dataclass(frozen=True, slots=True)
class CallFinished(Fact):
    """A tool call has its result; `state` is ok, failed, denied, skipped, held, cancelled or interrupted."""

    call_id: str
    tool: str
    state: str
    seconds: float
    output_id: str = ""


@dataclass(frozen=True, slots=True)
class FileChanged(Fact):
    """A tool changed a file; hashes are short, empty where there was or is no file."""

    call_id: str
    path: str
    before: str
    after: str
    added: int
    removed: int
    diff: str


@dataclass(frozen=True, slots=True)
class UsageRecorded(Fact):
    """What one model call used; `cost` is in picodollars, None where the price is unknown."""

    model: str
    usage: Usage
    cost: int | None
    price_source: str
    milliseconds: int
    woke: str
    finish: str


@dataclass(frozen=True, slots=True)
class ModelRetried(Fact):
    """A model call failed and will be tried again after `wait` seconds."""

    attempt: int
    attempts: int
    wait: float
    error: str
    status: int
    model: str


@dataclass(frozen=True, slots=True)
class PermissionDecided(Fact):
    """A verdict on a call; `by` is rule, person, headless or hook."""

    call_id: str
    tool: str
    target: str
    decision: str
    reason: str
    rule: str
    source: str
    by: str


@dataclass(frozen=True, slots=True)
class ApprovalAsked(Fact):
    """A call waits for the person's yes or no; what they said comes as the verdict on the call."""

    call_id: str
    tool: str
    target: str
    reason: str


@dataclass(frozen=True, slots=True)
class GrantAdded(Fact):
    """The person allowed a rule for the session or the project."""

    rule: str
    scope: str


@dataclass(frozen=True, slots=True)
class GrantRevoked(Fact):
    """The person took a grant back; `grant` is the number it is listed under."""

    grant: int


@dataclass(frozen=True, slots=True)
class QuestionAsked(Fact):
    """An agent asked the person."""

    call_id: str
    question: str
    options: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class QuestionAnswered(Fact):
    """The answer, or the assumption recorded because nobody was there."""

    call_id: str
    answer: str
    assumed: bool


@dataclass(frozen=True, slots=True)
class HookRan(Fact):
    """One or more of the person's hooks ran at an event."""

    event: str
    blocked: bool
    reason: str


@dataclass(frozen=True, slots=True)
class LoopNoticed(Fact):
    """An agent repeated itself; `rung` counts up the ladder."""

    rung: int
    pattern: str


@dataclass(frozen=True, slots=True)
class NoticeGiven(Fact):
    """One line for the person that needs no answer; `level` is info or warning."""

    text: str
    level: str = "info"


@dataclass(frozen=True, slots=True)
class StateChanged(Fact):
    """An agent went over to another state, derived from its task."""

    stored: ClassVar[bool] = False
    state: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class TextStreamed(Fact):
    """More words of an answer under way."""

    stored: ClassVar[bool] = False
    text: str


@dataclass(frozen=True, slots=True)
class ThinkingStreamed(Fact):
    """More reasoning of an answer under way."""

    stored: ClassVar[bool] = False
    text: str


@dataclass(frozen=True, slots=True)
class CallStreamed(Fact):
    """A call is being written: its name came, or its arguments grew to `size` characters."""

    stored: ClassVar[bool] = False
    index: int
    name: str
    size: int


@dataclass(frozen=True, slots=True)
class StreamRestarted(Fact):
    """What was streamed of the present answer does not count: it is asked for again."""

    stored: ClassVar[bool] = False


@dataclass(frozen=True, slots=True)
class OutputStreamed(Fact):
    """A running command printed more."""

    stored: ClassVar[bool] = False
    call_id: str
    text: str
