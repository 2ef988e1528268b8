"""From the facts of a team to tables; registered beside those of `projections`."""

from collections.abc import Sequence
from sqlite3 import Connection

from loomkin.records import team_event as facts
from loomkin.records.codec import dump
from loomkin.records.event import Event
from loomkin.records.mail import MailState
from loomkin.records.task import ENDED, Task
from loomkin.store.projecting import projects

TEAM_TABLES = ("agents", "mail", "tasks", "edges", "evidence", "partials", "rendezvous", "claims")


@projects(facts.AgentJoined)
def _agent_joined(db: Connection, project: str, event: Event, fact: facts.AgentJoined) -> None:
    db.execute(
        "INSERT OR REPLACE INTO agents VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'idle', '', '', ?)",
        (
            event.session,
            fact.name,
            fact.role,
            fact.team,
            fact.spawner,
            fact.model,
            fact.purpose,
            fact.budget,
            fact.depth,
            fact.tier.value if fact.tier else "",
            event.at,
            event.at,
        ),
    )


@projects(facts.AgentMoved)
def _agent_moved(db: Connection, project: str, event: Event, fact: facts.AgentMoved) -> None:
    db.execute(
        "UPDATE agents SET state = ?, reason = ?, since = ? WHERE session = ? AND name = ?",
        (fact.state, fact.reason, event.at, event.session, fact.name),
    )


@projects(facts.AgentReported)
def _agent_reported(db: Connection, project: str, event: Event, fact: facts.AgentReported) -> None:
    db.execute(
        "UPDATE agents SET report = ? WHERE session = ? AND name = ?", (fact.text, event.session, fact.name)
    )
    db.execute(
        "UPDATE mail SET answered = 1 WHERE session = ? AND recipient = ? AND sender = ?"
        " AND state IN ('delivered', 'read')",
        (event.session, fact.name, fact.to),
    )


@projects(facts.ModelEscalated)
def _model_escalated(db: Connection, project: str, event: Event, fact: facts.ModelEscalated) -> None:
    db.execute(
        "UPDATE agents SET model = ? WHERE session = ? AND name = ?", (fact.model, event.session, fact.name)
    )


@projects(facts.MailSent)
def _mail_sent(db: Connection, project: str, event: Event, fact: facts.MailSent) -> None:
    mail = fact.mail
    row = (
        event.session,
        mail.id,
        event.seq,
        mail.sender,
        mail.to,
        mail.kind.value,
        mail.text,
        mail.at,
        mail.priority.value,
        mail.delivery.value,
        mail.reply_by,
        mail.not_before,
        mail.correlation,
        mail.task,
        mail.rank,
        mail.state.value,
    )
    db.execute(f"INSERT OR REPLACE INTO mail VALUES ({_marks(row)}, '', 0)", row)
    if mail.correlation:
        db.execute(
            "UPDATE mail SET answered = 1 WHERE session = ? AND id = ?", (event.session, mail.correlation)
        )


@projects(facts.MailMoved)
def _mail_moved(db: Connection, project: str, event: Event, fact: facts.MailMoved) -> None:
    db.execute(
        "UPDATE mail SET state = ?, reason = ? WHERE session = ? AND id = ?",
        (fact.state, fact.reason, event.session, fact.mail),
    )


@projects(facts.MailEdited)
def _mail_edited(db: Connection, project: str, event: Event, fact: facts.MailEdited) -> None:
    db.execute(
        "UPDATE mail SET text = ?, rank = ?, not_before = ? WHERE session = ? AND id = ? AND state = ?",
        (fact.text, fact.rank, fact.not_before, event.session, fact.mail, MailState.QUEUED.value),
    )


@projects(facts.TaskAdded)
def _task_added(db: Connection, project: str, event: Event, fact: facts.TaskAdded) -> None:
    _put(db, event, fact.task, event.at)


@projects(facts.TaskRevised)
def _task_revised(db: Connection, project: str, event: Event, fact: facts.TaskRevised) -> None:
    """Words change, the state does not: a revision that crosses a move on its way must not undo it."""
    task = fact.task
    db.execute(
        "UPDATE tasks SET title = ?, role = ?, priority = ?, data = ? WHERE session = ? AND id = ?",
        (task.title, task.role, task.priority, dump(task), event.session, task.id),
    )


@projects(facts.TaskMoved)
def _task_moved(db: Connection, project: str, event: Event, fact: facts.TaskMoved) -> None:
    ended = event.at if fact.after in ENDED else None
    db.execute(
        "UPDATE tasks SET state = ?, owner = ?, reason = ?, attempts = ?, ended = ?, moved = ?"
        " WHERE session = ? AND id = ?",
        (
            fact.after.value,
            fact.owner,
            fact.reason,
            fact.attempts,
            ended,
            event.at,
            event.session,
            fact.task,
        ),
    )


@projects(facts.EdgeAdded)
def _edge_added(db: Connection, project: str, event: Event, fact: facts.EdgeAdded) -> None:
    edge = fact.edge
    db.execute(
        "INSERT OR REPLACE INTO edges VALUES (?, ?, ?, ?, ?, ?)",
        (event.session, edge.before, edge.after, edge.kind.value, edge.name, edge.on_failure.value),
    )


@projects(facts.EdgeRemoved)
def _edge_removed(db: Connection, project: str, event: Event, fact: facts.EdgeRemoved) -> None:
    edge = fact.edge
    db.execute(
        "DELETE FROM edges WHERE session = ? AND before = ? AND after = ? AND kind = ? AND name = ?",
        (event.session, edge.before, edge.after, edge.kind.value, edge.name),
    )


@projects(facts.HandedOff)
def _handed_off(db: Connection, project: str, event: Event, fact: facts.HandedOff) -> None:
    db.execute(
        "UPDATE tasks SET handoff = ? WHERE session = ? AND id = ?",
        (dump(fact.handoff), event.session, fact.task),
    )


@projects(facts.EvidenceGathered)
def _evidence_gathered(db: Connection, project: str, event: Event, fact: facts.EvidenceGathered) -> None:
    db.execute(
        "INSERT INTO evidence VALUES (?, ?, ?, ?)",
        (event.seq, event.session, fact.task, dump(fact.evidence)),
    )


@projects(facts.MilestoneReached)
def _milestone_reached(db: Connection, project: str, event: Event, fact: facts.MilestoneReached) -> None:
    db.execute(
        "INSERT INTO partials VALUES (?, ?, ?, 0, 0, ?, ?)",
        (event.seq, event.session, fact.task, fact.name, fact.note),
    )


@projects(facts.PartialPublished)
def _partial_published(db: Connection, project: str, event: Event, fact: facts.PartialPublished) -> None:
    db.execute(
        "INSERT INTO partials VALUES (?, ?, ?, ?, ?, '', ?)",
        (event.seq, event.session, fact.task, fact.number, fact.total, fact.text),
    )


@projects(facts.RendezvousChanged)
def _rendezvous_changed(db: Connection, project: str, event: Event, fact: facts.RendezvousChanged) -> None:
    db.execute("INSERT OR REPLACE INTO rendezvous VALUES (?, ?, ?)", (event.session, fact.name, dump(fact)))


@projects(facts.RegionClaimed)
def _region_claimed(db: Connection, project: str, event: Event, fact: facts.RegionClaimed) -> None:
    claim = fact.claim
    db.execute(
        "INSERT OR REPLACE INTO claims VALUES (?, ?, ?, ?, ?)",
        (event.session, claim.id, claim.agent, claim.region.path, dump(claim)),
    )


@projects(facts.RegionReleased)
def _region_released(db: Connection, project: str, event: Event, fact: facts.RegionReleased) -> None:
    db.execute("DELETE FROM claims WHERE session = ? AND id = ?", (event.session, fact.claim))


@projects(facts.ProjectSurveyed)
def _project_surveyed(db: Connection, project: str, event: Event, fact: facts.ProjectSurveyed) -> None:
    db.execute(
        "INSERT OR REPLACE INTO surveys VALUES (?, ?, ?, ?, ?)",
        (project, event.session, event.at, fact.tree, fact.text),
    )


def _put(db: Connection, event: Event, task: Task, at: float) -> None:
    row = (
        event.session,
        task.id,
        event.seq,
        task.title,
        task.state.value,
        task.role,
        task.owner,
        task.priority,
        task.attempts,
        task.reason,
        dump(task),
        at,
        at,
    )
    db.execute(f"INSERT OR REPLACE INTO tasks VALUES ({_marks(row)}, NULL, NULL)", row)


def _marks(row: Sequence[object]) -> str:
    return ", ".join("?" for _ in row)
