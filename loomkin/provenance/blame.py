"""What git knows of the lines of a file: the commits they come from, and what these say."""

import os
import stat
from collections.abc import Iterable, Sequence
from pathlib import Path

from loomkin.errors import NotFoundError, UsageError
from loomkin.project.git import GitResult, run_git
from loomkin.project.root import Root
from loomkin.records.dataclass import dataclass
from loomkin.records.regex import pattern

MOST_COMMITS = 20
"""Commits of a whole file, or of a range of lines, that are looked into."""
_HEAD = pattern(r"(?P<commit>[0-9a-f]{40,64}) \d+ (?P<line>\d+)(?: \d+)?")
_FORMAT = "--format=%H%x1f%P%x1f%an%x1f%ae%x1f%at%x1f%ct%x1f%B"


@dataclass(frozen=True, slots=True)
class Line:
    """A line as it stands in the file; `commit` is empty for one that is not committed yet.

    `path` is what the file was called in that commit, below the repository's top folder.
    """

    number: int
    text: str
    commit: str = ""
    path: str = ""


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit; `since` is when the commit before it was made, 0 for the first."""

    id: str
    author: str
    email: str
    authored: float
    at: float
    message: str
    since: float = 0.0

    @property
    def subject(self) -> str:
        """The first line of its message."""
        return self.message.partition("\n")[0]


async def blame(root: Root, path: Path, lines: Sequence[str], first: int, last: int) -> list[Line]:
    """The lines from the first to the last number, each with its commit; renames are followed.

    Without a repository, and in files that it does not have yet, no line has one.
    """
    here = [Line(number, lines[number - 1]) for number in range(first, last + 1)]
    if root.git_dir is None:
        return here
    name = str(path.relative_to(root.path))
    answer = await run_git(
        ["blame", "--porcelain", "-w", "-L", f"{first},{last}", "--", name], root.path, root=root
    )
    if answer.ok:
        return _parsed(answer.out)
    if await _tracked(root, name):
        raise NotFoundError(f"git cannot say where the lines of {name} come from: {_complaint(answer)}.")
    return here


async def commits(root: Root, ids: Iterable[str]) -> dict[str, Commit]:
    """What these commits say, by id; one call for all of them and those before them."""
    wanted = list(dict.fromkeys(ids))[:MOST_COMMITS]
    if not wanted:
        return {}
    words = [word for commit in wanted for word in (commit, f"{commit}^@")]
    answer = await run_git(["log", "--no-walk=unsorted", "-z", _FORMAT, *words], root.path, root=root)
    found = _commits(answer.out)
    return {commit: found[commit] for commit in wanted if commit in found}


async def of_file(root: Root, path: Path) -> dict[str, Commit]:
    """The last commits that changed a file, newest first; also of one that is gone."""
    if root.git_dir is None:
        return {}
    name = str(path.relative_to(root.path))
    words = ["log", f"-{MOST_COMMITS}", "--follow", "-z", _FORMAT, "--", name]
    return _commits((await run_git(words, root.path, root=root)).out)


def ends(root: Root) -> frozenset[str]:
    """The commits at which the history of a shallow clone ends; blocks."""
    folder = root.common_dir or root.git_dir
    try:
        return frozenset((folder / "shallow").read_text("ascii").split() if folder else ())
    except (OSError, UnicodeDecodeError):
        return frozenset()


def read_lines(path: Path) -> list[str]:
    """The lines of a file; raises NotFoundError and UsageError for what has none."""
    try:
        if stat.S_ISFIFO(os.stat(path).st_mode):
            raise UsageError(f"{path} is a pipe and has no lines.", hint="Name a file.")
        text = path.read_bytes().decode("utf-8", "replace")
    except FileNotFoundError:
        raise NotFoundError(f"There is no file {path}.") from None
    except IsADirectoryError:
        raise UsageError(f"{path} is a folder.", hint="Name a file in it.") from None
    except OSError as error:
        raise NotFoundError(f"{path} cannot be read: {error.strerror}.") from error
    # as git counts them: other characters that end lines for Python do not
    lines = text.split("\n")
    return lines[:-1] if lines[-1] == "" else lines


async def _tracked(root: Root, name: str) -> bool:
    """Whether the last commit has a file of that name."""
    return (await run_git(["cat-file", "-e", f"HEAD:{name}"], root.path, root=root)).ok


def _parsed(porcelain: str) -> list[Line]:
    """Read `git blame --porcelain`; what is said of a commit stands only before its first line."""
    found: list[Line] = []
    paths: dict[str, str] = {}
    commit, number = "", 0
    for line in porcelain.split("\n"):
        if line.startswith("\t"):
            known = "" if set(commit) == {"0"} else commit
            found.append(Line(number, line[1:], known, paths.get(commit, "") if known else ""))
        elif line.startswith("filename "):
            paths[commit] = _unquoted(line.removeprefix("filename "))
        elif match := _HEAD.fullmatch(line):
            commit, number = match["commit"], int(match["line"])
    return found


def _unquoted(name: str) -> str:
    """A path as git writes it, in quotes where it holds odd characters."""
    if not (name.startswith('"') and name.endswith('"')):
        return name
    try:
        return name[1:-1].encode("latin-1", "backslashreplace").decode("unicode_escape")
    except UnicodeDecodeError:
        return name


def _commits(text: str) -> dict[str, Commit]:
    rows = [record.lstrip("\n").split("\x1f", 6) for record in text.split("\0")]
    whole = [row for row in rows if len(row) == 7]
    times = {row[0]: float(row[5]) for row in whole}
    return {
        row[0]: Commit(
            row[0],
            row[2],
            row[3],
            float(row[4]),
            float(row[5]),
            row[6].strip(),
            max((times.get(parent, 0.0) for parent in row[1].split()), default=0.0),
        )
        for row in whole
    }


def _complaint(answer: GitResult) -> str:
    lines = [line.removeprefix("fatal: ") for line in answer.err.splitlines() if line.strip()]
    return lines[0] if lines else f"git ended with code {answer.code}"
