"""Content search over a project's files, the same with ripgrep and without."""

import os
import re
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path

from loomkin.project.glob import glob_regex
from loomkin.project.listing import list_in_parts, shown_path
from loomkin.project.problem import Problem
from loomkin.project.search_fallback import (
    Hits,
    compiled,
    is_plain,
    may_match_in_huge,
    merged,
    read_regular,
    search_in_python,
)
from loomkin.project.search_pattern import Pattern, read_pattern
from loomkin.project.search_ripgrep import RipgrepFailed, find_ripgrep, search_with_ripgrep
from loomkin.project.search_worker import search_in_worker
from loomkin.project.secrets import is_secret_path, secret_paths
from loomkin.records.dataclass import dataclass

LIMIT = 200
CONTEXT_LIMIT = 20
LINE_CHARS = 400
SEARCH_SECONDS = 20.0
FEW_FILES = 10_000


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a file, numbered from 1; `matches` is False for context."""

    number: int
    text: str
    matches: bool = True


@dataclass(frozen=True, slots=True)
class FileMatches:
    """The lines shown of one file; `count` is the number of all its matching lines."""

    path: str
    count: int
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class SearchResult:
    """Matches grouped by file, files sorted by path; `total` and `file_count` count all, shown or not.

    `notes` are sentences about files that were passed over; `engine` is `ripgrep` or `python`.
    """

    files: tuple[FileMatches, ...]
    total: int
    file_count: int
    notes: tuple[str, ...]
    engine: str

    @property
    def shown(self) -> int:
        """How many matching lines are in `files`."""
        return sum(line.matches for file in self.files for line in file.lines)

    @property
    def truncated(self) -> bool:
        """Whether some matching lines were left out."""
        return self.shown < self.total


@dataclass(frozen=True, slots=True)
class _Part:
    """Files to search, and those of them that may be something else than a file: None for all."""

    files: list[str]
    unsure: Collection[str] | None


def search(
    pattern: str,
    root: Path,
    path: str | None = None,
    glob: str | None = None,
    context: int = 0,
    ignore_case: bool = False,
    limit: int = LIMIT,
    ripgrep: str | bool = True,
) -> SearchResult | Problem:
    """Find lines that match a regular expression in the files at or below `path` (relative to `root`).

    Ignored, secret, binary and huge files are passed over; the last three are noted, binary ones and huge
    ones that git tracks only where they match. A `glob` with a leading `!` leaves out what it matches.
    `ripgrep` is the program to use, False for none, True to look for one and use it where it is the faster
    one. Blocks; run it in a thread.
    """
    read = read_pattern(pattern, ignore_case)
    if isinstance(read, Problem):
        return read
    program = find_ripgrep() if ripgrep is True else (ripgrep or None)
    least = FEW_FILES if ripgrep is True and is_plain(read) else 0
    notes: list[str] = []
    found = _search_parts(read, root, _parts(root, path or "", glob, notes), max(limit, 0), program, least)
    if isinstance(found, Problem):
        return found
    hits, engine = found
    if hits.binary:
        notes.append(_note(hits.binary, "binary file that matches was", "binary files that match were"))
    if hits.huge:
        notes.append(_note(hits.huge, "file over 16 MB was", "files over 16 MB were"))
    if hits.closed:
        notes.append(_note(hits.closed, "file that may not be read was", "files that may not be read were"))
    around = min(context, CONTEXT_LIMIT)
    shown = tuple(
        FileMatches(name, hits.counts[name], _lines(f"{root}/{name}", numbers, around, read))
        for name, numbers in hits.lines.items()
    )
    return SearchResult(shown, sum(hits.counts.values()), len(hits.counts), tuple(notes), engine)


def _parts(root: Path, path: str, glob: str | None, notes: list[str]) -> Iterator[_Part | Problem]:
    """The files to search, sorted in each part; what is passed over goes to `notes` at the end."""
    if not os.path.lexists(root / path):
        yield Problem(
            f"There is no file or folder {path!r}.", "List the folder above it to see what there is."
        )
        return
    regex = glob_regex(glob.removeprefix("!")) if glob else None
    if isinstance(regex, Problem):
        yield regex
        return
    # The root's own place counts: all of ~/.ssh is secret, and ~/.aws/credentials by its folder's name.
    all_secret = is_secret_path(root / path / "_") or is_secret_path(root.absolute() / path / "_")
    secret: list[str] = []
    for listing in list_in_parts(root, path):
        notes += listing.problems
        files = list(listing.files)
        if regex is not None:
            wanted = not (glob or "").startswith("!")
            files = [name for name in files if (regex.fullmatch(name) is not None) == wanted]
        hidden = files if all_secret else secret_paths(files, root.name)
        if hidden:
            secret += hidden
            dropped = set(hidden)
            files = [name for name in files if name not in dropped]
        yield _Part(files, listing.unsure)
    if secret:
        notes.append(_note(sorted(secret), "secret file was", "secret files were"))


def _search_parts(
    pattern: Pattern,
    root: Path,
    parts: Iterator[_Part | Problem],
    limit: int,
    program: str | None,
    least: int,
) -> tuple[Hits, str] | Problem:
    """Search each part while the next one is being listed; `least` files are worth starting a program."""
    hits, engine = [Hits()], "ripgrep" if program and not pattern.python_only else "python"
    for part in parts:
        if isinstance(part, Problem):
            return part
        found = _find(pattern, str(root), part, limit, program if len(part.files) >= least else None)
        if isinstance(found, Problem):
            return found
        hits.append(found[0])
        engine = found[1]
    return merged(hits[1:] or hits, limit), engine


def _find(
    pattern: Pattern, top: str, part: _Part, limit: int, program: str | None
) -> tuple[Hits, str] | Problem:
    hits: Hits | Problem | None = None
    engine = "ripgrep"
    if program and not pattern.python_only:
        with suppress(RipgrepFailed):
            hits = search_with_ripgrep(program, pattern, top, part.files, limit, SEARCH_SECONDS, part.unsure)
    if hits is None:
        engine = "python"
        if pattern.risky:
            hits = search_in_worker(pattern, top, part.files, limit, SEARCH_SECONDS)
        else:
            hits = search_in_python(pattern, top, part.files, limit)
    if isinstance(hits, Problem):
        return hits
    if hits.huge and part.unsure is not None and not pattern.risky:
        hits.huge = [name for name in hits.huge if name in part.unsure or _may_match(pattern, top, name)]
    return hits, engine


def _may_match(pattern: Pattern, top: str, name: str) -> bool:
    try:
        return may_match_in_huge(pattern, os.path.join(top, name))
    except OSError:
        return False


def _note(names: list[str], one: str, many: str) -> str:
    first = ", ".join(shown_path(name) for name in names[:3]) + (", …" if len(names) > 3 else "")
    return f"{len(names)} {one if len(names) == 1 else many} passed over: {first}"


def _lines(path: str, numbers: list[int], context: int, pattern: Pattern) -> tuple[Line, ...]:
    """The matching lines with their neighbours; a file that has gone meanwhile shows none."""
    try:
        data = read_regular(path)
    except OSError:
        data = None
    last = max(numbers, default=0) + context
    # What follows the last line to be shown stays in one piece, which is never looked at.
    rows = (data or b"").split(b"\n", last)
    if rows[-1] == b"" or len(rows) > last:
        rows.pop()
    matching = set(numbers)
    wanted: set[int] = set()
    for number in numbers:
        wanted.update(range(max(1, number - context), min(len(rows), number + context) + 1))
    return tuple(
        Line(
            number, _shown_line(rows[number - 1], pattern if number in matching else None), number in matching
        )
        for number in sorted(wanted)
        if number <= len(rows)
    )


def _shown_line(row: bytes, pattern: Pattern | None) -> str:
    """A line as text; of a very long one the part around the first match."""
    text = row.removesuffix(b"\r").decode("utf-8", "replace")
    if len(text) <= LINE_CHARS:
        return text
    start = 0
    if pattern is not None and not pattern.risky:
        over_bytes, over_text = compiled(pattern)
        found: re.Match[bytes] | re.Match[str] | None = None
        if over_bytes is not None:
            found = over_bytes.search(row)
            start = len(row[: found.start()].decode("utf-8", "replace")) if found else 0
        elif over_text is not None:
            found = over_text.search(text)
            start = found.start() if found else 0
    start = max(0, min(start - LINE_CHARS // 4, len(text) - LINE_CHARS))
    end = start + LINE_CHARS
    return f"{'…' if start else ''}{text[start:end]}{'…' if end < len(text) else ''}"
