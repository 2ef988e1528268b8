"""A file that may hold a session, read a piece at a time into a database of its own, and found sound."""

import hashlib
import json
import sqlite3
from base64 import b64decode
from collections.abc import Iterable
from enum import StrEnum
from functools import cache
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from loomkin.errors import StoreError, UsageError
from loomkin.records.codec import from_plain
from loomkin.records.dataclass import dataclass, fields, is_dataclass
from loomkin.records.decision import DecisionEdge, Node
from loomkin.records.event import Event, Fact, GrantAdded, GrantRevoked, SessionStarted
from loomkin.records.facts import FACTS
from loomkin.records.failure_event import FailureFixed, FailureForgotten, FailureSeen, FailureShown, FixFailed
from loomkin.records.ids import SessionId
from loomkin.store.database import Database
from loomkin.store.decisions_import import corrections
from loomkin.store.journal import write
from loomkin.store.json_stream import members
from loomkin.store.outputs import LARGEST as LARGEST_OUTPUT
from loomkin.store.outputs import is_name as is_output

FORMAT = "loomkin-session"
VERSION = 1
LISTS = frozenset(("events", "nodes", "edges", "outputs"))
LATEST = 1e11
"""Seconds since the epoch; no calendar goes further."""
STAGED = SessionId("staged")
"""What the session is called until it is known what it can be called."""
HINT = "Export it again with `loomkin sessions export ID --format json -o FILE`; nothing was imported."
LEARNT = (FailureSeen, FailureFixed, FixFailed, FailureShown, FailureForgotten)
_AT_ONCE = 200


class Staged:
    """A session read from a file: its events in a database of its own, which nobody else sees."""

    def __init__(self) -> None:
        self.database = Database.scratch()
        self.session = ""
        self.grants = 0
        self.learnt = 0
        self.digest = ""
        self.outputs = 0
        self.database.writer.execute("CREATE TABLE staged_outputs (name TEXT PRIMARY KEY, data BLOB)")

    def keep_output(self, name: str, data: bytes) -> None:
        """Keep a file of the session."""
        self.database.writer.execute("INSERT OR REPLACE INTO staged_outputs VALUES (?, ?)", (name, data))
        self.outputs += 1

    def output_names(self) -> list[str]:
        """The names of the files."""
        rows = self.database.writer.execute("SELECT name FROM staged_outputs ORDER BY name")
        return [str(row[0]) for row in rows]

    def output(self, name: str) -> bytes:
        """What is in a file."""
        query = "SELECT data FROM staged_outputs WHERE name = ?"
        return bytes(self.database.writer.execute(query, (name,)).fetchone()[0])

    def close(self) -> None:
        """Forget all of it."""
        self.database.close()


def stage(text: Iterable[str]) -> Staged:
    """Read what `export` wrote, in whatever pieces it comes.

    Grants are left out: what a person allowed elsewhere is not allowed here; and so are failures: what failed
    elsewhere is no advice here. Raises UsageError that names the event at fault.
    """
    staged = Staged()
    try:
        _Reader(staged).read(text)
    except BaseException:
        staged.close()
        raise
    return staged


@dataclass(slots=True)
class _Head:
    format: object = None
    version: object = None
    session: object = None


class _Reader:
    def __init__(self, staged: Staged) -> None:
        self._staged = staged
        self._head = _Head()
        self._batch: list[Event] = []
        self._count = 0
        self._nodes: list[Node] = []
        self._edges: list[DecisionEdge] = []
        self._graph = False
        self._sum = hashlib.sha256()

    def read(self, text: Iterable[str]) -> None:
        """All of it, or a UsageError."""
        try:
            for member in members(text, LISTS):
                if member.item:
                    self._item(member.key, member.value)
                elif member.key in ("format", "version", "session"):
                    setattr(self._head, member.key, member.value)
                    self._refuse_foreign()
                elif member.key in LISTS:
                    raise UsageError("The file names no session, or has no list of events.", hint=HINT)
        except (ValueError, RecursionError) as error:
            words = f"The file is not a session: it is not JSON ({error})."
            raise UsageError(words, hint=HINT) from error
        self._finish()

    def _refuse_foreign(self) -> None:
        head = self._head
        if head.format not in (None, FORMAT):
            raise UsageError("The file is not a session that loomkin exported.", hint=HINT)
        if head.version not in (None, VERSION):
            raise UsageError(
                f"The file has version {head.version!r} of the format; this loomkin knows {VERSION}.",
                hint="Import it with the loomkin that wrote it, or a newer one.",
            )

    def _item(self, key: str, value: object) -> None:
        self._graph = self._graph or key == "nodes"
        if key == "events":
            self._count += 1
            self._take(_event(self._count, value, self._sum))
            return
        try:
            if key == "outputs":
                self._output(value)
            elif key == "nodes":
                self._nodes.append(_checked(Node, value))
            else:
                self._edges.append(_checked(DecisionEdge, value))
        except (ValueError, TypeError, RecursionError) as error:
            words = f"An entry under {key!r} of the file cannot be used: {error}."
            raise UsageError(words, hint=HINT) from error

    def _take(self, event: Event) -> None:
        if isinstance(event.fact, SessionStarted) != (self._count == 1):
            raise UsageError("The file does not begin with the one start of a session.", hint=HINT)
        if isinstance(event.fact, GrantAdded | GrantRevoked):
            self._staged.grants += 1
        elif isinstance(event.fact, LEARNT):
            self._staged.learnt += 1
        else:
            self._batch.append(event)
        if len(self._batch) >= _AT_ONCE:
            self._rehearse()

    def _rehearse(self) -> None:
        """Apply everything here first: what contradicts itself never reaches the repository."""
        batch, self._batch = self._batch, []
        try:
            write(self._staged.database, batch)
        except (StoreError, OverflowError) as error:
            cause = error.__cause__ if isinstance(error.__cause__, sqlite3.Error) else error
            raise UsageError(f"The events of the file contradict each other: {cause}.", hint=HINT) from error

    def _output(self, value: object) -> None:
        if not isinstance(value, dict) or not is_output(str(value.get("name"))):
            raise ValueError("it names no output")
        if "text" in value or "base64" in value:
            data = str(value["text"]).encode() if "text" in value else b64decode(str(value["base64"]))
            if len(data) > LARGEST_OUTPUT:
                raise ValueError("it is too large")
            self._staged.keep_output(str(value["name"]), data)

    def _finish(self) -> None:
        head, staged = self._head, self._staged
        if head.format != FORMAT:
            raise UsageError("The file is not a session that loomkin exported.", hint=HINT)
        if head.version is None or not isinstance(head.session, str) or not _is_name(head.session):
            raise UsageError("The file names no session, or has no list of events.", hint=HINT)
        if not self._count:
            raise UsageError("The file does not begin with the one start of a session.", hint=HINT)
        self._rehearse()
        staged.session, staged.digest = head.session, self._sum.hexdigest()
        if self._graph:
            act = f"import-{staged.digest[:12]}"
            facts = list(corrections(staged.database, self._nodes, self._edges, act))
            self._batch = [Event(0, at, STAGED, "", "", fact) for at, fact in facts]
            self._rehearse()


def summed(total: "hashlib._Hash", plain: object) -> None:
    """Add an event, as a file has it, to the sum that tells files apart; its number does not count."""
    if isinstance(plain, dict):
        told = [plain.get(name) for name in ("at", "agent", "task", "kind", "data")]
        total.update(json.dumps(told, sort_keys=True, ensure_ascii=False).encode())


def _event(number: int, plain: object, total: "hashlib._Hash") -> Event:
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
        fact: Fact = _checked(kind, plain.get("data"))
        summed(total, plain)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"Event {number} of the file cannot be used: {error}.", hint=HINT) from error
    return Event(0, float(at), STAGED, agent, task, fact)


def _checked(kind: Any, plain: object) -> Any:
    record = from_plain(kind, plain)
    _check(record)
    return record


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
