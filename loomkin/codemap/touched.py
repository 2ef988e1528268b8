"""Which regions of a file an edit touches: whole functions where a grammar knows them, else lines."""

from collections.abc import Iterable

from loomkin.codemap.symbols import symbol_at, symbol_named, symbols
from loomkin.records.region import LineChange, Region


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
