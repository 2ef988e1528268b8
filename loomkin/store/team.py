"""Reading a session's team: agents, letters, claims, meeting points, and the survey of the repository."""

from loomkin.records.codec import load
from loomkin.records.dataclass import dataclass
from loomkin.records.ids import MailId, TaskId
from loomkin.records.mail import Delivery, Mail, MailKind, MailState, Priority
from loomkin.records.region import Claim
from loomkin.records.role import Tier
from loomkin.records.team_event import AgentReported, RendezvousChanged
from loomkin.store.database import Database


@dataclass(frozen=True, slots=True)
class AgentRow:
    """One agent of a session; `budget` in picodollars, `since` when its lasting state began."""

    name: str
    role: str
    team: str
    spawner: str
    model: str
    purpose: str
    budget: int | None
    depth: int
    tier: Tier | None
    joined: float
    state: str
    reason: str
    report: str
    since: float

    @property
    def helps(self) -> bool:
        """Whether it is a sub-agent, which works for its spawner and is no member of the team."""
        return "/" in self.name


def members(db: Database, session: str) -> list[AgentRow]:
    """The members that the team of a session ever had, oldest first."""
    return [row for row in agents(db, session) if not row.helps]


def agents(db: Database, session: str) -> list[AgentRow]:
    """The agents that a session ever had, sub-agents too, oldest first."""
    rows = db.reader.execute(
        "SELECT name, role, team, spawner, model, purpose, budget, depth, tier, joined, state, reason,"
        " report, since FROM agents WHERE session = ? ORDER BY joined, name",
        (session,),
    )
    return [AgentRow(*(*row[:8], Tier(row[8]) if row[8] else None, *row[9:])) for row in rows]


def mail(db: Database, session: str, state: MailState | None = None) -> list[Mail]:
    """The letters of a session, of one state where named, in the order they were sent."""
    rows = db.reader.execute(
        "SELECT id, sender, recipient, kind, text, at, priority, delivery, reply_by, not_before,"
        " correlation, task, rank, state FROM mail"
        " WHERE session = ? AND (? IS NULL OR state = ?) ORDER BY seq",
        (session, state, state),
    )
    return [
        Mail(
            MailId(row[0]),
            row[1],
            row[2],
            MailKind(row[3]),
            row[4],
            row[5],
            Priority(row[6]),
            Delivery(row[7]),
            row[8],
            row[9],
            row[10],
            TaskId(row[11]),
            row[12],
            MailState(row[13]),
        )
        for row in rows
    ]


def unanswered_mail(db: Database, session: str, agent: str) -> list[str]:
    """The letters that an agent has read and that its last words must still answer, oldest first."""
    rows = db.reader.execute(
        "SELECT id FROM mail WHERE session = ? AND recipient = ? AND state IN ('delivered', 'read')"
        " AND answered = 0 AND kind IN ('control', 'question') AND sender <> 'loomkin' ORDER BY seq",
        (session, agent),
    )
    return [str(row[0]) for row in rows]


def answered_orders(db: Database, session: str) -> list[str]:
    """The orders of agents and of the person whose reader has reported on them, oldest first."""
    rows = db.reader.execute(
        "SELECT id FROM mail WHERE session = ? AND answered = 1 AND kind = 'control'"
        " AND sender <> 'loomkin' ORDER BY seq",
        (session,),
    )
    return [str(row[0]) for row in rows]


def reports(db: Database, session: str) -> list[AgentReported]:
    """What agents reported to those who had asked them, oldest first."""
    rows = db.reader.execute(
        "SELECT data FROM events WHERE session = ? AND kind = 'AgentReported' ORDER BY seq", (session,)
    )
    return [load(AgentReported, row[0]) for row in rows]


def broke_off(db: Database, session: str, agent: str) -> bool:
    """Whether an agent read letters in a turn that never ended, and has taken none since."""
    row = db.reader.execute(
        "SELECT 1 FROM mail WHERE session = ? AND recipient = ? AND state IN ('delivered', 'read')"
        " AND at > coalesce((SELECT max(ended) FROM turns WHERE session = ? AND agent = ?"
        " AND outcome <> 'interrupted'), 0) LIMIT 1",
        (session, agent, session, agent),
    ).fetchone()
    return row is not None


def claims(db: Database, session: str) -> list[Claim]:
    """The regions that agents of a session hold."""
    rows = db.reader.execute("SELECT data FROM claims WHERE session = ? ORDER BY id", (session,))
    return [load(Claim, row[0]) for row in rows]


def meetings(db: Database, session: str) -> list[RendezvousChanged]:
    """The meeting points of a session, as they stand."""
    rows = db.reader.execute("SELECT data FROM rendezvous WHERE session = ? ORDER BY name", (session,))
    return [load(RendezvousChanged, row[0]) for row in rows]


def survey(db: Database) -> tuple[str, str] | None:
    """The newest survey of the repository: the state of the tree that it describes, and its words."""
    row = db.reader.execute(
        "SELECT tree, text FROM surveys WHERE project = ? ORDER BY at DESC LIMIT 1", (db.project,)
    ).fetchone()
    return (str(row[0]), str(row[1])) if row else None
