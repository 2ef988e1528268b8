"""Glob patterns with `**` and braces, and the files that match one, newest first."""

import itertools
import os
import re
import stat
from pathlib import Path

from loomkin.project.listing import list_files
from loomkin.project.problem import Problem
from loomkin.records.dataclass import dataclass
from loomkin.records.regex import pattern

FIND_LIMIT = 100
BRACE_LIMIT = 1000


@dataclass(frozen=True, slots=True)
class FoundFiles:
    """Paths relative to the top, newest first and capped; `total` counts all matches."""

    paths: tuple[str, ...]
    total: int
    problems: tuple[str, ...] = ()

    @property
    def truncated(self) -> bool:
        """Whether some matches were left out."""
        return self.total > len(self.paths)


def glob_regex(pattern: str) -> re.Pattern[str] | Problem:
    """The pattern as a regular expression over `/`-separated relative paths.

    `*` and `?` stop at `/`, `**` does not, `{a,b}` is either, `[a-z]` and `[!a-z]` are classes. A pattern
    without `/` matches the name in any folder; one that ends in `/` everything below that folder.
    """
    body = pattern.removeprefix("./")
    if not body:
        return Problem("The file pattern is empty.", "Give one such as *.py or src/**/*.ts.")
    if body.endswith("/"):
        body += "**"
    if "/" not in body:
        body = f"**/{body}"
    alternatives = _expand(body.lstrip("/"))
    if alternatives is None:
        return Problem(
            f"The file pattern {pattern!r} stands for more than {BRACE_LIMIT} patterns.", "Use fewer braces."
        )
    try:
        return re.compile("|".join(f"(?:{_translate(one)})" for one in alternatives), re.DOTALL)
    except re.error as error:
        return Problem(f"The file pattern {pattern!r} cannot be read: {error}.", "Check its brackets.")


def find_files(pattern: str, top: Path, path: str = "", limit: int = FIND_LIMIT) -> FoundFiles | Problem:
    """Files below `path` that match, by modification time, newest first; ignored files are left out.

    The pattern is relative to `path`; an absolute one below `top` is understood. Stats only matches.
    """
    folder = top / path
    absolute = f"{folder}/"
    regex = glob_regex(pattern.removeprefix(absolute))
    if isinstance(regex, Problem):
        return regex
    if not folder.exists():
        return Problem(f"There is no folder {path!r}.", "List the folder above it to see what there is.")
    listing = list_files(top, path)
    skip = len(path.rstrip("/")) + 1 if path and folder.is_dir() else 0
    dated = []
    for name in listing.files:
        if regex.fullmatch(name, skip):
            try:
                status = os.lstat(top / name)
            except OSError:
                continue
            if not stat.S_ISDIR(status.st_mode):
                dated.append((-status.st_mtime_ns, name))
    dated.sort()
    return FoundFiles(tuple(name for _, name in dated[:limit]), len(dated), listing.problems)


def _expand(pattern: str) -> list[str] | None:
    """All patterns that the braces stand for, or None when there are too many."""
    finished: list[str] = []
    pending = [pattern]
    while pending:
        if len(finished) + len(pending) > BRACE_LIMIT:
            return None
        current = pending.pop()
        parts = _first_brace(current)
        if parts is None:
            finished.append(current)
        else:
            before, options, after = parts
            pending.extend(before + option + after for option in options)
    return finished


def _first_brace(pattern: str) -> tuple[str, list[str], str] | None:
    """The first brace group that has a comma, cut into before, options and after."""
    start = pattern.find("{")
    while start != -1:
        depth = 0
        commas: list[int] = []
        for index in range(start, len(pattern)):
            char = pattern[index]
            depth += (char == "{") - (char == "}")
            if char == "," and depth == 1:
                commas.append(index)
            if depth == 0:
                if commas:
                    edges = [start, *commas, index]
                    options = [pattern[a + 1 : b] for a, b in itertools.pairwise(edges)]
                    return pattern[:start], options, pattern[index + 1 :]
                break
        start = pattern.find("{", start + 1)
    return None


_TOKEN = pattern(
    r"(?P<folders>(?:(?<=/)|^)\*\*/)|(?P<all>\*\*)|(?P<any>\*)|(?P<one>\?)"
    r"|\[(?P<not>[!^]?)(?P<set>\]?[^\]]*)\]|\\(?P<plain>.)|(?P<literal>.)",
    re.DOTALL,
)


def _translate(pattern: str) -> str:
    parts = []
    for token in _TOKEN.finditer(pattern):
        match token.lastgroup:
            case "folders":
                parts.append("(?:.*/)?")
            case "all":
                parts.append(".*")
            case "any":
                parts.append("[^/]*")
            case "one":
                parts.append("[^/]")
            case "set":
                inner = re.sub(r"([\\\[&~|])", r"\\\1", token["set"])
                inner = inner.replace("]", r"\]")
                parts.append(f"[^/{inner}]" if token["not"] else f"(?!/)[{inner}]")
            case _:
                parts.append(re.escape(token["plain"] or token["literal"]))
    return "".join(parts)
