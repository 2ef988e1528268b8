"""What a repository has to commit, file by file, and what is in its way."""

import asyncio
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from loomkin.project.git import GitResult, run_git
from loomkin.project.git_marks import in_progress
from loomkin.project.problem import Problem
from loomkin.project.root import Root, find_root
from loomkin.records.dataclass import dataclass

MOST_NAMED = 20
_CONFLICTS = {
    "DD": "deleted by both",
    "AU": "added by us",
    "UD": "deleted by them",
    "UA": "added by them",
    "DU": "deleted by us",
    "AA": "added by both",
    "UU": "changed by both",
}
_SIGNS = {"A": "new", "D": "deleted", "M": "changed", "T": "type changed", "?": "new", "R": "renamed"}
_FINISH = {
    "merge": "finish it with `git commit`, or leave it with `git merge --abort`",
    "rebase": "go on with `git rebase --continue`, or leave it with `git rebase --abort`",
    "cherry-pick": "go on with `git cherry-pick --continue`, or leave it with `git cherry-pick --abort`",
    "revert": "go on with `git revert --continue`, or leave it with `git revert --abort`",
    "bisect": "end it with `git bisect reset`",
}


@dataclass(frozen=True, slots=True)
class PathState:
    """A file that differs: from the last commit in the index, and on disk from the index; `.` is no change.

    `conflict` says in words what a merge left open.
    """

    path: str
    index: str
    disk: str
    conflict: str = ""

    @property
    def new(self) -> bool:
        """Whether git does not know the file."""
        return self.disk == "?"

    @property
    def staged(self) -> bool:
        """Whether the index holds something of it to commit."""
        return self.index not in (".", "?")

    @property
    def partly(self) -> bool:
        """Whether the index holds one state of it and the disk another."""
        return self.staged and self.disk != "."

    @property
    def words(self) -> str:
        """What became of it."""
        return self.conflict or _SIGNS.get(self.index if self.staged else self.disk, "changed")


@dataclass(frozen=True, slots=True)
class Standing:
    """A work tree before a commit; `doing` is merge, rebase, cherry-pick, revert, bisect or empty."""

    root: Root
    changes: tuple[PathState, ...]
    doing: str
    branch: str
    unborn: bool

    @property
    def conflicts(self) -> tuple[PathState, ...]:
        """What a merge left open."""
        return tuple(one for one in self.changes if one.conflict)

    @property
    def staged(self) -> tuple[str, ...]:
        """The files of which the index holds something to commit."""
        return tuple(one.path for one in self.changes if one.staged)

    def at(self, paths: Iterable[str]) -> tuple[PathState, ...]:
        """The changes at and below some paths."""
        wanted = [path.rstrip("/") for path in paths]
        return tuple(
            one
            for one in self.changes
            if any(one.path == path or one.path.startswith(f"{path}/") or path == "." for path in wanted)
        )


async def standing(cwd: Path) -> Standing | Problem:
    """How the repository around a folder stands; a sentence where there is no work tree to commit from."""
    root = await asyncio.to_thread(find_root, cwd)
    if root.git_dir is None:
        return Problem(f"{root.path} is not in a git repository.", "`git init` makes one.")
    if root.bare:
        return Problem(
            f"{root.path} is a bare repository: no files are checked out in it.",
            "Work in a clone of it, or in a worktree (`git worktree add`).",
        )
    words = ["status", "--porcelain=v2", "--branch", "-z", "--untracked-files=all", "--no-renames"]
    done = await run_git([*words, "--ignore-submodules=none"], root.path, root=root)
    if not done.ok:
        return Problem(f"git cannot say how the repository stands: {first_line(done)}.")
    headers: dict[str, str] = {}
    changes = []
    for record in done.out.split("\0"):
        if record.startswith("# "):
            name, _, value = record[2:].partition(" ")
            headers[name] = value
        elif change := _change(record):
            changes.append(change)
    doing = await asyncio.to_thread(in_progress, root)
    head = headers.get("branch.head", "")
    unborn = headers.get("branch.oid") == "(initial)"
    return Standing(root, tuple(changes), doing, "" if head == "(detached)" else head, unborn)


def _change(record: str) -> PathState | None:
    """One record of "Porcelain Format Version 2" in git-status(1)."""
    kind = record[:2]
    if kind == "? ":
        return None if record.endswith("/") and not record[2:].strip("/") else PathState(record[2:], ".", "?")
    if kind == "1 ":
        return PathState(record.split(" ", 8)[8], record[2], record[3])
    if kind == "u ":
        return PathState(record.split(" ", 10)[10], ".", "U", _CONFLICTS.get(record[2:4], "in conflict"))
    return None


def in_the_way(now: Standing, *, partial: bool) -> Problem | None:
    """Why nothing can be committed as things stand; `partial` is a commit of named files only."""
    finish = _FINISH.get(now.doing, "")
    doing = f" A {now.doing} is in progress: {finish}." if now.doing else ""
    if now.conflicts:
        lines = "\n".join(f"  {shown(one.path)}: {one.conflict}" for one in now.conflicts[:MOST_NAMED])
        more = f"\n  and {len(now.conflicts) - MOST_NAMED} more" if len(now.conflicts) > MOST_NAMED else ""
        return Problem(
            f"Nothing was committed: {count(len(now.conflicts), 'file')} in conflict.{doing}\n{lines}{more}",
            "Mend each file, remove its conflict markers, and `git add` it.",
        )
    if now.doing == "bisect":
        return Problem(
            "Nothing was committed: a bisect is in progress, and a commit here would be on no branch.",
            f"First {finish}.",
        )
    if partial and now.doing in ("merge", "cherry-pick", "revert"):
        return Problem(
            f"Nothing was committed: a {now.doing} is in progress, which is committed whole or not at all.",
            f"Add what belongs to it, then {finish}.",
        )
    return None


def below(top: Path, cwd: Path, word: str) -> str:
    """A path as git has it, from the root; empty where it lies elsewhere."""
    whole = os.path.normpath(os.path.join(os.path.realpath(cwd), word))
    if whole == str(top):
        return "."
    return whole.removeprefix(f"{top}{os.sep}") if whole.startswith(f"{top}{os.sep}") else ""


def shown(path: str) -> str:
    """A path in one line, also one with line feeds or without an encoding."""
    printable = os.fsencode(path).decode(errors="backslashreplace")
    return repr(printable)[1:-1] if not printable.isprintable() else printable


def listed(paths: Sequence[str]) -> str:
    """Some paths in a line; how many more there are."""
    names = ", ".join(shown(path) for path in paths[:MOST_NAMED])
    return names + (f" and {len(paths) - MOST_NAMED} more" if len(paths) > MOST_NAMED else "")


def count(number: int, noun: str) -> str:
    """`1 file`, `2 files`."""
    return f"{number} {noun}{'s' if number != 1 else ''}"


def first_line(done: GitResult) -> str:
    """Git's own complaint in a line."""
    lines = [line for line in (*done.err.splitlines(), *done.out.splitlines()) if line.strip()]
    text = lines[0].removeprefix("fatal: ").removeprefix("error: ") if lines else f"code {done.code}"
    return text.rstrip(".")
