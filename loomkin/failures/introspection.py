"""What an agent reads of its own failures: what it tried, how often it worked, what comes back again."""

from collections import Counter
from collections.abc import Iterator, Sequence

from loomkin.failures.lines import table_line
from loomkin.failures.matching import speaking
from loomkin.records.failure import Lesson
from loomkin.store import failures as store
from loomkin.store.database import Database

MOST = 15
OFTEN = 2


def answer(db: Database, agent: str, words: str, limit: int = MOST) -> str:
    """Failures of an agent, of all where none is named, that fit the words; then what they have in common."""
    known = speaking(store.lessons(db, agent=agent), words)
    whose = "you" if agent else "anybody"
    if not known:
        about = f" with {words!r}" if words else ""
        lines = [f"Nothing is known to have failed for {whose}{about}."]
    else:
        lines = [f"{number}. {table_line(one)}" for number, one in enumerate(known[:limit], 1)]
        if len(known) > limit:
            lines.append(f"... and {len(known) - limit} more; ask with words.")
        lines += _patterns(known)
    return "\n".join([*lines, *_rates(db, agent)])


def _patterns(known: Sequence[Lesson]) -> Iterator[str]:
    seen, fixed = sum(one.seen for one in known), sum(1 for one in known if one.fixed)
    yield f"Together: {len(known)} kinds of failure, seen {seen} times, {fixed} of them fixed."
    often = sorted((one for one in known if one.seen >= OFTEN), key=lambda one: -one.seen)[:3]
    if often:
        named = "; ".join(f"{one.failure.error} ({one.seen} times)" for one in often)
        yield f"Most often: {named}."
    files = Counter(one.failure.path for one in known if one.failure.path)
    again = [f"{path} ({count})" for path, count in files.most_common(3) if count >= OFTEN]
    if again:
        yield f"Files with several: {', '.join(again)}."


def _rates(db: Database, agent: str) -> Iterator[str]:
    """How often calls worked, of the tools that failed at all."""
    rates = [one for one in store.rates(db, agent) if one.failed]
    if rates:
        told = ", ".join(
            f"{one.tool} {100 * (one.calls - one.failed) // one.calls} % of {one.calls}" for one in rates
        )
        yield f"Calls that worked: {told}."
