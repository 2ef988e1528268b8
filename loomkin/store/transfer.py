"""A session as one JSON file: out of a repository, and whole or not at all into another."""

import json
import sqlite3
from collections.abc import Callable
from enum import StrEnum
from functools import cache
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from loomkin.errors import StoreError, UsageError
from loomkin.records.codec import from_plain, to_plain
from loomkin.records.dataclass import dataclass, fields, is_dataclass
from loomkin.records.event import Event, Fact, GrantAdded, GrantRevoked, SessionRenamed, SessionStarted
from loomkin.records.facts import FACTS
from loomkin.records.failure_event import FailureFixed, FailureForgotten, FailureSeen, FailureShown, FixFailed
from loomkin.records.ids import SessionId
from loomkin.store import sessions
from loomkin.store.database import Database
from loomkin.store.decisions_import import adopted
from loomkin.store.journal import write
from loomkin.store.keepers_import import renumbered

FORMAT = "loomkin-session"
VERSION = 1
LARGEST = 256 << 20
"""Bytes that a reader of such a file should take at most."""
LATEST = 1e11
"""Seconds since the epoch; no calendar goes further."""


@dataclass(frozen=True, slots=True)
class Imported:
    """The session as it is called here, how many events came, and how many grants stayed behind."""

    id: SessionId
    events: int
    grants: int


def export(db: Database, session: str) -> str:
    """The JSON text of a session: one object with the version and every event of its log."""
    events = [_plain(event) for event in sessions.events(db, session)]
    lines = ",\n".join(json.dumps(event, ensure_ascii=False) for event in events)
    head = json.dumps({"format": FORMAT, "version": VERSION, "session": session})
    return f'{head[:-1]}, "events": [\n{lines}\n]}}\n'


def check(text: str) -> None:
    """Raise the UsageError that `take` would, without a database to write to."""
    _rehearse(_without_grants(_read(text)[1]))


def take(db: Database, text: str, fresh: Callable[[], str], name: str = "") -> Imported:
    """Import what `export` wrote, under an identifier of `fresh` where its own is taken; blocks.

    Grants are left out: what a person allowed elsewhere is not allowed here; and so are failures: what failed
    elsewhere is no advice here. Raises UsageError that names
    the event at fault, and writes nothing then.
    """
    own, events = _read(text)
    kept = _without_grants(events)
    grants = len(events) - len(kept)
    kept = [event for event in kept if not isinstance(event.fact, _LEARNT)]
    _rehearse(kept)
    taken = {row.id for row in sessions.all_sessions(db)} | {
        event.session for event in sessions.events(db, own)
    }
    identity = SessionId(own)
    while identity in taken:
        identity = SessionId(fresh())
    facts = renumbered(db, (event.fact for event in kept), identity)
    moved = [
        Event(0, event.at, identity, event.agent, event.task, fact)
        for event, fact in zip(kept, facts, strict=True)
    ]
    if name:
        moved.append(Event(0, moved[-1].at, identity, "", "", SessionRenamed(name)))
    moved = adopted(db, moved)
    write(db, moved)
    return Imported(identity, len(moved), grants)


def _without_grants(events: list[Event]) -> list[Event]:
    return [event for event in events if not isinstance(event.fact, GrantAdded | GrantRevoked)]


def _plain(event: Event) -> dict[str, object]:
    fact = to_plain(event.fact)
    kind = fact.pop("_")
    return {
        "seq": event.seq,
        "at": event.at,
        "agent": event.agent,
        "task": event.task,
        "kind": kind,
        "data": fact,
    }


def _read(text: str) -> tuple[str, list[Event]]:
    try:
        whole = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"The file is not a session: it is not JSON ({error}).", hint=_HINT) from error
    if not isinstance(whole, dict) or whole.get("format") != FORMAT:
        raise UsageError("The file is not a session that loomkin exported.", hint=_HINT)
    if whole.get("version") != VERSION:
        raise UsageError(
            f"The file has version {whole.get('version')!r} of the format; this loomkin knows {VERSION}.",
            hint="Import it with the loomkin that wrote it, or a newer one.",
        )
    session, plain = whole.get("session"), whole.get("events")
    if not isinstance(session, str) or not _is_name(session) or not isinstance(plain, list):
        raise UsageError("The file names no session, or has no list of events.", hint=_HINT)
    events = [_event(SessionId(session), number, entry) for number, entry in enumerate(plain, 1)]
    starts = [number for number, event in enumerate(events) if isinstance(event.fact, SessionStarted)]
    if starts != [0]:
        raise UsageError("The file does not begin with the one start of a session.", hint=_HINT)
    return session, events


def _event(session: SessionId, number: int, plain: object) -> Event:
    try:
        if not isinstance(plain, dict):
            raise ValueError("it is not an object")
        kind = FACTS.get(str(plain.get("kind")))
        if kind is None or not kind.stored:
            raise ValueError(f"there is no kind {plain.get('kind')!r}")
        at, agent, task = plain.get("at"), plain.get("agent"), plain.get("task")
        if (
            not isinstance(at, int | float)
            or not 0 <= at < LATEST
            or not isinstance(agent, str)
            or not isinstance(task, str)
        ):
            raise ValueError("`at`, `agent` or `task` is missing or out of range")
        fact: Fact = from_plain(kind, plain.get("data"))
        _check(fact)
        json.dumps(plain, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise UsageError(f"Event {number} of the file cannot be used: {error}.", hint=_HINT) from error
    return Event(0, float(at), session, agent, task, fact)


def _rehearse(events: list[Event]) -> None:
    """Apply everything in memory first: what contradicts itself never reaches the file."""
    memory = Database(None)
    try:
        write(memory, events)
    except (StoreError, OverflowError) as error:
        cause = error.__cause__ if isinstance(error.__cause__, sqlite3.Error) else error
        raise UsageError(f"The events of the file contradict each other: {cause}.", hint=_HINT) from error
    finally:
        memory.close()


def _check(record: Any) -> None:
    """Hold a record to the types of its fields, which the codec takes on trust."""
    kind: Any = type(record)
    for name, hint in _hints(kind).items():
        if not _is(hint, getattr(record, name)):
            raise ValueError(f"{kind.__name__}.{name} has the wrong type")


@cache
def _hints(cls: Any) -> dict[str, Any]:
    hints = get_type_hints(cls)
    return {field.name: hints[field.name] for field in fields(cls)}


def _is(hint: Any, value: object) -> bool:
    hint = getattr(hint, "__supertype__", hint)
    origin = get_origin(hint)
    if origin in (Union, UnionType):
        return any(_is(option, value) for option in get_args(hint))
    if origin is tuple:
        return isinstance(value, tuple) and all(_is(get_args(hint)[0], item) for item in value)
    if hint in (int, float) and isinstance(value, bool):
        return False
    if hint is float:
        return isinstance(value, int | float)
    if hint is type(None):
        return value is None
    if is_dataclass(hint) and isinstance(value, hint):  # type: ignore[arg-type]
        _check(value)
        return True
    return isinstance(value, StrEnum if isinstance(hint, type) and issubclass(hint, StrEnum) else hint)


def _is_name(text: str) -> bool:
    """Whether the identifier can be the name of a lock file and a word on the command line."""
    return 0 < len(text) <= 64 and text.isascii() and text.replace("-", "").replace("_", "").isalnum()


def _no_constant(text: str) -> float:
    raise ValueError(f"{text} is no number")


_LEARNT = (FailureSeen, FailureFixed, FixFailed, FailureShown, FailureForgotten)
_HINT = "Export it again with `loomkin sessions export ID --format json -o FILE`; nothing was imported."
