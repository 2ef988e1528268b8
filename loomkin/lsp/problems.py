"""Problems as servers report them, and what an edit changed about them."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from enum import IntEnum
from pathlib import Path
from typing import Any

from loomkin.lsp.positions import Text
from loomkin.records.dataclass import dataclass

MOST_ERRORS, MOST_WARNINGS = 20, 5
_LONGEST = 300


class Severity(IntEnum):
    """How bad a problem is, as the protocol counts."""

    ERROR = 1
    WARNING = 2
    INFORMATION = 3
    HINT = 4


@dataclass(frozen=True, slots=True)
class Problem:
    """One diagnostic; line and column as people count, `words` is the line's text."""

    path: Path
    line: int
    column: int
    severity: Severity
    message: str
    source: str
    code: str
    words: str

    @property
    def kind(self) -> tuple[Path, int, str, str, str]:
        """What stays the same when only its place changes."""
        return (self.path, self.severity, self.message, self.source, self.code)

    def told(self, shown: str) -> str:
        """The problem in one line."""
        name = self.severity.name.lower()
        origin = " ".join(part for part in (self.source, self.code) if part)
        return f"{shown}:{self.line}:{self.column} {name}: {self.message}" + (
            f" [{origin}]" if origin else ""
        )


def read_problems(path: Path, text: Text, raw: Any, encoding: str, server: str) -> list[Problem]:
    """The diagnostics of one file; what has no sense is left out."""
    return [
        problem
        for one in (raw if isinstance(raw, list) else ())
        if (problem := _read(path, text, one, encoding, server)) is not None
    ]


def _read(path: Path, text: Text, raw: Any, encoding: str, server: str) -> Problem | None:
    try:
        start = raw["range"]["start"]
        spot = text.spot(int(start["line"]), int(start["character"]), encoding)
        severity = Severity(raw.get("severity") or Severity.ERROR)
        said = raw["message"]
        message = _in_one_line(str(said.get("value", "") if isinstance(said, dict) else said))
        code = raw.get("code", "")
    except (LookupError, TypeError, ValueError, AttributeError):
        return None
    short = message if len(message) <= _LONGEST else f"{message[:_LONGEST]}…"
    code = code.get("value", "") if isinstance(code, dict) else code
    source = str(raw.get("source") or server)
    return Problem(
        path,
        spot.line,
        spot.column,
        severity,
        short,
        source,
        "" if code is None else str(code),
        text.line(spot.line),
    )


def _in_one_line(message: str) -> str:
    """Lines that explain the one before come after a semicolon, where no other mark ends that."""
    told = ""
    for line in message.splitlines():
        words = " ".join(line.split())
        told += f"{'' if not told else ' ' if told[-1] in '.:;,!?' else '; '}{words}" if words else ""
    return told


@dataclass(frozen=True, slots=True)
class Difference:
    """What came and what went between two looks."""

    new: tuple[Problem, ...] = ()
    gone: tuple[Problem, ...] = ()


def compare(before: Iterable[Problem], after: Iterable[Problem]) -> Difference:
    """Problems of one kind are matched by the words of their lines first; only a surplus is new or gone."""
    old, now = _by_kind(before), _by_kind(after)
    new: list[Problem] = []
    gone: list[Problem] = []
    for kind in {**old, **now}:
        was, has = old.get(kind, []), now.get(kind, [])
        new += _surplus(has, was)
        gone += _surplus(was, has)
    return Difference(tuple(sorted(new, key=_order)), tuple(sorted(gone, key=_order)))


def _by_kind(problems: Iterable[Problem]) -> Mapping[Any, list[Problem]]:
    found: defaultdict[Any, list[Problem]] = defaultdict(list)
    for problem in problems:
        found[problem.kind].append(problem)
    return found


def _surplus(these: Sequence[Problem], those: Sequence[Problem]) -> list[Problem]:
    left = len(these) - len(those)
    if left <= 0:
        return []
    known = Counter(problem.words.strip() for problem in those)
    unmatched: list[Problem] = []
    matched: list[Problem] = []
    for problem in these:
        words = problem.words.strip()
        known[words] -= 1
        (unmatched if known[words] < 0 else matched).append(problem)
    return [*unmatched, *matched][:left]


def _order(problem: Problem) -> tuple[int, str, int, int]:
    return (problem.severity, str(problem.path), problem.line, problem.column)


def chosen(
    problems: Iterable[Problem], errors: int = MOST_ERRORS, warnings: int = MOST_WARNINGS
) -> list[Problem]:
    """Errors first and few warnings; the rest is not for models."""
    ordered = sorted(problems, key=_order)
    worst = [problem for problem in ordered if problem.severity is Severity.ERROR]
    mild = [problem for problem in ordered if problem.severity is Severity.WARNING]
    return [*worst[:errors], *mild[:warnings]]


def counted(problems: Iterable[Problem]) -> str:
    """`2 errors and 1 warning`, empty where there is neither."""
    counts = Counter(problem.severity for problem in problems)
    parts = [
        f"{counts[kind]} {kind.name.lower()}{'' if counts[kind] == 1 else 's'}"
        for kind in (Severity.ERROR, Severity.WARNING)
        if counts[kind]
    ]
    return " and ".join(parts)
