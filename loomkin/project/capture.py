"""The output of one command: whole in a file, its beginning and end in memory."""

import errno
import os
import threading
from pathlib import Path

from loomkin.errors import StoreError
from loomkin.records.dataclass import dataclass
from loomkin.records.regex import pattern

HEAD_BYTES = 64 * 1024
TAIL_BYTES = 128 * 1024
FILE_BYTES = 64 * 1024 * 1024
_SEQUENCE = pattern(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|[()][0-9A-Za-z])")
_BEGUN = pattern(rb"\x1b(?:\[[0-?]{0,32}[ -/]{0,4})?$")


@dataclass(frozen=True, slots=True)
class Captured:
    """Output so far: `text` when all of it is in memory, else its `head` and `tail`.

    `missing_lines` counts the line ends between the two; `note` says why the file does not hold everything.
    """

    head: str
    tail: str
    total_bytes: int
    missing_bytes: int
    missing_lines: int
    note: str

    @property
    def text(self) -> str:
        """Everything known, without a mark where something is missing."""
        return self.head + self.tail


class Capture:
    """Takes bytes in, keeps at most 192 KB of them in memory and at most 64 MB in its file.

    `write` blocks on the disk: call it in a thread; the rest may be called meanwhile. A disk that fills up
    ends the file, not the command.
    """

    def __init__(self, path: Path, descriptor: int, file_bytes: int = FILE_BYTES) -> None:
        self.path = path
        self.note = ""
        self.total = 0
        self._descriptor = descriptor
        self._room = file_bytes
        self._head = bytearray()
        self._tail = bytearray()
        self._passed_lines = 0
        self._lock = threading.Lock()
        self._unfinished = b""

    def write(self, data: bytes) -> None:
        """Add output; never raises for the disk's sake."""
        with self._lock:
            data = self._plain(data)
            self.total += len(data)
            free = HEAD_BYTES - len(self._head)
            if free > 0:
                self._head += data[:free]
            self._tail += data[max(free, 0) :]
            if len(self._tail) > 2 * TAIL_BYTES:
                cut = len(self._tail) - TAIL_BYTES
                self._passed_lines += self._tail.count(b"\n", 0, cut)
                del self._tail[:cut]
            self._store(data)

    def _plain(self, data: bytes) -> bytes:
        """The bytes without colours and cursor movements, so that searching the file finds what was shown."""
        data, self._unfinished = self._unfinished + data, b""
        if b"\x1b" not in data:
            return data
        begun = _BEGUN.search(data)
        if begun:
            data, self._unfinished = data[: begun.start()], data[begun.start() :]
        return _SEQUENCE.sub(b"", data)

    def close(self) -> None:
        """Close the file; what comes later is kept in memory only."""
        with self._lock:
            if self._descriptor >= 0:
                os.close(self._descriptor)
                self._descriptor = -1

    def captured(self) -> Captured:
        """All there is until now."""
        with self._lock:
            head, tail, total = bytes(self._head), bytes(self._tail), self.total
            lines = self._passed_lines
        dropped = max(len(tail) - TAIL_BYTES, 0)
        lines += tail.count(b"\n", 0, dropped)
        missing = total - len(head) - len(tail) + dropped
        if missing == 0:
            return Captured(_text(head + tail), "", total, 0, 0, self.note)
        return Captured(_text(head), _text(tail[dropped:]), total, missing, lines, self.note)

    def since(self, position: int) -> tuple[str, int, int]:
        """Output after byte `position` as text, how many bytes of it are only in the file, and the end."""
        with self._lock:
            head, tail, total = bytes(self._head), bytes(self._tail), self.total
        start_of_tail = total - len(tail)
        if position >= start_of_tail:
            return _text(tail[position - start_of_tail :]), 0, total
        missing = start_of_tail - max(position, len(head))
        return _text(head[position:] + tail), missing, total

    def _store(self, data: bytes) -> None:
        if self._descriptor < 0 or self._room <= 0:
            return
        try:
            os.write(self._descriptor, data[: self._room])
        except OSError as error:
            self._room = 0
            full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
            self.note = f"the file is incomplete: {'no room left on the disk' if full else error.strerror}"
            return
        self._room -= len(data)
        if self._room <= 0:
            self.note = f"the file holds the first {os.fstat(self._descriptor).st_size // 1_000_000} MB only"


def open_capture(folder: Path, file_bytes: int = FILE_BYTES) -> tuple[str, Capture]:
    """Create the next output file of a folder, `out1.txt`, `out2.txt`, …; its id is the name without suffix.

    Raises StoreError when the folder cannot be written.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        number = 1 + max((_number(name) for name in os.listdir(folder)), default=0)
        while True:
            path = folder / f"out{number}.txt"
            try:
                flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
                return path.stem, Capture(path, os.open(path, flags, 0o600), file_bytes)
            except FileExistsError:
                number += 1
    except OSError as error:
        raise StoreError(
            f"The output of commands cannot be kept in {folder}: {error.strerror}.",
            hint="Make the folder writable and check that the disk has room.",
        ) from error


def _number(name: str) -> int:
    digits = name.removeprefix("out").removesuffix(".txt")
    return int(digits) if digits.isascii() and digits.isdigit() else 0


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")
