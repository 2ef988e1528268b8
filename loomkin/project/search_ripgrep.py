"""Content search with the ripgrep program, where there is one."""

import os
import shutil
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

from loomkin.project.problem import Problem
from loomkin.project.search_fallback import BINARY_PROBE, HUGE_BYTES, Hits, is_binary
from loomkin.project.search_pattern import Pattern
from loomkin.records.regex import pattern

# The kernel gives arguments and environment together a quarter of the stack: 2 MB as a rule.
BATCH_BYTES = 1_000_000
_RECORD = pattern(rb"([^\0]+)\0(\d+)[:-][^\n]*\n")
_OPTIONS = (
    "--no-config", "--no-messages", "--color=never", "--no-heading", "--with-filename", "--null",
    "--line-number", "--text", "--encoding=none", "--max-columns=1", "--no-ignore", "--hidden",
)  # fmt: skip


class RipgrepFailed(Exception):
    """This ripgrep does not take the pattern; the other engine may."""


def find_ripgrep() -> str | None:
    """The `rg` on PATH, or the one installed beside the interpreter."""
    beside = Path(sys.executable).parent / "rg"
    return shutil.which("rg") or (str(beside) if os.access(beside, os.X_OK) else None)


def search_with_ripgrep(
    program: str, pattern: Pattern, top: str, files: Sequence[str], limit: int, seconds: float
) -> Hits | Problem:
    """Search the files; results equal those of `search_in_python`.

    Raises RipgrepFailed when the program cannot be started or refuses the pattern.
    """
    hits = Hits()
    searched = _regular(top, files, hits)
    found: dict[str, list[int]] = {}
    command = [program, *_OPTIONS, "--ignore-case" if pattern.ignore_case else "--case-sensitive"]
    if pattern.python.isascii():
        command.append("--no-unicode")
    command += [f"--regexp={pattern.rust}", "--"]
    for batch in _batches(searched):
        if not _run([*command, *batch], top, found, hits.counts, limit, seconds):
            return Problem(
                f"The search was stopped after {seconds:g} s.",
                "Narrow it with `path` or `glob`, then try again.",
            )
    counts = hits.counts
    hits.counts = {}
    wanted = limit
    for name in files:
        if name not in counts:
            continue
        if _starts_binary(os.path.join(top, name)):
            hits.binary.append(name)
            continue
        hits.counts[name] = counts[name]
        if wanted:
            hits.lines[name] = sorted(found[name])[:wanted]
            wanted -= len(hits.lines[name])
    return hits


def _regular(top: str, files: Sequence[str], hits: Hits) -> list[str]:
    """Regular files that are not huge: a device or pipe would never end."""
    kept: list[str] = []
    folder = os.open(top, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for name in files:
            try:
                status = os.stat(name, dir_fd=folder, follow_symlinks=False)
            except PermissionError:
                hits.closed.append(name)
                continue
            except OSError:
                continue
            if stat.S_ISREG(status.st_mode):
                (kept if status.st_size <= HUGE_BYTES else hits.huge).append(name)
    finally:
        os.close(folder)
    return kept


def _batches(files: Sequence[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    size = 0
    for name in files:
        cost = (len(name) if name.isascii() else len(os.fsencode(name))) + 16
        if batch and size + cost > BATCH_BYTES:
            yield batch
            batch, size = [], 0
        batch.append(name)
        size += cost
    if batch:
        yield batch


def _run(
    command: list[str],
    top: str,
    found: dict[str, list[int]],
    counts: dict[str, int],
    limit: int,
    seconds: float,
) -> bool:
    """Run one batch and add its lines; False when time ran out. Memory grows with files, not with hits."""
    try:
        process = subprocess.Popen(
            command, cwd=top, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
    except OSError as error:
        raise RipgrepFailed(str(error)) from error
    timer = threading.Timer(seconds, process.kill)
    with process:
        timer.start()
        try:
            for path, number in _records(process):
                count = counts.get(path, 0)
                counts[path] = count + 1
                if count < limit:
                    found.setdefault(path, []).append(number)
            complaint = process.stderr.read() if process.stderr else b""
            code = process.wait()
        except BaseException:
            process.kill()
            raise
        finally:
            timer.cancel()
    if code == 2 and complaint:
        raise RipgrepFailed(complaint.decode(errors="replace"))
    return code >= 0


def _records(process: subprocess.Popen[bytes]) -> Iterator[tuple[str, int]]:
    rest = b""
    while process.stdout and (chunk := os.read(process.stdout.fileno(), 1 << 18)):
        rest += chunk
        end = 0
        for record in _RECORD.finditer(rest):
            yield os.fsdecode(record[1]), int(record[2])
            end = record.end()
        rest = rest[end:]


def _starts_binary(path: str) -> bool:
    try:
        with open(path, "rb") as file:
            return is_binary(file.read(BINARY_PROBE))
    except OSError:
        return False
