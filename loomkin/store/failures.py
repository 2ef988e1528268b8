"""Reading what failed in the repository before, and what mended it."""

import json
from collections.abc import Sequence
from sqlite3 import Row

from loomkin.records.codec import load
from loomkin.records.dataclass import dataclass
from loomkin.records.failure import Failure, Fix, Lesson
from loomkin.store.database import Database

MOST = 500


@dataclass(frozen=True, slots=True)
class Shown:
    """That an agent of a session was told of a failure, and when."""

    signature: str
    how: str


@dataclass(frozen=True, slots=True)
class Named:
    """By what words a failure may be known: the command and the line that it complained with."""

    signature: str
    command: str
    error: str


@dataclass(frozen=True, slots=True)
class Rate:
    """How many calls of a tool there were, and how many failed."""

    tool: str
    calls: int
    failed: int


def any_failures(db: Database) -> bool:
    """Whether anything is known to have failed here; next to no cost."""
    return db.reader.execute("SELECT 1 FROM failures LIMIT 1").fetchone() is not None


def lessons(
    db: Database, signature: str = "", command: str = "", agent: str = "", limit: int = MOST
) -> list[Lesson]:
    """What failed in this repository and was not forgotten, seen last first; each filter narrows it down."""
    filters = [
        " AND failures.signature = ?2" if signature else "",
        " AND failures.agent = ?3" if agent else "",
        " AND failures.signature IN (SELECT signature FROM failures WHERE project = ?1 AND command = ?4)"
        if command
        else "",
    ]
    rows = db.rows(
        "SELECT newest.data AS data, grouped.* FROM (SELECT failures.signature AS signature, max(seq) AS seq,"
        " count(*) AS seen, min(at) AS first, max(at) AS last, json_group_array(DISTINCT agent) AS agents"
        f" FROM failures WHERE project = ?1{''.join(filters)} AND seq >"
        " coalesce((SELECT max(gone.seq) FROM failure_forgets AS gone"
        " WHERE gone.project = ?1 AND gone.signature = failures.signature), 0)"
        " GROUP BY failures.signature ORDER BY 2 DESC LIMIT ?5) AS grouped"
        " JOIN failures AS newest ON newest.seq = grouped.seq ORDER BY grouped.seq DESC",
        (db.project, signature, agent, command, limit),
    )
    changes = db.rows(
        "SELECT signature, key, worked, at, data FROM failure_fixes WHERE project = ?1"
        " AND signature IN (SELECT value FROM json_each(?2)) AND seq >"
        " coalesce((SELECT max(gone.seq) FROM failure_forgets AS gone"
        " WHERE gone.project = ?1 AND gone.signature = failure_fixes.signature), 0) ORDER BY seq",
        (db.project, json.dumps([row["signature"] for row in rows])),
    )
    mended: dict[str, list[Row]] = {row["signature"]: [] for row in rows}
    for change in changes:
        mended[change["signature"]].append(change)
    return [_lesson(row, mended[row["signature"]]) for row in rows]


def newest(db: Database, limit: int) -> list[Named]:
    """The commands and complaints of the last failures, the last first."""
    rows = db.rows(
        "SELECT signature, command, error FROM failures WHERE +project = ? ORDER BY seq DESC LIMIT ?",
        (db.project, limit),
    )
    return [Named(*row) for row in rows]


def of_command(db: Database, command: str) -> list[Lesson]:
    """What that very command failed with, seen last first."""
    known = db.reader.execute(
        "SELECT 1 FROM failures WHERE project = ? AND command = ? LIMIT 1", (db.project, command)
    )
    return lessons(db, command=command) if known.fetchone() else []


def occurrences(db: Database, signature: str, limit: int) -> list[tuple[str, str, float, Failure]]:
    """Each time that it failed, newest first: session, agent, when, and how."""
    rows = db.rows(
        "SELECT session, agent, at, data FROM failures WHERE project = ?1 AND signature = ?2 AND seq >"
        " coalesce((SELECT max(seq) FROM failure_forgets WHERE project = ?1 AND signature = ?2), 0)"
        " ORDER BY seq DESC LIMIT ?3",
        (db.project, signature, limit),
    )
    return [(row["session"], row["agent"], row["at"], load(Failure, row["data"])) for row in rows]


def shown(db: Database, session: str, agent: str) -> list[Shown]:
    """What an agent of a session was told of."""
    rows = db.rows(
        "SELECT signature, how FROM failure_shows WHERE session = ? AND agent = ?", (session, agent)
    )
    return [Shown(row["signature"], row["how"]) for row in rows]


def rates(db: Database, agent: str) -> list[Rate]:
    """How often the calls of an agent failed, of all where none is named, by tool, most failures first."""
    rows = db.rows(
        "SELECT tool, count(*) AS calls, sum(state = 'failed') AS failed FROM calls"
        " WHERE (? = '' OR agent = ?) AND state IN ('ok', 'failed') GROUP BY tool ORDER BY failed DESC, tool",
        (agent, agent),
    )
    return [Rate(*row) for row in rows]


def _lesson(row: Row, mended: Sequence[Row]) -> Lesson:
    worked = [one for one in mended if one["worked"]]
    useless = {one["key"]: place for place, one in enumerate(mended) if not one["worked"]}
    good = [one for place, one in enumerate(mended) if one["worked"] and useless.get(one["key"], -1) < place]
    best = good[-1] if good else None
    return Lesson(
        load(Failure, row["data"]),
        row["seen"],
        len(worked),
        row["first"],
        row["last"],
        tuple(json.loads(row["agents"])),
        load(Fix, best["data"]) if best else None,
        best["at"] if best else 0.0,
        sum(one["key"] == best["key"] for one in worked) if best else 0,
    )
