"""The git operations that an agent may ask for: reading, adding, committing, branching; none destroys."""

import re
import shlex
from collections.abc import Sequence
from enum import StrEnum

from loomkin.project.problem import Problem
from loomkin.records.regex import pattern


class GitOperation(StrEnum):
    """What the tool offers; stash can be listed only."""

    STATUS = "status"
    DIFF = "diff"
    LOG = "log"
    SHOW = "show"
    BLAME = "blame"
    ADD = "add"
    COMMIT = "commit"
    BRANCH = "branch"
    STASH_LIST = "stash_list"


WRITING = frozenset((GitOperation.ADD, GitOperation.COMMIT, GitOperation.BRANCH))
_COMMANDS = {GitOperation.STASH_LIST: ("stash", "list", "--no-ext-diff", "--no-textconv")}
# Options of reading commands that run a program, or read or write files of the caller's choice. Git takes
# any unambiguous beginning of a long option, so beginnings of these are refused too.
_REFUSED_LONG = (
    "--output",
    "--ext-diff",
    "--textconv",
    "--no-index",
    "--exec-path",
    "--config",
    "--git-dir",
    "--work-tree",
    "--show-signature",
    "--submodule",
    "--remerge-diff",
    "--diff-merges",
    "--contents",
    "--ignore-revs-file",
    "--open-files-in-pager",
    "--upload-pack",
    "--exec",
    "--paginate",
    "--stdin",
    "--pathspec-from-file",
    "--orderfile",
    "--super-prefix",
    "--namespace",
)
_REFUSED_SHORT = pattern(r"-[cO]")
_ALLOWED = {
    GitOperation.ADD: frozenset(
        ("-A", "--all", "-u", "--update", "-v", "--verbose", "-n", "--dry-run", "-N", "--intent-to-add",
         "--chmod", "--ignore-errors", "--refresh", "--renormalize")
    ),
    GitOperation.COMMIT: frozenset(
        ("-m", "--message", "-a", "--all", "-am", "-s", "--signoff", "-q", "--quiet", "-v", "--verbose",
         "--allow-empty", "--dry-run", "-o", "--only")
    ),
    GitOperation.BRANCH: frozenset(
        ("-a", "--all", "-r", "--remotes", "-v", "-vv", "--verbose", "--list", "-l", "--show-current",
         "--sort", "--contains", "--no-contains", "--merged", "--no-merged", "--format", "--points-at", "-i",
         "--ignore-case", "--column", "--no-column", "--no-track", "-q", "--quiet")
    ),
}  # fmt: skip
_WITH_VALUE = frozenset(("-m", "--message", "-am", "--sort", "--format", "--chmod"))
_OUTSIDE = pattern(r"(?:/|~|(?:[^/]+/)*\.\.(?:/|$))")


def operation_args(operation: str, args: str | Sequence[str] = ()) -> list[str] | Problem:
    """The arguments for `run_git`, or why the operation is refused.

    `args` may be one string, which is split as a shell would. Reading operations take any option but those
    that run programs or touch other files; writing ones take a short list of options.
    """
    try:
        kind = GitOperation(operation)
    except ValueError:
        return Problem(
            f"There is no git operation {operation!r} here.",
            f"Use one of: {', '.join(GitOperation)}; or the shell.",
        )
    try:
        words = shlex.split(args) if isinstance(args, str) else list(args)
    except ValueError as error:
        return Problem(f"The arguments cannot be split: {error}.", "Close every quote.")
    if any("\0" in word for word in words):
        return Problem("An argument holds a NUL byte.", "Leave it out.")
    problem = _listed_only(kind, words) if kind in _ALLOWED else _read_only(kind, words)
    return problem or [*_COMMANDS.get(kind, (kind.value,)), *words]


def _read_only(kind: GitOperation, words: list[str]) -> Problem | None:
    for index, word in enumerate(words):
        if word == "--":
            return _outside(kind, words[index + 1 :])
        name = word.partition("=")[0]
        if (
            name.startswith("--")
            and name != "--text"
            and any(long.startswith(name) for long in _REFUSED_LONG)
        ):
            return _refusal(kind, name)
        if _REFUSED_SHORT.match(word) or (kind is GitOperation.BLAME and word.startswith("-S")):
            return _refusal(kind, word, " For a combined diff use --cc." if word == "-c" else "")
        if not word.startswith("-") and (problem := _outside(kind, [word])):
            return problem
    return None


def _outside(kind: GitOperation, paths: list[str]) -> Problem | None:
    """Git compares files outside the repository as plain files: that is reading past the permissions."""
    for path in paths:
        if kind is GitOperation.DIFF and _OUTSIDE.match(path):
            return Problem(
                f"git {kind} was not run: {path!r} is no path below the working folder.",
                "Give paths relative to the repository; read other files with file_read.",
            )
    return None


def _listed_only(kind: GitOperation, words: list[str]) -> Problem | None:
    allowed = _ALLOWED[kind]
    names: list[str] = []
    expect_value = False
    paths = False
    for word in words:
        if expect_value:
            expect_value = False
        elif paths or not word.startswith("-") or word == "-":
            names.append(word)
        elif word == "--":
            paths = True
        elif (name := word.partition("=")[0]) in allowed:
            expect_value = name in _WITH_VALUE and "=" not in word
        elif not (kind is GitOperation.COMMIT and re.match(r"-a?m.", word, re.DOTALL)):
            return _refusal(kind, name)
    if kind is GitOperation.COMMIT and not any(re.match(r"-a?m|--message", word) for word in words):
        return Problem("git commit was not run: it has no message.", "Give one with -m.")
    if kind is GitOperation.ADD and not (names or {"-A", "--all", "-u", "--update"} & set(words)):
        return Problem("git add was not run: it names no files.", "Name the files to add.")
    listing = any(word.partition("=")[0] in allowed - {"--no-track", "-q", "--quiet"} for word in words)
    if kind is GitOperation.BRANCH and len(names) > 2 and not listing:
        return Problem(
            "git branch was not run: more than two names.", "Give a new name and, if need be, its start."
        )
    return None


def _refusal(kind: GitOperation, option: str, hint: str = "") -> Problem:
    return Problem(
        f"git {kind} was not run: the option {option} is not offered here.",
        f"Leave it out, or use the shell, where it is asked about.{hint}",
    )
