"""Which regions of a file an edit or a name means: whole functions where a grammar knows them, else lines."""

from collections.abc import Iterable

from loomkin.codemap.symbols import Symbol, symbol_at, symbol_named, symbols
from loomkin.records.region import LineChange, Region

MOST_NAMES = 5
LIKE = 0.6


def touched(path: str, before: str, changes: Iterable[LineChange]) -> tuple[Region, ...]:
    """The regions that changes of the lines of `before` touch, each once, from top to bottom."""
    known = symbols(path, before) or ()
    found: dict[Region, None] = {}
    for change in changes:
        first, last = change.first, change.first + change.removed - 1
        one = symbol_at(known, first, last)
        found[Region(path, one.name, one.first, one.last) if one else Region(path, "", first, last)] = None
    return tuple(found)


def located(region: Region, text: str) -> Region:
    """A region by symbol with the lines where that stands in a text; as it was where it is not there."""
    one = symbol_named(symbols(region.path, text) or (), region.symbol) if region.symbol else None
    return Region(region.path, one.name, one.first, one.last) if one else region


def looked_up(path: str, text: str, name: str) -> Symbol | str:
    """The definition of a name in a text, or words with what it may have meant."""
    known = symbols(path, text)
    if known is None:
        return "No grammar reads it: find the line with content_search."
    name = name.replace("::", ".").strip()
    one = symbol_named(known, name)
    if one is not None:
        return one
    ends = [other.name for other in known if other.name.endswith(f".{name}")]
    if ends:
        return f"Name one of {', '.join(ends[:MOST_NAMES])}."
    near = _near(name, [other.name for other in known])
    return f"Near it: {', '.join(near)}." if near else "No name in it is near that."


def _near(name: str, known: list[str]) -> list[str]:
    """The names most like one, by all of it or by its last part."""
    from difflib import SequenceMatcher  # heavy: late on purpose

    def likeness(other: str) -> float:
        pairs = ((name, other), (name.rpartition(".")[2], other.rpartition(".")[2]))
        return max(SequenceMatcher(None, one.lower(), two.lower()).ratio() for one, two in pairs)

    ranked = sorted(((likeness(other), other) for other in dict.fromkeys(known)), reverse=True)
    return [other for ratio, other in ranked[:MOST_NAMES] if ratio >= LIKE]
