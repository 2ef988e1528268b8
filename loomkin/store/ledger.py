"""Reading money, verdicts and grants."""

from math import inf

from loomkin.errors import UsageError
from loomkin.records.dataclass import dataclass
from loomkin.records.usage import Usage
from loomkin.store.database import Database

_GROUPS = {
    "agent": "agent",
    "model": "model",
    "session": "session",
    # tasks are numbered anew in every session
    "task": "CASE task WHEN '' THEN '' ELSE session || ' ' || task || coalesce(' ' || (SELECT title"
    " FROM tasks WHERE tasks.session = usage.session AND tasks.id = usage.task), '') END",
    "day": "date(at, 'unixepoch', 'localtime')",
    "woke": "woke",
}


@dataclass(frozen=True, slots=True)
class Spend:
    """Calls, tokens and money of a group; `cost` in picodollars, `unpriced` calls have no price.

    `local` calls went to a server on this machine and count as free.
    """

    group: str
    calls: int
    usage: Usage
    cost: int
    unpriced: int
    milliseconds: int
    local: int = 0


@dataclass(frozen=True, slots=True)
class SpentBy:
    """Picodollars that an agent spent on a task in a session; a lone agent has no team."""

    agent: str
    task: str
    team: str
    cost: int


@dataclass(frozen=True, slots=True)
class VerdictRow:
    """One line of the audit."""

    seq: int
    session: str
    agent: str
    at: float
    call_id: str
    tool: str
    target: str
    decision: str
    reason: str
    rule: str
    source: str
    decided_by: str


@dataclass(frozen=True, slots=True)
class GrantRow:
    """A rule that the person allowed; `number` is what `revoke` takes."""

    number: int
    session: str
    at: float
    rule: str
    scope: str


def spend(
    db: Database, by: str, session: str | None = None, since: float = 0.0, until: float = inf
) -> list[Spend]:
    """What was spent, grouped by agent, model, session, task, day or what woke the agent, dearest first.

    Calls at `since` count, those at `until` do not.
    """
    if by not in _GROUPS:
        raise UsageError(f"Cannot group by {by!r}.", hint=f"Choose one of {', '.join(_GROUPS)}.")
    rows = db.rows(
        f"SELECT {_GROUPS[by]} AS part, count(*), sum(input), sum(output), sum(cache_read),"
        " sum(cache_write), sum(reasoning), coalesce(sum(cost), 0), sum(cost IS NULL), sum(milliseconds),"
        " sum(price_source = 'local')"
        " FROM usage WHERE project = ? AND (? IS NULL OR session = ?) AND at >= ? AND at < ?"
        " GROUP BY part ORDER BY 8 DESC, 3 DESC, part",
        (db.project, session, session, since, until),
    )
    return [Spend(str(row[0]), row[1], Usage(*row[2:7]), row[7], row[8], row[9], row[10]) for row in rows]


def total(db: Database, session: str | None = None, since: float = 0.0, until: float = inf) -> Spend:
    """The sum over the repository, or over one session, since a moment and before another."""
    parts = spend(db, "session", session, since, until)
    return Spend(
        "total",
        sum(part.calls for part in parts),
        sum((part.usage for part in parts), Usage()),
        sum(part.cost for part in parts),
        sum(part.unpriced for part in parts),
        sum(part.milliseconds for part in parts),
        sum(part.local for part in parts),
    )


def spent_by(db: Database, session: str) -> list[SpentBy]:
    """What each agent of a session spent on each task."""
    rows = db.rows(
        "SELECT usage.agent, usage.task, coalesce(agents.team, ''), coalesce(sum(usage.cost), 0) FROM usage"
        " LEFT JOIN agents ON agents.session = usage.session AND agents.name = usage.agent"
        " WHERE usage.session = ? GROUP BY usage.agent, usage.task ORDER BY usage.agent, usage.task",
        (session,),
    )
    return [SpentBy(*row) for row in rows]


def verdicts(
    db: Database, session: str | None = None, limit: int = 200, denied: bool = False
) -> list[VerdictRow]:
    """The newest verdicts, oldest of them first; of refused calls alone where `denied`."""
    rows = db.rows(
        "SELECT seq, session, agent, at, call_id, tool, target, decision, reason, rule, source, decided_by"
        " FROM verdicts WHERE project = ? AND (? IS NULL OR session = ?) AND (NOT ? OR decision = 'deny')"
        " ORDER BY seq DESC LIMIT ?",
        (db.project, session, session, denied, limit),
    )
    return [VerdictRow(*row) for row in rows][::-1]


def grants(db: Database, session: str | None = None) -> list[GrantRow]:
    """The grants in force: those of the project, and those of the session where one is named."""
    rows = db.rows(
        "SELECT seq, session, at, rule, scope FROM grants WHERE project = ? AND revoked = 0"
        " AND (scope = 'project' OR session = ?) ORDER BY seq",
        (db.project, session or ""),
    )
    return [GrantRow(*row) for row in rows]


def used_by_role(db: Database, role: str, sessions: int = 50) -> list[Usage]:
    """What each earlier agent of a role used in all, in the last sessions.

    A lone agent counts, too, a sub-agent does not: it only looks.
    """
    rows = db.rows(
        "SELECT sum(input), sum(output), sum(cache_read), sum(cache_write), sum(reasoning) FROM usage"
        " LEFT JOIN agents ON agents.session = usage.session AND agents.name = usage.agent"
        " WHERE usage.session IN (SELECT id FROM sessions WHERE project = ? ORDER BY updated DESC LIMIT ?)"
        " AND instr(usage.agent, '/') = 0"
        " AND coalesce(agents.role, usage.agent) = ? GROUP BY usage.session, usage.agent",
        (db.project, sessions, role),
    )
    return [Usage(*row) for row in rows]
