"""Reading keepers: those of a window, one with its card, or all of the repository in a line each."""

from collections.abc import Mapping
from sqlite3 import Connection, Row

from loomkin.errors import NotFoundError
from loomkin.records.codec import load
from loomkin.records.dataclass import dataclass, replace
from loomkin.records.ids import KeeperId, SessionId
from loomkin.records.keeper import Card, Keeper, KeeperKind, KeeperState
from loomkin.store.database import Database

NUMBERS = "keeper"
"""What keepers are counted under."""


@dataclass(frozen=True, slots=True)
class KeeperLine:
    """What is known of a keeper without its card and messages, and the clocks that its age is reckoned from.

    Times are since the epoch, 0 for never. To say that it was useless is no use. `moved` is what somebody
    made of it last, at `moved_at`.
    """

    id: KeeperId
    session: SessionId
    agent: str
    kind: KeeperKind
    title: str
    tokens: int
    messages: int
    made: float
    used: float
    uses: int
    useful: int
    useless: int
    moved: KeeperState | None
    moved_at: float
    files: int


@dataclass(frozen=True, slots=True)
class KeeperRow:
    """A keeper with its newest card, and its line."""

    keeper: Keeper
    line: KeeperLine


def lines(connection: Connection, project: str, session: str = "", identity: str = "") -> list[KeeperLine]:
    """The keepers of the repository, of a session or an id where named, oldest first; no card is read.

    A fork has the keepers of its parent, too; each is told once, where it was made.
    """
    which, one = (" AND keeper = ?", (identity,)) if identity else ("", ())
    used, moved, titles = (
        {key: tuple(rest) for key, *rest in connection.execute(query.format(which=which), one)}
        for query in (_USED, _MOVED, _TITLES)
    )
    where, wanted = "project = ?", [project]
    for column, value in (("session", session), ("id", identity)):
        if value:
            where, wanted = f"{where} AND {column} = ?", [*wanted, value]
    found: dict[str, KeeperLine] = {}
    kinds = {kind.value: kind for kind in KeeperKind}
    for key, own, agent, kind, title, tokens, messages, files, at in connection.execute(
        _LINES.format(where=where), wanted
    ):
        if key not in found:
            last, uses, useful, useless = used.get(key, _NEVER)
            state, since, _ = moved.get(key, _NOWHERE)
            found[key] = KeeperLine(
                key, own, agent, kinds[kind], titles[key][0] if key in titles else title, tokens, messages,
                at, last or 0.0, uses, useful, useless, KeeperState(state) if state else None, since, files,
            )  # fmt: skip
    return list(found.values())


_NEVER = (0.0, 0, 0, 0)
_NOWHERE = (None, 0.0, 0)


_LINES = (
    "SELECT id, session, agent, kind, title, tokens, messages, files, at FROM keepers WHERE {where}"
    " ORDER BY seq"
)
_USED = (
    "SELECT keeper, max(CASE WHEN useful IS NOT 0 THEN at END) AS last, sum(useful IS NOT 0) AS uses,"
    " sum(useful IS 1) AS useful, sum(useful IS 0) AS useless FROM keeper_uses WHERE 1{which}"
    " GROUP BY keeper"
)
_MOVED = (
    "SELECT keeper, state, at, max(seq) FROM keeper_changes WHERE state IS NOT NULL{which} GROUP BY keeper"
)
_TITLES = (
    "SELECT keeper, json_extract(card, '$.title') AS title, max(seq) FROM keeper_changes"
    " WHERE card IS NOT NULL{which} GROUP BY keeper"
)


def files_of(connection: Connection, line: KeeperLine) -> dict[str, str]:
    """The files that a keeper speaks of, with their hashes then."""
    rows = connection.execute(
        "SELECT path, sha FROM keeper_files WHERE session = ? AND keeper = ? ORDER BY number",
        (line.session, line.id),
    )
    return {row["path"]: row["sha"] for row in rows}


def seen_last(connection: Connection) -> list[tuple[str, str, float]]:
    """Each file that a keeper speaks of, with the hash that was seen last, and when."""
    rows = connection.execute("SELECT path, sha, max(at) FROM keeper_files GROUP BY path")
    return [(row[0], row[1], row[2]) for row in rows]


def seen_otherwise(connection: Connection, now: Mapping[str, str]) -> dict[str, dict[str, None]]:
    """For each keeper the files that were other ones when it was made than they are now."""
    pairs = connection.execute("SELECT DISTINCT path, sha FROM keeper_files").fetchall()
    other = {(path, sha) for path, sha in pairs if now.get(path, sha) != sha}
    found: dict[str, dict[str, None]] = {}
    paths = list({path for path, _ in other})
    for at in range(0, len(paths), 400):
        some = paths[at : at + 400]
        rows = connection.execute(
            f"SELECT keeper, path, sha FROM keeper_files WHERE path IN ({','.join('?' * len(some))})", some
        )
        for keeper, path, sha in rows:
            if (path, sha) in other:
                found.setdefault(keeper, {})[path] = None
    return found


def keepers(db: Database, session: str = "", identity: str = "") -> list[KeeperRow]:
    """The same with their cards, of every session that has them."""
    known = {line.id: line for line in lines(db.reader, db.project, identity=identity)}
    rows = db.rows(
        """
        SELECT session, data,
            (SELECT card FROM keeper_changes WHERE keeper = keepers.id AND card IS NOT NULL
                ORDER BY seq DESC LIMIT 1) AS card
        FROM keepers
        WHERE project = ? AND (? = '' OR session = ?) AND (? = '' OR id = ?)
        ORDER BY seq""",
        (db.project, session, session, identity, identity),
    )
    found = [_described(row) for row in rows]
    return [KeeperRow(keeper, known[keeper.id]) for keeper in found]


def window_keepers(
    db: Database, session: str, agent: str, after: int = 0, until: int = 0
) -> tuple[Keeper, ...]:
    """The keepers that an agent's window is made with, as they were made; those up to event `until`."""
    rows = db.rows(
        "SELECT session, data FROM keepers WHERE session = ? AND agent = ? AND seq > ?"
        " AND (? = 0 OR seq <= ?) ORDER BY seq",
        (session, agent, after, until, until),
    )
    return tuple(_keeper(row) for row in rows)


def find(db: Database, identity: str, session: str = "") -> KeeperRow:
    """The keeper of that id, as `session` has it where a fork gave it one; raises NotFoundError."""
    found = keepers(db, identity=identity)
    own = [row for row in found if row.keeper.session == session]
    if not found:
        raise NotFoundError(
            f"There is no keeper {identity!r} in this repository.", hint="`loomkin keepers list` shows them."
        )
    return (own or found)[0]


def uses(db: Database, identity: str) -> list[Row]:
    """Who used a keeper, when and how, and what they said of it, oldest first."""
    return db.rows(
        "SELECT at, session, agent, how, useful, reason FROM keeper_uses WHERE keeper = ? ORDER BY seq",
        (identity,),
    )


def kept_messages(db: Database, session: str, agent: str) -> set[str]:
    """The ids of all messages of an agent that some keeper of the session holds."""
    rows = db.rows(
        "SELECT DISTINCT message FROM keeper_messages JOIN keepers"
        " ON keepers.session = keeper_messages.session AND keepers.id = keeper_messages.keeper"
        " WHERE keepers.session = ? AND agent = ?",
        (session, agent),
    )
    return {str(row[0]) for row in rows}


def _described(row: Row) -> Keeper:
    keeper = _keeper(row)
    return keeper if row["card"] is None else replace(keeper, card=load(Card, row["card"]))


def _keeper(row: Row) -> Keeper:
    """A fork's keeper is of the fork."""
    return replace(load(Keeper, row["data"]), session=SessionId(row["session"]))
