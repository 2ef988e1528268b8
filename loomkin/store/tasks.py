"""Reading the plan of a session: tasks with all that belongs to them, and the edges between them."""

from loomkin.records.codec import load
from loomkin.records.dataclass import dataclass, replace
from loomkin.records.ids import TaskId
from loomkin.records.task import Edge, EdgeKind, Evidence, Handoff, OnFailure, Task, TaskState
from loomkin.store.database import Database


def tasks(db: Database, session: str) -> list[Task]:
    """The tasks of a session as they stand, oldest first."""
    proof, known = evidence(db, session), published(db, session)
    rows = db.reader.execute(
        "SELECT data, state, owner, reason, attempts, handoff FROM tasks WHERE session = ? ORDER BY seq",
        (session,),
    )
    found = []
    for data, state, owner, reason, attempts, handoff in rows:
        task = load(Task, data)
        found.append(
            replace(
                task,
                state=TaskState(state),
                owner=owner,
                reason=reason,
                attempts=attempts,
                handoff=load(Handoff, handoff) if handoff else None,
                evidence=tuple(proof.get(task.id, ())),
                partials=tuple(row.text for row in known if row.task == task.id and not row.milestone),
                milestones=tuple(row.milestone for row in known if row.task == task.id and row.milestone),
            )
        )
    return found


def edges(db: Database, session: str) -> list[Edge]:
    """What waits for what, in a fixed order."""
    rows = db.reader.execute(
        "SELECT before, after, kind, name, on_failure FROM edges WHERE session = ?"
        " ORDER BY before, after, kind, name",
        (session,),
    )
    return [Edge(TaskId(row[0]), TaskId(row[1]), EdgeKind(row[2]), row[3], OnFailure(row[4])) for row in rows]


def evidence(db: Database, session: str) -> dict[str, list[Evidence]]:
    """The commands that were run for each task, oldest first."""
    found: dict[str, list[Evidence]] = {}
    for task, data in db.reader.execute(
        "SELECT task, data FROM evidence WHERE session = ? ORDER BY seq", (session,)
    ):
        found.setdefault(task, []).append(load(Evidence, data))
    return found


@dataclass(frozen=True, slots=True)
class Published:
    """A partial result, or a milestone with its note; `total` is 0 where nobody knows how many come."""

    task: TaskId
    number: int
    total: int
    milestone: str
    text: str


def published(db: Database, session: str) -> list[Published]:
    """What tasks made known before they ended, oldest first."""
    rows = db.reader.execute(
        "SELECT task, number, total, milestone, text FROM partials WHERE session = ? ORDER BY seq", (session,)
    )
    return [Published(TaskId(row[0]), *row[1:]) for row in rows]


@dataclass(frozen=True, slots=True)
class TrackRecord:
    """How tasks went that a role did with a model, in all sessions of the repository."""

    role: str
    model: str
    done: int
    failed: int


def track_record(db: Database) -> list[TrackRecord]:
    """What was done and what failed, by role and model of the owner."""
    rows = db.reader.execute(
        "SELECT agents.role, agents.model, sum(tasks.state = 'done'), sum(tasks.state = 'failed')"
        " FROM tasks JOIN agents ON agents.session = tasks.session AND agents.name = tasks.owner"
        " JOIN sessions ON sessions.id = tasks.session"
        " WHERE sessions.project = ? AND tasks.ended IS NOT NULL GROUP BY agents.role, agents.model",
        (db.project,),
    )
    return [TrackRecord(row[0], row[1], int(row[2]), int(row[3])) for row in rows]
