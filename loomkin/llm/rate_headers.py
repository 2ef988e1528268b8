"""What a provider's answers say of the limits that are left."""

from collections.abc import Mapping
from datetime import datetime

from loomkin.records.regex import pattern

_SPAN = pattern(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+(?:\.\d+)?)s)?(?:(\d+(?:\.\d+)?)ms)?")
_UNITS = (86400.0, 3600.0, 60.0, 1.0, 0.001)
_EPOCH = 1e9


def seconds_shut(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds until all limits that are used up are filled again; None where something is left of each.

    Reads `x-ratelimit-remaining-*` with `x-ratelimit-reset-*` (a span such as `1m2.5s`, or seconds) and
    `anthropic-ratelimit-*-remaining` with `-reset` (RFC 3339); `now` is seconds since 1970.
    """
    waits = []
    for name, value in headers.items():
        reset = _reset_of(name)
        if reset and value.strip() == "0":
            wait = _wait(headers.get(reset, ""), now)
            if wait is not None:
                waits.append(wait)
    return max(waits, default=None)


def _reset_of(name: str) -> str:
    """The header that says when the limit of a header of what remains is filled again."""
    if name.startswith("x-ratelimit-remaining"):
        return name.replace("remaining", "reset", 1)
    if name.startswith("anthropic-ratelimit-") and name.endswith("-remaining"):
        return name.removesuffix("remaining") + "reset"
    return ""


def _wait(text: str, now: float) -> float | None:
    text = text.strip().lower()
    if not text:
        return None
    try:
        number = float(text)
    except ValueError:
        return _span(text) if text[0].isdigit() and "t" not in text else _until(text, now)
    if number > _EPOCH * 1000:
        number /= 1000  # a moment in milliseconds
    return max(0.0, number - now) if number > _EPOCH else max(0.0, number)


def _span(text: str) -> float | None:
    found = _SPAN.fullmatch(text)
    if found is None:
        return None
    return sum(float(part) * unit for part, unit in zip(found.groups(), _UNITS, strict=True) if part)


def _until(text: str, now: float) -> float | None:
    try:
        return max(0.0, datetime.fromisoformat(text.upper()).timestamp() - now)
    except ValueError:
        return None
