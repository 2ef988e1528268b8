"""What a failing command complained of first."""

from loomkin.project.output import ERROR, HARMLESS, collapse_progress, strip_ansi

LINES = 12
LINE_CHARS = 300
AROUND = 2


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
