"""The git program, called without letting a repository's settings run anything; and a repository's state."""

import asyncio
import contextlib
import os
import re
import signal
import time
from collections.abc import Sequence
from pathlib import Path

from loomkin.project.git_lock import WAIT, blocked_by_lock, git_writes, index_free
from loomkin.project.git_marks import in_progress
from loomkin.project.git_safety import (
    READ_OPTIONS,
    WRITE_OPTIONS,
    filter_names,
    filters_off,
    git_environment,
    may_set_filters,
    safe_arguments,
)
from loomkin.project.root import Root, find_root
from loomkin.project.shell_process import group_gone
from loomkin.records.dataclass import dataclass, field
from loomkin.records.regex import pattern

GIT_SECONDS = 30.0
GRACE = 2.0
OUTPUT_BYTES = 8 * 1024 * 1024
_LOG_FORMAT = "--format=%h %s"
_SUBMODULE = pattern(r"^\s*path\s*=\s*(.+?)\s*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class GitResult:
    """What git answered; `code` is 127 where git is not installed and 124 when time ran out.

    `cut` says that output beyond 8 MB was dropped.
    """

    code: int
    out: str
    err: str
    cut: bool = False

    @property
    def ok(self) -> bool:
        """Whether git was content."""
        return self.code == 0


@dataclass(frozen=True, slots=True)
class GitState:
    """A repository at one moment; `problem` is a sentence where there is none or git cannot say.

    `branch` is empty when the head is detached. `ahead` and `behind` count commits against the upstream.
    `commits` are the latest ones as `hash subject`; `in_progress` is merge, rebase, … or empty.
    """

    root: Path
    problem: str = ""
    branch: str = ""
    head: str = ""
    detached: bool = False
    unborn: bool = False
    bare: bool = False
    upstream: str = ""
    ahead: int = 0
    behind: int = 0
    staged: int = 0
    changed: int = 0
    untracked: int = 0
    conflicted: int = 0
    in_progress: str = ""
    commits: tuple[str, ...] = ()
    submodules: tuple[str, ...] = ()

    @property
    def clean(self) -> bool:
        """Whether the work tree has nothing to commit."""
        return not (self.staged or self.changed or self.untracked or self.conflicted)


async def run_git(
    args: Sequence[str],
    cwd: Path,
    timeout: float = GIT_SECONDS,
    *,
    read: bool = True,
    root: Root | None = None,
) -> GitResult:
    """Run git with closed input; never raises for what git does.

    A reading call (`read`) runs no hooks, monitors, pagers, signature checks or filters that the
    repository's configuration names, takes no locks and reaches no network. Writing ones go one by one, and
    wait two seconds for another program's. Cancelling ends git and its children first.
    """
    if not read:
        return await _write([*WRITE_OPTIONS, *args], cwd, timeout, root)
    filters = await repository_filters(cwd, timeout, root)
    if isinstance(filters, GitResult):
        return filters
    words = [*args[:1], *safe_arguments(args[0] if args else ""), *args[1:]]
    return await _spawn([*READ_OPTIONS, *filters_off(filters), *words], cwd, timeout)


async def _write(words: Sequence[str], cwd: Path, timeout: float, root: Root | None) -> GitResult:
    place = await asyncio.to_thread(find_root, cwd) if root is None else root
    until = time.monotonic() + WAIT
    async with git_writes(place):
        while True:
            left = max(until - time.monotonic(), 0.0)
            if taken := await index_free(place, left):
                return GitResult(128, "", str(taken))
            done = await _spawn(words, cwd, timeout, read=False)
            # it lost a race for the lock and has done nothing
            if not blocked_by_lock(done.err) or time.monotonic() >= until:
                return done


async def repository_filters(
    cwd: Path, timeout: float = GIT_SECONDS, root: Root | None = None
) -> tuple[str, ...] | GitResult:
    """The names of clean and smudge filters that the repository's own settings hold, or git's complaint."""
    if root is None:
        root = await asyncio.to_thread(find_root, cwd)
    if not await asyncio.to_thread(may_set_filters, root.common_dir, root.git_dir):
        return ()
    listing = ["config", "--includes", "--list", "--show-scope", "--name-only", "-z"]
    names = await _spawn([*READ_OPTIONS, *listing], cwd, timeout)
    return filter_names(names.out) if names.ok else names


async def state(root: Root, commits: int = 5) -> GitState:
    """The state of the repository, from two calls of git, in every kind of repository there is."""
    if root.git_dir is None:
        return GitState(root.path, problem="not in a git repository")
    doing, submodules = await asyncio.to_thread(_look, root)
    status_args = ["status", "--porcelain=v2", "--branch", "-z", "--untracked-files=normal", "--no-renames"]
    if root.bare:
        status_args = ["symbolic-ref", "--short", "-q", "HEAD"]
    async with asyncio.TaskGroup() as group:
        status = group.create_task(run_git(status_args, root.path, root=root))
        log = group.create_task(run_git(["log", f"-{commits}", "-z", _LOG_FORMAT], root.path, root=root))
    latest = tuple(line for line in log.result().out.split("\0") if line)
    answer = status.result()
    if root.bare:
        branch = answer.out.strip()
        head = latest[0].split(" ", 1)[0] if latest else ""
        problem = _complaint(answer) if answer.code not in (0, 1) else ""
        detached = not branch and not problem
        return GitState(
            root.path, problem, branch, head, detached, not latest, bare=True, commits=latest
        )  # fmt: skip
    if not answer.ok:
        return GitState(root.path, problem=_complaint(answer), in_progress=doing)
    found = _parse_status(answer.out)
    return GitState(
        root.path, branch=found.branch, head=found.head, detached=found.detached, unborn=not found.head,
        upstream=found.upstream, ahead=found.ahead, behind=found.behind, staged=found.staged,
        changed=found.changed, untracked=found.untracked, conflicted=found.conflicted,
        in_progress=doing, commits=latest, submodules=submodules,
    )  # fmt: skip


@dataclass(slots=True)
class _Status:
    branch: str = ""
    head: str = ""
    detached: bool = False
    upstream: str = ""
    ahead: int = 0
    behind: int = 0
    staged: int = 0
    changed: int = 0
    untracked: int = 0
    conflicted: int = 0
    headers: dict[str, str] = field(default_factory=dict)


def _parse_status(text: str) -> _Status:
    """Read `git status --porcelain=v2 --branch -z`; see "Porcelain Format Version 2" in git-status(1)."""
    found = _Status()
    for record in text.split("\0"):
        kind = record[:2]
        if kind == "# ":
            name, _, value = record[2:].partition(" ")
            found.headers[name] = value
        elif kind in ("1 ", "2 "):
            found.staged += record[2:3] != "."
            found.changed += record[3:4] != "."
        elif kind == "u ":
            found.conflicted += 1
        elif kind == "? ":
            found.untracked += 1
    head = found.headers.get("branch.head", "")
    oid = found.headers.get("branch.oid", "")
    found.detached = head == "(detached)"
    found.branch = "" if found.detached else head
    found.head = "" if oid == "(initial)" else oid[:12]
    found.upstream = found.headers.get("branch.upstream", "")
    if counts := re.fullmatch(r"\+(\d+) -(\d+)", found.headers.get("branch.ab", "")):
        found.ahead, found.behind = int(counts[1]), int(counts[2])
    return found


def _look(root: Root) -> tuple[str, tuple[str, ...]]:
    """What the files of the repository say: an operation in progress, and the submodules."""
    try:
        declared = (root.path / ".gitmodules").read_text(encoding="utf-8", errors="replace")
    except OSError:
        declared = ""
    return in_progress(root), tuple(_SUBMODULE.findall(declared))


async def tracks(root: Root, path: Path) -> bool:
    """Whether the repository tracks that file; git is asked only where the index has its name."""
    if root.git_dir is None or root.bare:
        return False
    if not await asyncio.to_thread(_mentions, root.git_dir / "index", path.name):
        return False
    return (await run_git(["ls-files", "--error-unmatch", "--", str(path)], root.path, root=root)).ok


def _mentions(index: Path, name: str) -> bool:
    try:
        return os.fsencode(name) + b"\0" in index.read_bytes()
    except OSError:
        return False


def _complaint(result: GitResult) -> str:
    lines = [line.removeprefix("fatal: ") for line in result.err.splitlines() if line.strip()]
    return lines[0] if lines else f"git ended with code {result.code}"


async def _spawn(args: Sequence[str], cwd: Path, timeout: float, read: bool = True) -> GitResult:
    try:
        process = await asyncio.create_subprocess_exec(
            "git", *args, cwd=cwd, env=git_environment(read=read), start_new_session=True,
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
    except (OSError, ValueError) as error:
        return await asyncio.to_thread(_not_started, cwd, error)
    if process.stdout is None or process.stderr is None:
        raise AssertionError("both outputs were asked for as pipes")
    try:
        async with asyncio.timeout(timeout), asyncio.TaskGroup() as group:
            out = group.create_task(_read(process.stdout))
            err = group.create_task(_read(process.stderr))
        text, cut = out.result()
        code = await process.wait()
    except TimeoutError:
        return GitResult(124, "", f"git took longer than {timeout:g} s and was ended")
    finally:
        if process.returncode is None:
            await _end(process, 0.0 if read else GRACE)
    return GitResult(code, text, err.result()[0], cut)


async def _end(process: asyncio.subprocess.Process, grace: float) -> None:
    """End git and its children; one that writes may first take its lock away."""
    with contextlib.suppress(ProcessLookupError, TimeoutError):
        if grace:
            os.killpg(process.pid, signal.SIGTERM)
            async with asyncio.timeout(grace):
                await process.wait()
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()
    await group_gone(process.pid)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(GRACE):
            for stream in (process.stdout, process.stderr):
                while stream is not None and await stream.read(1 << 16):
                    pass  # the pipe closes at its end


async def _read(stream: asyncio.StreamReader) -> tuple[str, bool]:
    """The stream as text, names with undecodable bytes included; what is beyond 8 MB is dropped."""
    kept = bytearray()
    cut = False
    while data := await stream.read(1 << 16):
        room = OUTPUT_BYTES - len(kept)
        kept += data[:room]
        cut = cut or len(data) > room
    return os.fsdecode(bytes(kept)), cut


def _not_started(cwd: Path, error: OSError | ValueError) -> GitResult:
    if not os.path.isdir(cwd):
        return GitResult(127, "", f"the folder {cwd} does not exist")
    if isinstance(error, FileNotFoundError):
        return GitResult(127, "", "git is not installed or not on PATH; install it to use repositories")
    return GitResult(127, "", f"git could not be started: {error}")
