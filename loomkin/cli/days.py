"""The days that a list is asked for: from `--since DATE` to `--until DATE`, both included."""

import time
from datetime import MAXYEAR, date, datetime, timedelta
from math import inf
from typing import Annotated

import typer

from loomkin.errors import UsageError
from loomkin.records.dataclass import dataclass

Since = Annotated[str, typer.Option("--since", metavar="DATE", help="From then on, as YYYY-MM-DD.")]
Until = Annotated[str, typer.Option("--until", metavar="DATE", help="Up to then, that day included.")]


@dataclass(frozen=True, slots=True)
class Days:
    """The moments from `start` on and before `end`; `asked` are the words for it, empty for all time."""

    start: float
    end: float
    asked: str


def days(since: str, until: str) -> Days:
    """What the two flags mean; raises UsageError for what is no date and for days in the wrong order."""
    start, end = _moment("--since", since) if since else 0.0, _end(until)
    if since and start >= end:
        raise UsageError(f"--until {until} is before --since {since}.", hint="Swap them.")
    return Days(start, end, f"{f' since {since}' if since else ''}{f' until {until}' if until else ''}")


def _moment(flag: str, text: str, days: int = 0) -> float:
    try:
        return (datetime.fromisoformat(text) + timedelta(days)).timestamp()
    except (ValueError, OverflowError, OSError) as error:
        today = time.strftime("%Y-%m-%d")
        raise UsageError(f"{flag} {text} is not a date.", hint=f"Write it like {today}.") from error


def _end(text: str) -> float:
    """The first moment that does not count: after a day the next midnight, however long the day is."""
    if not text:
        return inf
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return _moment("--until", text)
    # what follows the last year is no date
    return inf if day.year == MAXYEAR else _moment("--until", text, days=1)
