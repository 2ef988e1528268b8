"""What is wrong with a database although SQLite can open it, and mending it without losing what is there."""

from collections.abc import Iterator

from loomkin.errors import StoreError
from loomkin.records.codec import dump
from loomkin.records.dataclass import dataclass
from loomkin.records.event import SessionStarted
from loomkin.records.facts import FACTS
from loomkin.store import decisions, keepers, rebuild
from loomkin.store.database import Database, transaction
from loomkin.store.numbers import next_number, use_numbers_up_to
from loomkin.store.packing import pack
from loomkin.store.passages import ahead, discard
from loomkin.store.sessions import event_of

MOST = 20
"""Damaged things of a kind that are named one by one."""
_COUNTED = ((keepers.NUMBERS, "keepers", "k"), (decisions.NUMBERS, "decisions", "d"))


@dataclass(frozen=True, slots=True)
class Gap:
    """A keeper that lacks some of its messages."""

    session: str
    keeper: str
    gone: int
    messages: int

    @property
    def mark(self) -> str:
        """What its title begins with, once it is marked."""
        return f"({self.gone} of {self.messages} messages are gone) "


@dataclass(frozen=True, slots=True)
class Mended:
    """What was done: events put aside, sessions that got a beginning, tables that were otherwise before."""

    aside: int
    begun: tuple[str, ...]
    tables: tuple[str, ...]
    index: bool


def damage(db: Database) -> list[str]:
    """What is wrong beside the tables, in words; empty when all is well."""
    found = [f"the file: {line}" for line in _file(db)]
    bad = list(_unreadable(db))
    found += [f"event {seq} ({kind}) cannot be read: {why}" for seq, kind, why in bad[:MOST]]
    found += [f"{len(bad) - MOST} more events cannot be read"] if len(bad) > MOST else []
    found += [f"session {session} has no beginning and is in no list" for session in _without_start(db)]
    found += [
        f"keeper {gap.keeper} of session {gap.session}: {gap.gone} of {gap.messages} messages are gone"
        for gap in gaps(db)
    ]
    with db.failures():
        if ahead(db.reader):
            found.append("the index for searching knows events that the log has not")
    for name, table, letter in _COUNTED:
        if next_number(db.reader, name) <= _highest(db, table):
            found.append(f"numbers of {table} ({letter}1, {letter}2 …) would be given twice")
    return found


def newer(db: Database) -> int:
    """How many events are of a kind that only a newer loomkin knows; nothing is done about them."""
    rows = db.rows("SELECT kind, count(*) FROM events GROUP BY kind")
    return sum(int(row[1]) for row in rows if row[0] not in FACTS)


def mend(db: Database) -> Mended:
    """Mend the log and make all tables anew from it, all or nothing; blocks. Raises StoreError.

    Events that cannot be read, or that contradict earlier ones, are put into a table of their own. The index
    for searching is made anew by the next search.
    """
    db.ensure_there()
    tables = rebuild.differences(db)
    if any("index" in line for line in _file(db)):
        with db.failures():
            db.writer.execute("REINDEX")
    with db.failures(), transaction(db.writer):
        bad = [seq for seq, _, _ in _unreadable(db)]
        _put_aside(db, bad)
        begun = [session for session in _without_start(db) if _begin(db, session)]
        refused = rebuild.rebuild(db)
        _put_aside(db, refused)
        index = bool(bad or refused or ahead(db.writer))
        if index:
            discard(db.writer)
        for name, table, _ in _COUNTED:
            use_numbers_up_to(db.writer, name, _highest(db, table))
    return Mended(len(bad) + len(refused), tuple(begun), tuple(tables), index)


def gaps(db: Database, session: str = "") -> list[Gap]:
    """The keepers that lack messages and are not marked yet; of one session where named."""
    rows = db.rows(
        "SELECT lost.session, keeper, count(*) AS gone, keepers.messages AS messages FROM"
        " (SELECT session, message FROM keeper_messages EXCEPT SELECT session, id FROM messages) AS lost"
        " JOIN keeper_messages AS held ON held.session = lost.session AND held.message = lost.message"
        " JOIN keepers ON keepers.session = held.session AND keepers.id = held.keeper"
        " WHERE ? = '' OR lost.session = ? GROUP BY lost.session, keeper ORDER BY lost.session, keeper",
        (session, session),
    )
    found = [Gap(row["session"], row["keeper"], row["gone"], row["messages"]) for row in rows]
    return [gap for gap in found if not _title(db, gap).startswith(gap.mark)]


def _title(db: Database, gap: Gap) -> str:
    return keepers.find(db, gap.keeper, gap.session).keeper.card.title


def _file(db: Database) -> list[str]:
    with db.failures():
        lines = [str(row[0]) for row in db.reader.execute(f"PRAGMA integrity_check({MOST})")]
    return [line for line in lines if line != "ok"]


def _unreadable(db: Database) -> Iterator[tuple[int, str, str]]:
    """Events of kinds that are known here and whose words cannot be read."""
    with db.failures():
        for row in db.writer.execute(
            "SELECT seq, at, session, agent, task, kind, data FROM events ORDER BY seq"
        ):
            if row["kind"] not in FACTS:
                continue
            try:
                event_of(row)
            except StoreError as error:
                yield int(row["seq"]), str(row["kind"]), str(error.__cause__)


def _without_start(db: Database) -> list[str]:
    rows = db.writer.execute(
        "SELECT session, min(seq) FROM events WHERE session <> '' GROUP BY session"
        " HAVING sum(kind = 'SessionStarted') = 0 ORDER BY 2"
    )
    return [str(row[0]) for row in rows]


def _put_aside(db: Database, numbers: list[int]) -> None:
    for number in numbers:
        db.writer.execute(
            "INSERT OR REPLACE INTO damaged_events SELECT * FROM events WHERE seq = ?", (number,)
        )
        db.writer.execute("DELETE FROM events WHERE seq = ?", (number,))


def _begin(db: Database, session: str) -> bool:
    """Give a session a beginning, with what is known of it, under a number before all of its events."""
    first, at, project = db.writer.execute(
        "SELECT min(seq), min(at), project FROM events WHERE session = ?", (session,)
    ).fetchone()
    (number,) = db.writer.execute(
        "WITH RECURSIVE place(seq) AS (SELECT ? - 1 UNION ALL SELECT seq - 1 FROM place"
        " WHERE EXISTS (SELECT 1 FROM events WHERE events.seq = place.seq)) SELECT min(seq) FROM place",
        (first,),
    ).fetchone()
    used = db.writer.execute(
        "SELECT model FROM usage WHERE session = ? ORDER BY seq DESC LIMIT 1", (session,)
    ).fetchone()
    start = SessionStarted("", str(used[0]) if used else "", "ask")
    db.writer.execute(
        "INSERT INTO events (seq, at, project, session, agent, task, kind, data)"
        " VALUES (?, ?, ?, ?, '', '', 'SessionStarted', ?)",
        (number, at, project, session, pack(dump(start))),
    )
    return True


def _highest(db: Database, table: str) -> int:
    (number,) = db.writer.execute(
        f"SELECT coalesce(max(CAST(substr(id, 2) AS INTEGER)), 0) FROM {table}"
    ).fetchone()
    return int(number)
