"""Which session a run works in: a new one, the last, or a named one."""

from collections.abc import Callable

from loomkin.agent.history import interrupted, unanswered
from loomkin.errors import NotFoundError, UsageError
from loomkin.records.dataclass import dataclass
from loomkin.records.event import (
    CallFinished,
    MessageAdded,
    ModelChanged,
    SessionRenamed,
    SessionStarted,
    TurnEnded,
)
from loomkin.records.ids import MessageId, SessionId
from loomkin.records.keeper import Keeper
from loomkin.records.message import Message, Role
from loomkin.records.team_event import AgentMoved
from loomkin.runtime.clock import Clock
from loomkin.runtime.recorder import Recorder
from loomkin.store import keepers, sessions, team
from loomkin.store.database import Database
from loomkin.store.journal import Journal


@dataclass(frozen=True, slots=True)
class Wish:
    """What the person asked for; `resume` is an id or name, `last` the session used last."""

    last: bool = False
    resume: str = ""
    fork: bool = False
    name: str = ""


@dataclass(frozen=True, slots=True)
class Opened:
    """The session to work in, what was said in it so far, and whose turns an earlier process left open."""

    id: SessionId
    name: str
    model: str
    messages: tuple[Message, ...]
    turns: int
    mended: int
    resumed: bool
    interrupted: frozenset[str] = frozenset()
    keepers: tuple[Keeper, ...] = ()


def earlier(db: Database, wish: Wish, hold: Callable[[str], None]) -> sessions.SessionRow | None:
    """The session to go on with, or None for a new one.

    It is read again once `hold` has it: whoever had it until then may have gone on. Raises UsageError
    where the one that was asked for does not exist or another session has the wanted name, and what `hold`
    raises.
    """
    try:
        row = sessions.find(db, wish.resume) if wish.resume else sessions.latest(db) if wish.last else None
    except NotFoundError as error:
        raise UsageError(error.message, hint=error.hint) from error
    sessions.refuse_taken(db, wish.name, row.id if row and not wish.fork else "")
    if row is None and wish.last:
        raise UsageError(
            "There is no session in this repository to continue.", hint="Run the same command without -c."
        )
    if row is not None and not wish.fork:
        hold(row.id)
        row = sessions.find(db, row.id)
    return row


def open_new(clock: Clock, journal: Journal, name: str, start: SessionStarted) -> Opened:
    """A session without a past; it is on disk from its first fact on."""
    identity = SessionId(clock.session_id())
    journal.begin(start, identity)
    return Opened(identity, name, start.model, (), 0, 0, False)


def reopen(
    db: Database,
    row: sessions.SessionRow,
    agent: str,
    clock: Clock,
    recorder: Recorder,
    name: str,
    model: str,
) -> Opened:
    """A session that goes on, with a new name or model if given; what a crash left open is closed."""
    if model != row.model:
        recorder.record(ModelChanged(model), row.id)
    if name and name != row.name:
        recorder.record(SessionRenamed(name), row.id)
    messages, mended = mended_messages(db, row.id, agent, clock, recorder, row.cleared)
    broken = sessions.open_turns(db, row.id)
    for worker, number in broken:
        recorder.record(TurnEnded(number, "interrupted", "the process ended", 0, 0.0), row.id, worker)
    for one in team.agents(db, row.id):
        if one.helps and one.state not in ("done", "stopped"):
            recorder.record(AgentMoved(one.name, "stopped", "the process ended"), row.id, one.name)
    turns = sessions.last_turn(db, row.id, agent)
    interrupted = frozenset(worker for worker, _ in broken)
    held = keepers.window_keepers(db, row.id, agent, row.cleared)
    return Opened(row.id, name or row.name, model, tuple(messages), turns, mended, True, interrupted, held)


def mended_messages(
    db: Database, session: SessionId, agent: str, clock: Clock, recorder: Recorder, after: int = 0
) -> tuple[list[Message], int]:
    """What one agent heard and said; calls whose end nobody saw get a result that says so, and count."""
    messages = sessions.messages(db, session, agent, after)
    orphans = unanswered(messages)
    for call in orphans:
        result = interrupted(call)
        message = Message(MessageId(clock.new_id("m")), Role.USER, (result,), "loomkin", clock.now())
        recorder.record(CallFinished(call.id, call.name, "interrupted", 0.0), session, agent)
        recorder.record(MessageAdded(message), session, agent)
        messages.append(message)
    return messages, len(orphans)
