"""Content search with Python's own `re`, over whole files at once."""

import os
import re
import stat
from collections.abc import Iterator, Sequence
from typing import AnyStr

from loomkin.project.search_pattern import Pattern
from loomkin.records.dataclass import dataclass, field

HUGE_BYTES = 16 * 1024 * 1024
PIECE_BYTES = 4 * 1024 * 1024
LONGEST_LINE = 64 * 1024 * 1024
BINARY_PROBE = 8192
MEMORY_BYTES = 256 * 1024
OPEN_FLAGS = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK


@dataclass(slots=True)
class Hits:
    """What an engine found: matching lines a file, and for the first ones their numbers, from 1.

    `lines` holds at most the limit in all, taken from the files in their order; `counts` is complete.
    """

    counts: dict[str, int] = field(default_factory=dict)
    lines: dict[str, list[int]] = field(default_factory=dict)
    binary: list[str] = field(default_factory=list)
    huge: list[str] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)


def merged(parts: Sequence[Hits], limit: int) -> Hits:
    """The hits of several searches of different files as those of one search, sorted by path."""
    if len(parts) == 1:
        return parts[0]
    whole = Hits()
    counts = {name: count for part in parts for name, count in part.counts.items()}
    found = {name: lines for part in parts for name, lines in part.lines.items()}
    whole.counts = {name: counts[name] for name in sorted(counts)}
    for name in whole.counts:
        if limit and name in found:
            whole.lines[name] = found[name][:limit]
            limit -= len(whole.lines[name])
    whole.binary = sorted(name for part in parts for name in part.binary)
    whole.huge = sorted(name for part in parts for name in part.huge)
    whole.closed = sorted(name for part in parts for name in part.closed)
    return whole


def is_binary(data: bytes) -> bool:
    """Git's rule: a NUL byte near the beginning."""
    return b"\0" in data[:BINARY_PROBE]


def read_regular(path: str) -> bytes | None:
    """The bytes of a regular file of at most 16 MB; None for a larger one.

    Raises OSError for what is missing, unreadable, a link, a folder or a device.
    """
    descriptor = os.open(path, OPEN_FLAGS)
    try:
        # Cheaper than fstat: a pipe has no end, a folder cannot be read, a character device ends at 0.
        size = os.lseek(descriptor, 0, os.SEEK_END)
        if 0 < size <= HUGE_BYTES:
            data = os.pread(descriptor, size + 1, 0)
            if len(data) == size:
                return data
        os.lseek(descriptor, 0, os.SEEK_SET)
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(f"{path} is not a regular file")
        if status.st_size > HUGE_BYTES:
            return None
        data = os.read(descriptor, status.st_size + 1)
        if len(data) == status.st_size:
            return data
        parts = [data]
        while part := os.read(descriptor, 1 << 20):
            parts.append(part)
        return b"".join(parts)
    finally:
        os.close(descriptor)


def may_match_in_huge(pattern: Pattern, path: str) -> bool:
    """Whether a line of a file of any size matches, or is too long to be held and looked at (64 MB)."""
    over_bytes, over_text = compiled(pattern)

    def matches(data: bytes) -> bool:
        if over_bytes is not None:
            return matching_lines(over_bytes, data, 0, b"\n")[0] > 0
        text = data.decode("utf-8", "surrogateescape")
        return over_text is not None and matching_lines(over_text, text, 0, "\n")[0] > 0

    rest = b""
    with open(os.open(path, OPEN_FLAGS), "rb", buffering=0) as file:
        while piece := file.read(PIECE_BYTES):
            end = piece.rfind(b"\n") + 1
            if end and matches(rest + piece[:end]):
                return True
            rest = piece[end:] if end else rest + piece
            if len(rest) > LONGEST_LINE:
                return True
    return bool(rest) and matches(rest)


def compiled(pattern: Pattern) -> tuple[re.Pattern[bytes] | None, re.Pattern[str] | None]:
    """The pattern over bytes, or over text where it holds characters beyond ASCII."""
    flags = re.MULTILINE | (re.IGNORECASE if pattern.ignore_case else 0)
    if pattern.python.isascii():
        return re.compile(pattern.python.encode(), flags), None
    return None, re.compile(pattern.python, flags)


def is_plain(pattern: Pattern) -> bool:
    """Whether it is a text without operators, which Python finds as fast as any program."""
    return not pattern.ignore_case and pattern.python in (pattern.literal, re.escape(pattern.literal))


class _Reader:
    """Reads files below one folder, all into the same memory: only those that hold the needle are copied."""

    def __init__(self, top: str, needle: bytes) -> None:
        self._top = top.rstrip("/")
        self._folder = os.open(top, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        self._needle = needle
        self._memory = bytearray(MEMORY_BYTES if needle and hasattr(os, "preadv") else 0)
        self._into = (self._memory,)

    def __enter__(self) -> "_Reader":
        return self

    def __exit__(self, *error: object) -> None:
        os.close(self._folder)

    def read(self, name: str) -> bytes | None:
        """What `read_regular` gives; nothing of a file that does not hold the needle."""
        memory = self._memory
        if not memory:
            return self._whole(name)
        # from the folder on, as the way to it takes the system a tenth of the time
        descriptor = os.open(name, OPEN_FLAGS, dir_fd=self._folder)
        try:
            size = os.lseek(descriptor, 0, os.SEEK_END)
            read = os.preadv(descriptor, self._into, 0) if size < len(memory) else -1
        finally:
            os.close(descriptor)
        if read == size:
            return bytes(memory[:size]) if memory.find(self._needle, 0, size) >= 0 else b""
        return self._whole(name)

    def _whole(self, name: str) -> bytes | None:
        data = read_regular(f"{self._top}/{name}")
        return b"" if data is not None and self._needle not in data else data


def search_in_python(pattern: Pattern, top: str, files: Sequence[str], limit: int) -> Hits:
    """Search the files, in their order; those that have gone or are no files are passed over."""
    over_bytes, over_text = compiled(pattern)
    needle = pattern.literal.encode() if pattern.literal.isascii() else b""
    if pattern.ignore_case:
        needle = needle.lower()
    # The rest of its line goes with each match of a plain text, so lines are counted without looking at them.
    line = re.compile(re.escape(needle) + rb"[^\n]*") if needle and is_plain(pattern) else None
    hits = Hits()
    wanted = limit
    for name, data in _read(top, files, b"" if pattern.ignore_case else needle, hits):
        if pattern.ignore_case and needle not in data.lower():
            continue
        lines: list[int] = []
        if line is not None and not wanted:
            count = len(line.findall(data))
        elif over_bytes is not None:
            count, lines = matching_lines(over_bytes, data, wanted, b"\n")
        elif over_text is not None:
            count, lines = matching_lines(over_text, data.decode("utf-8", "surrogateescape"), wanted, "\n")
        if not count:
            continue
        if is_binary(data):
            hits.binary.append(name)
            continue
        hits.counts[name] = count
        if lines:
            hits.lines[name] = lines
            wanted -= len(lines)
    return hits


def _read(top: str, files: Sequence[str], needle: bytes, hits: Hits) -> Iterator[tuple[str, bytes]]:
    """The files that hold the needle; what is huge or closed goes to `hits`."""
    with _Reader(top, needle) as reader:
        for name in files:
            try:
                data = reader.read(name)
            except PermissionError:
                hits.closed.append(name)
            except OSError:
                continue
            else:
                if data:
                    yield name, data
                elif data is None:
                    hits.huge.append(name)


def matching_lines(
    regex: re.Pattern[AnyStr], data: AnyStr, wanted: int, line_break: AnyStr
) -> tuple[int, list[int]]:
    """How many lines match, and the numbers of the first `wanted` of them.

    A pattern of the dialect never crosses a line, so after a match the search goes on at the next line.
    """
    count = 0
    lines: list[int] = []
    number = 1
    counted = position = 0
    size = len(data)
    last_is_open = bool(size) and not data.endswith(line_break)
    while found := regex.search(data, position):
        start = found.start()
        if start == size and not last_is_open:
            break
        count += 1
        if count <= wanted:
            number += data.count(line_break, counted, start)
            counted = start
            lines.append(number)
        position = data.find(line_break, start) + 1
        if not position:
            break
    return count, lines
