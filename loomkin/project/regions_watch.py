"""What a command changed: files looked at before and after it, by time, size and, where it matters, text."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from loomkin.project.edit_diff import describe, whole_splice
from loomkin.project.git import run_git
from loomkin.project.text import sha_of
from loomkin.records.dataclass import dataclass
from loomkin.records.region import LineChange

LARGEST = 1_000_000
"""Bytes of the largest file whose text is compared."""

MOST_FILES = 2000
_STATUS = ("status", "--porcelain", "-z", "--untracked-files=no", "--no-renames", "--ignore-submodules")


@dataclass(frozen=True, slots=True)
class Seen:
    """A file at one moment; `data` is None where it was not read."""

    modified: int
    size: int
    data: bytes | None = None


@dataclass(frozen=True, slots=True)
class Trace:
    """A file that became another one; `changes` is None where nobody knows which lines."""

    path: str
    sha: str
    changes: tuple[LineChange, ...] | None


async def changed_files(root: Path) -> tuple[str, ...]:
    """The tracked files that differ from the last commit; none outside of git."""
    answer = await run_git(_STATUS, root)
    entries = [entry[3:] for entry in answer.out.split("\0") if len(entry) > 3] if answer.ok else []
    return tuple(entries[:MOST_FILES])


async def uncommitted(root: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The tracked files that differ from the last commit, and the files that git does not know."""
    answer = await run_git((*_STATUS[:3], "--untracked-files=all", *_STATUS[4:]), root)
    entries = [entry for entry in answer.out.split("\0") if len(entry) > 3] if answer.ok else []
    new = tuple(entry[3:] for entry in entries if entry.startswith("??"))
    return tuple(entry[3:] for entry in entries if not entry.startswith("??")), new


async def counted(root: Path, paths: Iterable[str]) -> dict[str, tuple[int, int]]:
    """How many lines of tracked files were added and removed since the last commit."""
    wanted = tuple(paths)
    answer = await run_git(("diff", "--numstat", "-z", "HEAD", "--", *wanted), root) if wanted else None
    found = {}
    for entry in answer.out.split("\0") if answer is not None and answer.ok else ():
        added, _, rest = entry.partition("\t")
        removed, _, path = rest.partition("\t")
        if added.isdigit() and removed.isdigit():
            found[path] = (int(added), int(removed))
    return found


def look(root: Path, paths: Iterable[str], whole: Iterable[str] = ()) -> dict[str, Seen]:
    """The files as they are, those of `whole` with their text; blocks."""
    read = frozenset(whole)
    found = {}
    for path in {*paths, *read}:
        full = os.path.join(root, path)
        try:
            about = os.stat(full)
            data = _read(full) if path in read and about.st_size <= LARGEST else None
        except OSError:
            continue
        found[path] = Seen(about.st_mtime_ns, about.st_size, data)
    return found


def compare(root: Path, before: Mapping[str, Seen], now: Iterable[str]) -> list[Trace]:
    """The files among those seen `before` and those named `now` that changed since; blocks."""
    traces = []
    paths = {*before, *now}
    after = look(root, paths)
    for path in sorted(paths):
        old, new = before.get(path), after.get(path)
        if old is None and new is None:
            continue
        if old is not None and new is not None and (old.modified, old.size) == (new.modified, new.size):
            continue
        trace = _trace(root, path, old, new)
        if trace is not None:
            traces.append(trace)
    return traces


def _trace(root: Path, path: str, old: Seen | None, new: Seen | None) -> Trace | None:
    if new is None:
        return Trace(path, "", None)
    try:
        data = _read(os.path.join(root, path)) if new.size <= LARGEST else b""
    except OSError:
        return Trace(path, "", None)
    if old is None or old.data is None or not data:
        return Trace(path, sha_of(data) if data else "", None)
    if old.data == data:
        return None
    texts = [one.decode("utf-8", "surrogateescape") for one in (old.data, data)]
    made = describe(texts[0], (whole_splice(texts[0], texts[1]),))
    return Trace(path, sha_of(data), made.line_changes)


def _read(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()
