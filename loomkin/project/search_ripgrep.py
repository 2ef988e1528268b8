"""Content search with the ripgrep program, where there is one."""

import os
import selectors
import shutil
import stat
import subprocess
import sys
import time
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

from loomkin.project.problem import Problem
from loomkin.project.search_fallback import BINARY_PROBE, HUGE_BYTES, OPEN_FLAGS, Hits, is_binary
from loomkin.project.search_pattern import Pattern
from loomkin.records.dataclass import dataclass, field
from loomkin.records.regex import pattern

# The kernel gives arguments and environment together a quarter of the stack: 2 MB as a rule.
BATCH_BYTES = 1_000_000
BATCH_FILES = 500, 4_000
PROCESSES = 2
# What has not ended by now may be reading a pipe or device that was a file when git last looked.
PATIENCE_SECONDS = 0.5
_RECORD = pattern(rb"([^\0]+)\0(\d+)[:-][^\n]*\n")
_OPTIONS = (
    "--no-config", "--no-messages", "--color=never", "--no-heading", "--with-filename", "--null",
    "--line-number", "--text", "--encoding=none", "--max-columns=1", "--no-ignore", "--hidden",
    "--max-depth=0",
)  # fmt: skip


class RipgrepFailed(Exception):
    """This ripgrep does not take the pattern; the other engine may."""


def find_ripgrep() -> str | None:
    """The `rg` on PATH, or the one installed beside the interpreter."""
    beside = Path(sys.executable).parent / "rg"
    return shutil.which("rg") or (str(beside) if os.access(beside, os.X_OK) else None)


def search_with_ripgrep(
    program: str,
    pattern: Pattern,
    top: str,
    files: Sequence[str],
    limit: int,
    seconds: float,
    unsure: Collection[str] | None = None,
) -> Hits | Problem:
    """Search the files; results equal those of `search_in_python`, `seconds` without a word end it.

    The `unsure` ones (default: all) are looked at before, as a device or pipe would never end; of the others
    those that match, and all when it takes long. A huge one of these is told only if it matches.
    Raises RipgrepFailed when the program cannot be started or refuses the pattern.
    """
    command = [program, *_OPTIONS, "--ignore-case" if pattern.ignore_case else "--case-sensitive"]
    if pattern.python.isascii():
        command.append("--no-unicode")
    command += [f"--regexp={pattern.rust}", "--"]
    doubted, sure = files, files[:0]
    if unsure is not None:
        doubted = [name for name in files if name in unsure]
        sure = [name for name in files if name not in unsure]
    looked = _look(top, doubted)
    run = _Run(command, top, limit, seconds)
    try:
        try:
            run.search([*looked.regular, *sure], sure)
        except _NotAFile as found:
            looked = looked.with_others(found.looked)
            sure = ()
            run = _Run(command, top, limit, seconds)
            run.search(looked.regular)
    except TimeoutError:
        return Problem(
            f"The search was stopped after {seconds:g} s.", "Narrow it with `path` or `glob`, then try again."
        )
    hits = run.hits(files)
    hits.huge = sorted([*hits.huge, *looked.huge])
    unread = _closed(top, [*looked.regular, *sure]) if run.unread else ()
    hits.closed = sorted({*looked.closed, *unread})
    return hits


@dataclass(slots=True)
class _Looked:
    """Names by what they are; `odd` says that some are no files."""

    regular: list[str] = field(default_factory=list)
    huge: list[str] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)
    odd: bool = False

    def with_others(self, others: "_Looked") -> "_Looked":
        """These and those."""
        return _Looked(
            self.regular + others.regular,
            self.huge + others.huge,
            self.closed + others.closed,
            self.odd or others.odd,
        )


class _NotAFile(Exception):
    """Among the files taken for ordinary ones there are others."""

    def __init__(self, looked: _Looked) -> None:
        super().__init__()
        self.looked = looked


def _look(top: str, files: Sequence[str]) -> _Looked:
    looked = _Looked()
    if not files:
        return looked
    folder = os.open(top, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for name in files:
            try:
                status = os.stat(name, dir_fd=folder, follow_symlinks=False)
            except PermissionError:
                looked.closed.append(name)
                continue
            except OSError:
                continue
            if not stat.S_ISREG(status.st_mode):
                looked.odd = True
            elif status.st_size > HUGE_BYTES:
                looked.huge.append(name)
            else:
                looked.regular.append(name)
    finally:
        os.close(folder)
    return looked


def _closed(top: str, files: Sequence[str]) -> Iterator[str]:
    """Those that may not be read."""
    for name in files:
        try:
            os.close(os.open(os.path.join(top, name), OPEN_FLAGS))
        except PermissionError:
            yield name
        except OSError:
            continue


def _batches(files: Sequence[str]) -> Iterator[Sequence[str]]:
    """The files of one process each: it takes its list one by one at first, so two of them share it."""
    fewest, most = BATCH_FILES
    share = min(max(-(-len(files) // PROCESSES), fewest), most)
    for start in range(0, len(files), share):
        yield from _fitting(files[start : start + share])


def _fitting(files: Sequence[str]) -> Iterator[Sequence[str]]:
    """Parts short enough for a command's arguments, were every character one of four bytes."""
    size = sum(map(len, files)) + 16 * len(files)
    if size > BATCH_BYTES // 4 and len(files) > 1:
        middle = len(files) // 2
        yield from _fitting(files[:middle])
        yield from _fitting(files[middle:])
    else:
        yield files


class _Run:
    """One search with some processes at a time; memory grows with files, not with hits."""

    def __init__(self, command: Sequence[str], top: str, limit: int, seconds: float) -> None:
        self.unread = False
        self._command = command
        self._top = top
        self._limit = limit
        self._seconds = seconds
        self._found: dict[bytes, list[int]] = {}
        self._counts: dict[bytes, int] = {}

    def search(self, files: Sequence[str], unseen: Sequence[str] = ()) -> None:
        """Collect the lines of the files.

        Raises TimeoutError; _NotAFile when it takes long and some of `unseen` are not what they should be.
        """
        batches = _batches(files)
        started = time.monotonic()
        with selectors.DefaultSelector() as selector:
            try:
                while True:
                    while len(selector.get_map()) < PROCESSES and (batch := next(batches, None)):
                        process = self._start(batch)
                        assert process.stdout
                        selector.register(process.stdout, selectors.EVENT_READ, [process, b""])
                        deadline = time.monotonic() + self._seconds
                    if not selector.get_map():
                        return
                    now = time.monotonic()
                    if unseen and now > started + PATIENCE_SECONDS:
                        looked, unseen = _look(self._top, unseen), ()
                        if looked.odd or looked.huge:
                            raise _NotAFile(looked)
                    if now > deadline:
                        raise TimeoutError
                    until = min(deadline, started + PATIENCE_SECONDS) if unseen else deadline
                    for key, _ in selector.select(max(until - now, 0) + 0.001):
                        if not self._take(key.data):
                            selector.unregister(key.fileobj)
                            self._end(key.data[0])
            finally:
                for key in list(selector.get_map().values()):
                    with key.data[0] as process:
                        process.kill()

    def hits(self, files: Sequence[str]) -> Hits:
        """What was found in the files, in their order."""
        hits = Hits()
        wanted = self._limit
        counts = {os.fsdecode(path): (path, count) for path, count in self._counts.items()}
        for name in files:
            if name not in counts:
                continue
            path, count = counts[name]
            kind = _kind(f"{self._top}/{name}")
            if kind == "text":
                hits.counts[name] = count
                if wanted:
                    hits.lines[name] = sorted(self._found[path])[:wanted]
                    wanted -= len(hits.lines[name])
            elif kind == "binary":
                hits.binary.append(name)
            elif kind == "huge":
                hits.huge.append(name)
        return hits

    def _start(self, files: Sequence[str]) -> subprocess.Popen[bytes]:
        try:
            return subprocess.Popen(
                [*self._command, *files],
                cwd=self._top, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            )  # fmt: skip
        except OSError as error:
            raise RipgrepFailed(str(error)) from error

    def _take(self, reading: list[Any]) -> bool:
        """Add what a process has printed; False at its end."""
        process, rest = reading
        chunk = os.read(process.stdout.fileno(), 1 << 18)
        data = rest + chunk
        counts, limit = self._counts, self._limit
        record = None
        for record in _RECORD.finditer(data):
            path = record[1]
            count = counts[path] = counts.get(path, 0) + 1
            if count <= limit:
                self._found.setdefault(path, []).append(int(record[2]))
        reading[1] = data[record.end() :] if record else data
        return bool(chunk)

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        with process:
            complaint = process.stderr.read() if process.stderr else b""
        if process.returncode == 2 and complaint:
            raise RipgrepFailed(complaint.decode(errors="replace"))
        if process.returncode < 0:
            raise TimeoutError
        self.unread = self.unread or process.returncode == 2


def _kind(path: str) -> str:
    """What a file with matches is: text, binary or huge; empty for what has gone or is no file."""
    try:
        descriptor = os.open(path, OPEN_FLAGS)
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                return ""
            if status.st_size > HUGE_BYTES:
                return "huge"
            return "binary" if is_binary(os.read(descriptor, BINARY_PROBE)) else "text"
        finally:
            os.close(descriptor)
    except OSError:
        return ""
