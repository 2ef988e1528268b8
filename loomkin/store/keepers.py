"""Reading keepers: those of one agent's window, or all of the repository, with how they were used."""

from sqlite3 import Row

from loomkin.errors import NotFoundError
from loomkin.records.codec import load
from loomkin.records.dataclass import dataclass, replace
from loomkin.records.ids import SessionId
from loomkin.records.keeper import Card, Keeper, KeeperState
from loomkin.store.database import Database

NUMBERS = "keeper"
"""What keepers are counted under."""


@dataclass(frozen=True, slots=True)
class KeeperRow:
    """A keeper with its newest card, and what its staleness is reckoned from; times are since the epoch."""

    keeper: Keeper
    state: KeeperState
    made: float
    last_used: float
    uses: int
    useful: int
    useless: int


def keepers(db: Database, session: str = "", agent: str | None = None, identity: str = "") -> list[KeeperRow]:
    """The keepers of the repository, of a session, an agent or an id where named, oldest first."""
    rows = db.rows(
        """
        SELECT session, data, at,
            (SELECT state FROM keeper_changes WHERE keeper = keepers.id AND state IS NOT NULL
                ORDER BY seq DESC LIMIT 1) AS state,
            (SELECT card FROM keeper_changes WHERE keeper = keepers.id AND card IS NOT NULL
                ORDER BY seq DESC LIMIT 1) AS card,
            (SELECT max(at) FROM keeper_uses WHERE keeper = keepers.id) AS last_used,
            (SELECT count(*) FROM keeper_uses WHERE keeper = keepers.id) AS uses,
            (SELECT count(*) FROM keeper_uses WHERE keeper = keepers.id AND useful = 1) AS useful,
            (SELECT count(*) FROM keeper_uses WHERE keeper = keepers.id AND useful = 0) AS useless
        FROM keepers
        WHERE project = ? AND (? = '' OR session = ?) AND (? IS NULL OR agent = ?) AND (? = '' OR id = ?)
        ORDER BY seq""",
        (db.project, session, session, agent, agent, identity, identity),
    )
    return [_row(row) for row in rows]


def window_keepers(db: Database, session: str, agent: str, after: int = 0) -> tuple[Keeper, ...]:
    """The keepers that an agent's window is made with, as they were made."""
    rows = db.rows(
        "SELECT session, data FROM keepers WHERE session = ? AND agent = ? AND seq > ? ORDER BY seq",
        (session, agent, after),
    )
    return tuple(_keeper(row) for row in rows)


def find(db: Database, identity: str, session: str = "") -> KeeperRow:
    """The keeper of that id, as `session` has it where a fork gave it one; raises NotFoundError."""
    found = keepers(db, identity=identity)
    own = [row for row in found if row.keeper.session == session]
    if not found:
        raise NotFoundError(
            f"There is no keeper {identity!r} in this repository.", hint="`/context` shows a session's."
        )
    return (own or found)[0]


def kept_messages(db: Database, session: str, agent: str) -> set[str]:
    """The ids of all messages of an agent that some keeper of the session holds."""
    rows = db.rows(
        "SELECT DISTINCT message FROM keeper_messages JOIN keepers"
        " ON keepers.session = keeper_messages.session AND keepers.id = keeper_messages.keeper"
        " WHERE keepers.session = ? AND agent = ?",
        (session, agent),
    )
    return {str(row[0]) for row in rows}


def _row(row: Row) -> KeeperRow:
    keeper = _keeper(row)
    if row["card"] is not None:
        keeper = replace(keeper, card=load(Card, row["card"]))
    state = KeeperState(row["state"] or KeeperState.ACTIVE)
    last = row["last_used"] or row["at"]
    return KeeperRow(keeper, state, row["at"], last, row["uses"], row["useful"], row["useless"])


def _keeper(row: Row) -> Keeper:
    """A fork's keeper is of the fork."""
    return replace(load(Keeper, row["data"]), session=SessionId(row["session"]))
