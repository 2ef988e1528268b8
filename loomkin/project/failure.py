"""What a failing command complained of: its totals, the names that failed, and the first errors."""

from collections.abc import Iterator

from loomkin.project.output import ERROR, HARMLESS, collapse_progress, strip_ansi
from loomkin.records.regex import pattern

LINES = 12
LINE_CHARS = 300
AROUND = 2
TOTAL_LINES, FILES, NAMES = 3, 8, 6
_TOTALS = pattern(
    r"=*\s*(?:no tests ran|\d+ (?:passed|failed|errors?|skipped|deselected|xfailed|xpassed|warnings?)\b.*)"
    r" in [\d.]+ ?m?s.*"
    r"|FAILED \((?:failures|errors|skipped|unexpected).*\)|Ran \d+ tests? in .*"
    r"|\s*(?:Tests?|Test Suites|Test Files):?\s+\d+ (?:passed|failed|skipped|total)\b.*|test result: .*"
    r"|\s*\d+ (?:passing|failing|pending)\b.*|\d+ tests?, \d+ .*|\d+ examples?, \d+ .*|Tests run: \d+.*"
    r"|Found \d+ (?:errors?|issues?)\b.*|\W*\d+ problems? \(\d+ errors?.*"
)
_FAILING = pattern(
    r"(?:FAILED|ERROR) (?P<file>[^\s:]+)(?:::(?P<name>\S+))?(?: - .*)?"
    r"|(?:FAIL|ERROR): (?P<method>\w+) \((?P<case>[\w.]+)\)"
    r"|\s*--- FAIL: (?P<go>\S+).*|test (?P<cargo>\S+) \.\.\. FAILED"
)

_TIME = pattern(r"\b\d+(?:\.\d+)? ?m?s(?:econds)?\b")


def complaint(text: str) -> str:
    """The totals that a test runner or checker printed, the failing names by file, and the first errors."""
    plain = collapse_progress(strip_ansi(text))
    lines = [line.rstrip() for line in plain.splitlines()]
    totals = [line.strip("= ") for line in lines if _TOTALS.fullmatch(line)][-TOTAL_LINES:]
    parts = [f"Totals: {_short('; '.join(totals))}"] if totals else []
    parts += [_short(line) for line in _failing(lines)]
    return "\n".join(part for part in (*parts, first_errors(plain)) if part)


def fingerprint(text: str) -> str:
    """What tells one failure of a command from another: the names that failed, else its last line."""
    lines = [line.rstrip() for line in collapse_progress(strip_ansi(text)).splitlines() if line.strip()]
    return "\n".join(_failing(lines)) or (_TIME.sub("", lines[-1]) if lines else "")


def _failing(lines: list[str]) -> Iterator[str]:
    """The names that failed, a line for each file; the longest lists and the last files are cut."""
    groups: dict[str, dict[str, None]] = {}
    for line in lines:
        if found := _FAILING.fullmatch(line):
            where = found["file"] or found["case"] or ""
            names = groups.setdefault(where, {})
            name = found["name"] or found["method"] or found["go"] or found["cargo"]
            if name:
                names[name] = None
    for where, found_names in list(groups.items())[:FILES]:
        more = f" and {len(found_names) - NAMES} more" if len(found_names) > NAMES else ""
        told = ", ".join(list(found_names)[:NAMES]) + more
        yield f"Failing: {': '.join(part for part in (where, told) if part)}"
    if len(groups) > FILES:
        yield f"Failing: {len(groups) - FILES} more files"


def first_errors(text: str, most: int = LINES) -> str:
    """The first lines that name an error with the two after each, else the last lines; at most `most`."""
    lines = [line.rstrip() for line in collapse_progress(strip_ansi(text)).splitlines() if line.strip()]
    kept: dict[int, None] = {}
    for number, line in enumerate(lines):
        if ERROR.search(line) and not HARMLESS.search(line):
            kept.update(dict.fromkeys(range(number, min(number + 1 + AROUND, len(lines)))))
        if len(kept) >= most:
            break
    numbers = sorted(kept)[:most] or range(max(0, len(lines) - most), len(lines))
    return "\n".join(_short(lines[number]) for number in numbers)


def _short(line: str) -> str:
    return line if len(line) <= LINE_CHARS else f"{line[: LINE_CHARS - 1]}…"
