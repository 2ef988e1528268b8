"""A session as one JSON file: out of a repository, and whole or not at all into another."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

from loomkin.errors import StoreError
from loomkin.records.codec import to_plain
from loomkin.records.dataclass import dataclass
from loomkin.records.event import Event, MessageAdded, SessionRenamed
from loomkin.records.ids import MessageId, SessionId
from loomkin.records.message import Message, Role, Text
from loomkin.records.session_event import Renamed, SessionImported
from loomkin.store import event_log, outputs, sessions
from loomkin.store.database import Database, transaction
from loomkin.store.decisions_import import part_of
from loomkin.store.journal import append
from loomkin.store.renumbering import Renumbering
from loomkin.store.transfer_known import all_events, plain
from loomkin.store.transfer_read import FORMAT, STAGED, VERSION, Staged

LARGEST = 2 << 30
"""Bytes that a reader of such a file should take at most."""
_TOLD = 40
"""Renamed things that an agent is told of in so many words."""


@dataclass(frozen=True, slots=True)
class Imported:
    """The session as it is called here, how many events came, what stayed behind, and what has a new name.

    No events came where it was here already. `named` is its new name where its own was taken.
    """

    id: SessionId
    events: int
    grants: int
    learnt: int = 0
    outputs: int = 0
    renamed: tuple[Renamed, ...] = ()
    named: str = ""


def export(
    db: Database,
    session: str,
    folder: Path | None = None,
    note: Callable[[str], None] = lambda text: None,
    clean: Callable[[str], str] = str,
) -> Iterator[str]:
    """The JSON text of a session in pieces: one object with the version and all that belongs to it.

    That is every event of its log and what other sessions did with its keepers; the part of the decision
    graph around what it decided, as that stands now; and its kept outputs from `folder`. `note` hears of
    outputs that are left out. `clean` takes secrets out of the JSON, and out of what the outputs say.
    """
    yield json.dumps({"format": FORMAT, "version": VERSION, "session": session})[:-1] + ', "events": ['
    yield from map(clean, _list(plain(event) for event in all_events(db, session)))
    nodes, edges = part_of(db, session)
    yield '], "nodes": ['
    yield from map(clean, _list(map(to_plain, nodes)))
    yield '], "edges": ['
    yield from map(clean, _list(map(to_plain, edges)))
    yield '], "outputs": ['
    if folder is not None:
        yield from _list(outputs.packed(folder, outputs.names(db, session), note, clean))
    yield "]}\n"


def take(
    db: Database, staged: Staged, fresh: Callable[[], str], name: str = "", folder: Path | None = None,
    already: Callable[[], SessionId | None] = lambda: None,
) -> Imported:  # fmt: skip
    """Import what was staged, under an identifier of `fresh` where its own is taken; blocks.

    Without a name for it nothing comes where it is here `already`. Its kept outputs go to `folder`.
    Raises StoreError, and UsageError for a name that is taken, and writes nothing then.
    """
    db.ensure_there()
    # nobody else writes meanwhile: what is looked up here still holds when all is written
    with db.failures(), transaction(db.writer):
        sessions.refuse_taken(db, name)
        if not name and (there := already()):
            return Imported(there, 0, 0)
        identity = _free(db, staged.session, fresh)
        chosen = _output_names(staged, folder)
        numbers = Renumbering(db.writer, staged, identity, chosen)
        count, last = 0, 0.0
        for row in event_log.each_row(staged.database, STAGED):
            event = sessions.event_of(row)
            fact = numbers.fact(event.fact)
            last = max(last, event.at)
            if fact is not None:
                packed = row["data"] if fact is event.fact else None
                append(db, Event(0, event.at, identity, event.agent, event.task, fact), packed)
                count += 1
        renamed = numbers.renamed()
        named = "" if name else _other_name(db, identity)
        if name or named:
            append(db, Event(0, last, identity, "", "", SessionRenamed(name or named)))
        append(db, Event(0, last, identity, "", "", SessionImported(staged.session, staged.digest, renamed)))
        for event in _told(staged, identity, renamed, last):
            append(db, event)
        _put(folder, chosen, staged)
    return Imported(identity, count, staged.grants, staged.learnt, len(chosen), renamed, named)


def _list(entries: Iterator[dict[str, object]]) -> Iterator[str]:
    comma = "\n"
    for entry in entries:
        yield comma + json.dumps(entry, ensure_ascii=False)
        comma = ",\n"
    yield "\n"


def _free(db: Database, own: str, fresh: Callable[[], str]) -> SessionId:
    identity = own
    while db.writer.execute(
        "SELECT 1 FROM sessions WHERE id = ? UNION ALL SELECT 1 FROM events WHERE session = ? LIMIT 1",
        (identity, identity),
    ).fetchone():
        identity = fresh()
    return SessionId(identity)


def _other_name(db: Database, session: str) -> str:
    """A name for a session whose own another one has already, else nothing."""
    rows = db.writer.execute("SELECT id, name FROM sessions WHERE project = ?", (db.project,)).fetchall()
    own = next((row["name"] for row in rows if row["id"] == session), "")
    taken = {word for row in rows if row["id"] != session for word in (row["id"], row["name"])}
    if not own or own not in taken:
        return ""
    return next(one for number in range(2, len(rows) + 2) if (one := f"{own}-{number}") not in taken)


def _output_names(staged: Staged, folder: Path | None) -> dict[str, str]:
    return {} if folder is None else outputs.free_names(folder, staged.output_names(), staged.output)


def _put(folder: Path | None, chosen: dict[str, str], staged: Staged) -> None:
    """The last thing before all is committed: nobody else imports at the same time."""
    if folder is None or not chosen:
        return
    try:
        outputs.put(folder, chosen, staged.output)
    except OSError as error:
        raise StoreError(
            f"Cannot write the outputs of the session to {folder}: {error.strerror}.",
            hint="Make the folder writable for you, and see that the disk has room. Nothing was imported.",
        ) from error


def _told(staged: Staged, identity: SessionId, renamed: tuple[Renamed, ...], at: float) -> Iterator[Event]:
    """What each agent must know of its own words, which stay as they are."""
    if not renamed:
        return
    pairs = ", ".join(f"{one.before} is now {one.now}" for one in renamed[:_TOLD])
    more = f", and {len(renamed) - _TOLD} more" if len(renamed) > _TOLD else ""
    text = f"This session was imported from another repository. In what was said before: {pairs}{more}."
    for agent in sessions.speakers(staged.database, STAGED):
        identifier = MessageId(f"m_import_{staged.digest[:12]}")
        message = Message(identifier, Role.USER, (Text(text),), "loomkin", at)
        yield Event(0, at, identity, agent, "", MessageAdded(message))
