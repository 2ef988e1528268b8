"""Answers why a line is there: blame, then the commit's trailer, else what was recorded, else a guess."""

import asyncio
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from loomkin.errors import NotFoundError, UsageError
from loomkin.project.root import Root, find_root
from loomkin.provenance import behind, blame, names
from loomkin.provenance.account import Account, Link, Reason, Stretch, once
from loomkin.provenance.blame import Commit, Line
from loomkin.provenance.matching import written
from loomkin.provenance.trailers import Named, named
from loomkin.records.dataclass import dataclass
from loomkin.records.decision import NodeKind
from loomkin.records.message import Message
from loomkin.records.regex import pattern
from loomkin.store import decision_files, decisions, origins
from loomkin.store.database import Database
from loomkin.store.sessions import ChangeRow

EXAMPLE = "Name it like src/app.py:12, or src/app.py:12-20."
FOREVER = 1e18
MOST_STRETCHES = 10
MOST_LINES = 2_000
_PLACES = (
    pattern(r"(?P<path>.+):(?P<first>\d+)(?:-(?P<last>\d+))?:?"),
    pattern(r"(?P<path>.+):(?P<first>\d+):(?P<last>)\d+:?"),
)
"""A line or lines, and a line with a column, as compilers write it."""


@dataclass(frozen=True, slots=True)
class Spot:
    """Lines of a file; none are named where `first` is 0."""

    path: Path
    first: int = 0
    last: int = 0


def spot(cwd: Path, typed: str, line: int = 0, last: int = 0) -> Spot:
    """What `PATH`, `PATH:LINE` or `PATH:LINE-LINE` means for somebody in a folder; raises UsageError."""
    words = typed.strip()
    if not words:
        raise UsageError("No file is named.", hint=EXAMPLE)
    there = _there(cwd, words)
    if (not words.strip(":") and not there) or "\0" in words:
        raise UsageError(f"{typed} is no place: no file is named.", hint=EXAMPLE)
    found = None if there else _read(cwd, words)
    name, _, rest = words.rpartition(":")
    if not there and not found and name and _there(cwd, name):
        raise UsageError(f"{typed}: {rest!r} is no line number.", hint=EXAMPLE)
    if found:
        words, line = found["path"], int(found["first"])
        last = int(found["last"] or 0)
        if not line:
            raise UsageError(f"{typed}: lines are counted from 1.")
    last = last or line
    if line < 0 or last < line:
        raise UsageError(f"{typed}: the last line comes before the first.")
    if last - line >= MOST_LINES:
        raise UsageError(
            f"{typed}: at most {MOST_LINES} lines at once; without lines the whole file is told."
        )
    path = (cwd / os.path.expanduser(words)).absolute()
    return Spot(Path(*_straight(path)), line, last)


def _read(cwd: Path, words: str) -> "re.Match[str] | None":
    """The reading whose file is there, else the one with the shortest path."""
    read = [found for place in _PLACES if (found := place.fullmatch(words))]
    there = [found for found in read if _there(cwd, found["path"])]
    return next(iter(there or read[::-1]), None)


def _there(cwd: Path, words: str) -> bool:
    """Whether there is such a file; of a name that no file can have there is none."""
    return os.path.exists(cwd / os.path.expanduser(words))


def _straight(path: Path) -> Iterator[str]:
    """The parts of a path without `..`; links in it stay, as git follows none either."""
    parts: list[str] = []
    for part in path.parts:
        if part == ".." and len(parts) > 1:
            parts.pop()
        elif part != "..":
            parts.append(part)
    return iter(parts)


@dataclass(frozen=True, slots=True)
class _File:
    """A file as it is: its repository, its path below that one's top folder, its lines (None: it is gone)."""

    root: Root
    path: Path
    lines: Sequence[str] | None


class Why:
    """Looks into one repository's history and memory; `top` is the folder that its records count from."""

    def __init__(self, database: Database | None, top: Path) -> None:
        self._db = database
        self._top = top

    async def ask(self, place: Spot) -> Account:
        """All that is known of the lines. Raises NotFoundError and UsageError with what to do."""
        shown, file = self._shown(place.path), await asyncio.to_thread(_look, place.path)
        if file.root.git_dir is None and Path(shown).is_absolute():
            raise UsageError(f"{shown} lies outside of this repository ({self._top}).", hint=EXAMPLE)
        notes = [] if file.root.git_dir else ["This is no git repository: only recorded changes are known."]
        if self._db is None:
            notes.append("No session has been recorded here yet.")
        if file.lines is None:
            notes.append("The file is not there any more; this is the last that is known of it.")
            if now := await names.after(file.root, file.path):
                notes.append(f"It is called {now} now: ask for that.")
        if file.lines is None or not place.first:
            stretch = await self._whole(file, [shown, *await self._before(file)])
            notes += await _shallow(file.root, [stretch.commit.id] if stretch.commit else [])
            return Account(shown, 0, 0, (stretch,), tuple(notes))
        if place.last > len(file.lines):
            many = f"{len(file.lines)} line{'' if len(file.lines) == 1 else 's'}"
            raise UsageError(f"{shown} has {many}: there is no line {place.last}.")
        found = await blame.blame(file.root, file.path, file.lines, place.first, place.last)
        commits = await blame.commits(file.root, (line.commit for line in found if line.commit))
        groups = list(_groups(found))
        notes += await _shallow(file.root, (line.commit for line in found))
        stretches = [self._stretch(group, commits, [shown]) for group in groups[:MOST_STRETCHES]]
        if not all(one.reasons for one in stretches) and (earlier := await self._before(file)):
            known = [shown, *earlier]
            stretches = [self._stretch(group, commits, known) for group in groups[:MOST_STRETCHES]]
        if len(groups) > MOST_STRETCHES:
            notes.append(f"{len(groups) - MOST_STRETCHES} more stretches are not shown; ask for fewer lines.")
        return Account(shown, place.first, place.last, tuple(stretches), tuple(notes))

    async def _before(self, file: _File) -> list[str]:
        """Its earlier names, which git looks through its whole history for."""
        return await names.before(file.root, file.path) if self._db else []

    def _stretch(self, lines: Sequence[Line], commits: dict[str, Commit], known: Sequence[str]) -> Stretch:
        commit = commits.get(lines[0].commit)
        texts, span = tuple(line.text for line in lines), (lines[0].number, lines[-1].number)
        if self._db is None:
            unknown = tuple(named(commit.message)) if commit else ()
            return Stretch(*span, texts, commit, unknown=unknown)
        # its names now, when the line came in, and before: a change may be older than the commit
        paths = list(dict.fromkeys(name for name in (known[0], lines[0].path, *known[1:]) if name))
        reasons, unknown = self._of_commits([commit] if commit else [], paths)
        author = written(self._db, lines, paths, commit)
        if author is None:
            return Stretch(*span, texts, commit, reasons, unknown)
        if not reasons:
            link = Link.CHANGE if author.sure else Link.GUESS
            fitting = behind.governing(self._db, author.change, paths)
            reasons = once(behind.reasons(self._db, fitting, link))
        words = self._said_before(author.change)
        return Stretch(*span, texts, commit, reasons, unknown, author.change, author.sure, words)

    async def _whole(self, file: _File, known: Sequence[str]) -> Stretch:
        """What is known of a file, by all its names, without looking at single lines."""
        shown = known[0]
        commits = list((await blame.of_file(file.root, file.path)).values())
        changes = origins.changes_of(self._db, known, FOREVER) if self._db else []
        if not commits and file.lines is None and not changes:
            raise NotFoundError(f"There is no file {shown}, and none of that name is on record.")
        newest = commits[0] if commits else None
        if self._db is None:
            unknown = tuple(dict.fromkeys(one for commit in commits for one in named(commit.message)))
            return Stretch(0, 0, (), newest, unknown=unknown)
        reasons, unknown = self._of_commits(commits, known)
        held = [node for node in decision_files.at_files(self._db, known) if node.kind is NodeKind.DECISION]
        reasons = once([*reasons, *behind.reasons(self._db, held, Link.FILE)])
        if not changes:
            return Stretch(0, 0, (), newest, reasons, unknown)
        return Stretch(0, 0, (), newest, reasons, unknown, changes[0], True, self._said_before(changes[0]))

    def _said_before(self, change: ChangeRow) -> tuple[Message, ...]:
        assert self._db is not None
        return tuple(origins.told(self._db, change.session, origins.before_change(self._db, change)))

    def _of_commits(
        self, commits: Sequence[Commit], paths: Sequence[str]
    ) -> tuple[tuple[Reason, ...], tuple[Named, ...]]:
        """What commits name in their messages, else what was recorded when they were made."""
        assert self._db is not None
        found: list[Reason] = []
        unknown: list[Named] = []
        for commit in commits:
            for one in named(commit.message):
                node = decisions.find(self._db, one.change or one.number)
                if node is None:
                    unknown.append(one)
                else:
                    found += behind.reasons(self._db, [node], Link.TRAILER)
        actions = origins.of_commits(self._db, [commit.id for commit in commits])
        decided = behind.decided(self._db, [node for some in actions.values() for node in some])
        found += behind.reasons(self._db, decided, Link.COMMIT)
        return once(_nearest(found, paths)), tuple(dict.fromkeys(unknown))

    def _shown(self, path: Path) -> str:
        for one, top in ((path, self._top), (path.parent.resolve() / path.name, self._top.resolve())):
            if one.is_relative_to(top):
                return str(one.relative_to(top))
        return str(path)


def _look(path: Path) -> _File:
    """The file as it is; raises UsageError for a folder and NotFoundError for what cannot be read."""
    root = find_root(path.parent)
    real = path.parent.resolve() / path.name
    inside = path if path.is_relative_to(root.path) or not real.is_relative_to(root.path) else real
    return _File(root, inside, blame.read_lines(path) if os.path.lexists(path) else None)


async def _shallow(root: Root, commits: Iterable[str]) -> list[str]:
    """What is to be said where a clone knows no more than the last commits."""
    last = sorted(set(commits) & await asyncio.to_thread(blame.ends, root))
    those = ", ".join(one[:10] for one in last)
    return [f"This clone's history ends at {those}: older lines seem to come from there."] if last else []


def _groups(lines: Iterable[Line]) -> Iterator[list[Line]]:
    """Neighbouring lines of one commit."""
    group: list[Line] = []
    for line in lines:
        if group and line.commit != group[-1].commit:
            yield group
            group = []
        group.append(line)
    if group:
        yield group


def _nearest(reasons: Sequence[Reason], paths: Sequence[str]) -> list[Reason]:
    """The reasons, those about the file itself first."""
    return sorted(reasons, key=lambda one: not set(paths).intersection(one.node.wording.files))
