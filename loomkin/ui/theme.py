"""How things look: figures short enough for a footer, and the styles that colours hang on."""

import json

from loomkin.project.secrets import without_keys
from loomkin.records.usage import usd
from loomkin.ui.terminal import legible, one_line

STYLES = {
    "agent": "bold cyan",
    "working": "green",
    "waiting": "yellow",
    "failed": "red",
    "quiet": "dim",
}
SHORT = 80
TELLING = ("path", "command", "pattern", "query", "url", "question", "id")
"""Arguments that say what a call is about, the most telling first."""
WORKING = ("thinking", "in_tool", "answering")
FAILED = ("failed", "limit_reached", "cancelled", "interrupted")


def style_of(state: str) -> str:
    """The style of an agent's state."""
    if state in WORKING:
        return STYLES["working"]
    return STYLES["failed"] if state in FAILED else STYLES["waiting"]


def count(number: int) -> str:
    """A number of tokens in at most five characters: `950`, `1.2k`, `38k`, `1.4M`."""
    if number < 1000:
        return str(number)
    if number < 9_950:
        return f"{number / 1000:.1f}k"
    if number < 999_500:
        return f"{number / 1000:.0f}k"
    return f"{number / 1_000_000:.1f}M"


def money(picodollars: int, unpriced: int = 0) -> str:
    """Dollars of picodollars; `unpriced` calls, whose price is unknown, are said and never taken as free."""
    amount = usd(picodollars)
    if unpriced and not picodollars:
        return "price unknown"
    spelled = f"${amount:.2f}" if amount >= 1 or not amount else f"${amount:.4f}"
    return f"{spelled}+?" if unpriced else spelled


def clock(seconds: float) -> str:
    """A duration as `0:42` or `1:02:03`."""
    whole = max(0, int(seconds))
    hours, minutes = whole // 3600, whole // 60 % 60
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"


def span(seconds: float) -> str:
    """A duration as `0.4 s` or `2:05`."""
    return f"{seconds:.1f} s" if seconds < 60 else clock(seconds)


def about(arguments: str) -> str:
    """What a call is about, in a few words, from its arguments as JSON text, without keys."""
    arguments = without_keys(arguments)
    try:
        values = json.loads(arguments)
    except (ValueError, RecursionError):
        return one_line(arguments, SHORT)
    if not isinstance(values, dict):
        return one_line(str(values), SHORT)
    named = [values[name] for name in TELLING if isinstance(values.get(name), str)]
    words = named or [value for value in values.values() if isinstance(value, str | int)]
    return one_line(legible(str(words[0])), SHORT) if words else ""
