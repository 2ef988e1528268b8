"""Beginning a session from another one as it stood at some event; that one stays as it is."""

from collections.abc import Iterator

from loomkin.agent.history import interrupted, unanswered
from loomkin.records.dataclass import replace
from loomkin.records.event import MessageAdded, SessionStarted
from loomkin.records.ids import MessageId, SessionId, TaskId
from loomkin.records.keeper_event import KeeperMade
from loomkin.records.message import Message, Part, Role, Text
from loomkin.records.task import TaskState
from loomkin.records.team_event import (
    EdgeAdded,
    EdgeRemoved,
    EvidenceGathered,
    HandedOff,
    MilestoneReached,
    PartialPublished,
    TaskAdded,
    TaskMoved,
    TaskRevised,
)
from loomkin.runtime.clock import Clock
from loomkin.runtime.recorder import Recorder
from loomkin.store import keepers, sessions, spots
from loomkin.store.database import Database
from loomkin.workspace.opening import Opened

PLAN = (
    TaskAdded, TaskRevised, TaskMoved, EdgeAdded, EdgeRemoved, HandedOff, EvidenceGathered, MilestoneReached,
    PartialPublished,
)  # fmt: skip
"""What a fork knows of the plan."""
IN_HAND = (
    TaskState.OFFERED, TaskState.IN_PROGRESS, TaskState.PARTIALLY_AVAILABLE, TaskState.WAITING,
    TaskState.VERIFYING,
)  # fmt: skip
STAYED = "its owner stayed in the session that this one was forked from"


def fork(
    db: Database,
    row: sessions.SessionRow,
    clock: Clock,
    recorder: Recorder,
    name: str,
    model: str = "",
    agent: str = "",
    at: int = 0,
) -> Opened:
    """A new session with the conversation of another one's own agent, up to event `at` where one is named.

    Its window is what it was then; a call without a result by then gets one that says so. `model` and
    `agent` take the place of those of the other session. Of a team comes the plan, and of its members nobody.
    """
    until = at or spots.last_event(db, row.id)
    own = spots.own_agent(db, row.id)
    agent = agent or own
    was, mode = spots.model_and_mode(db, row.id, until)
    after = spots.cleared(db, row.id, until)
    identity = SessionId(clock.session_id())
    recorder.record(SessionStarted(row.cwd, model or was, mode, name, row.id, until), identity)
    messages = sessions.messages(db, row.id, own, after, until)
    messages += [_from_loomkin(interrupted(call), clock) for call in unanswered(messages)]
    for message in messages:
        recorder.record(MessageAdded(message), identity, agent)
    held = tuple(
        replace(keeper, session=identity, agent=agent)
        for keeper in keepers.window_keepers(db, row.id, own, after, until)
    )
    for keeper in held:
        recorder.record(KeeperMade(keeper), identity, agent)
    if told := _team(db, row, identity, recorder, until):
        messages.append(_from_loomkin(Text(told), clock))
        recorder.record(MessageAdded(messages[-1]), identity, agent)
    return Opened(identity, name, model or was, tuple(messages), 0, 0, True, keepers=held)


def _team(db: Database, row: sessions.SessionRow, identity: SessionId, recorder: Recorder, until: int) -> str:
    """Take over what a fork has of a team, and say what it has not; nothing for who worked alone."""
    joined = [one for one in spots.members(db, row.id) if one[0].seq <= until]
    if not joined:
        return ""
    names = [fact.name for _, fact in joined]
    first, fact = joined[0]
    recorder.record(fact, identity, first.agent)
    freed = list(_plan(db, row.id, identity, recorder, until, names[0]))
    others = ", ".join(names[1:])
    lines = [
        f"This session was forked from {row.id} at event {until}.",
        f"You are alone in it: {others} and all letters stayed there." if others else "",
        f"Free again, because their owners stayed there: {', '.join(freed)}." if freed else "",
    ]
    return " ".join(filter(None, lines))


def _plan(
    db: Database, session: str, identity: SessionId, recorder: Recorder, until: int, own: str
) -> Iterator[TaskId]:
    """Copy the plan as it stood; gives the tasks that nobody has in hand any more."""
    moves: dict[TaskId, TaskMoved] = {}
    known = (one for kind in PLAN for one in sessions.events(db, session, kind.__name__) if one.seq <= until)
    for one in sorted(known, key=lambda event: event.seq):
        recorder.record(one.fact, identity, one.agent, one.task)
        if isinstance(one.fact, TaskMoved):
            moves[one.fact.task] = one.fact
    for task, last in moves.items():
        if last.after in IN_HAND and last.owner != own:
            moved = TaskMoved(task, last.after, TaskState.READY, "loomkin", "", STAYED, last.attempts)
            recorder.record(moved, identity)
            yield task


def _from_loomkin(part: Part, clock: Clock) -> Message:
    return Message(MessageId(clock.new_id("m")), Role.USER, (part,), "loomkin", clock.now())
