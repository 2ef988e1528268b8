"""One writer at a time in a repository: our agents wait for each other, and for other programs a little."""

import asyncio
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from pathlib import Path
from weakref import WeakKeyDictionary

from loomkin.project.problem import Problem
from loomkin.project.root import Root, find_root
from loomkin.records.regex import pattern

WAIT = 2.0
_STEP = 0.05
_LOCK = "index.lock"
_WRITES = pattern(
    r"\bgit\b[^|&;\n]*?\s(add|am|apply|checkout|cherry-pick|clean|commit|merge|mv|pull|rebase|reset|restore|"
    r"revert|rm|stash|switch|update-index)\b"
)
_Loop = asyncio.AbstractEventLoop
_locks: WeakKeyDictionary[_Loop, dict[Path, asyncio.Lock]] = WeakKeyDictionary()
_held: ContextVar[frozenset[Path]] = ContextVar("held", default=frozenset())


@asynccontextmanager
async def git_writes(root: Root) -> AsyncIterator[None]:
    """Hold the right to write in a repository, its worktrees included; whoever holds it may ask again."""
    where = root.common_dir or root.path
    if where in _held.get():
        yield
        return
    async with _locks.setdefault(asyncio.get_running_loop(), {}).setdefault(where, asyncio.Lock()):
        mark = _held.set(_held.get() | {where})
        try:
            yield
        finally:
            _held.reset(mark)


@asynccontextmanager
async def writes_of(command: str, folder: Path) -> AsyncIterator[None]:
    """The same for a shell command that calls git to write; any other one waits for nobody."""
    if not _WRITES.search(command):
        yield
        return
    async with git_writes(await asyncio.to_thread(find_root, folder)):
        yield


async def index_free(root: Root, seconds: float = WAIT) -> Problem | None:
    """Wait for another program to let go of the index; whose it is where it does not. Nothing is deleted."""
    if root.git_dir is None:
        return None
    lock = root.git_dir / _LOCK
    until = time.monotonic() + seconds
    while lock.is_symlink() or lock.exists():
        if time.monotonic() >= until:
            return await asyncio.to_thread(_taken, lock)
        await asyncio.sleep(_STEP)
    return None


def blocked_by_lock(complaint: str) -> bool:
    """Whether git gave up since the index was locked."""
    return _LOCK in complaint and "File exists" in complaint


def _taken(lock: Path) -> Problem:
    try:
        age = max(time.time() - lock.lstat().st_mtime, 0.0)
    except OSError:
        age = 0.0
    what = f"Another program is writing in this repository: {lock} is {_span(age)} old"
    if holder := _holder(lock):
        return Problem(f"{what}, held by {holder}.", "Wait until it is done, then try again.")
    hint = "If no git runs here, it was left by one that crashed: a person may remove that file."
    return Problem(f"{what}; no running process was found to hold it.", hint)


def _holder(lock: Path) -> str:
    """The process that has the lock open, else a git that works in this repository; where `/proc` tells."""
    target = os.path.realpath(lock)
    tree, git_dir = os.path.realpath(lock.parent.parent), os.path.realpath(lock.parent)
    near = ""
    try:
        numbers = [name for name in os.listdir("/proc") if name.isdecimal()]
    except OSError:
        return ""
    for number in numbers:
        words = _command(number)
        if not words:
            continue
        if target in _open_files(number):
            return f"`{words}` (pid {number})"
        folder = _link(f"/proc/{number}/cwd")
        if not near and words.split()[0].rpartition("/")[2] == "git" and folder.startswith((tree, git_dir)):
            near = f"probably `{words}` (pid {number})"
    return near


def _open_files(number: str) -> set[str]:
    try:
        names = os.listdir(f"/proc/{number}/fd")
    except OSError:
        return set()
    return {_link(f"/proc/{number}/fd/{name}") for name in names}


def _command(number: str) -> str:
    try:
        with open(f"/proc/{number}/cmdline", "rb") as file:
            words = file.read(400).rstrip(b"\0").replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""
    return " ".join(words.split())[:80]


def _link(path: str) -> str:
    try:
        return os.readlink(path)
    except OSError:
        return ""


def _span(seconds: float) -> str:
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"
