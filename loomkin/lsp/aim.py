"""What a model points at: a line and a name on it, since models count columns badly."""

from pathlib import Path

from loomkin.lsp.errors import ServerError
from loomkin.lsp.positions import Spot, Text, columns_of
from loomkin.records.dataclass import dataclass

NEAR = 3
"""Lines around the one that was named in which a name is found, too."""


@dataclass(frozen=True, slots=True)
class Aim:
    """A name in a file; without a line its first place counts, with a column that place itself."""

    path: Path
    line: int = 0
    symbol: str = ""
    column: int = 0


def spot_of(aim: Aim, text: Text, shown: str) -> Spot:
    """Where it is. Raises ServerError with what stands there instead."""
    symbol = aim.symbol.strip().rpartition(".")[2]
    if not symbol and not aim.line:
        raise ServerError("Say which name is meant: a line and a symbol on it.")
    if aim.line > len(text.lines):
        raise ServerError(f"{shown} has {len(text.lines)} lines, none is {aim.line}.")
    if aim.column or not symbol:
        words = text.line(aim.line)
        column = aim.column or len(words) - len(words.lstrip()) + 1
        return Spot(aim.line, min(column, len(words) + 1))
    lines = _order(aim.line, len(text.lines))
    for number in lines:
        if columns := columns_of(text.line(number), symbol):
            return Spot(number, columns[0])
    there = [number for number in range(1, len(text.lines) + 1) if columns_of(text.line(number), symbol)]
    if not there:
        raise ServerError(f"{shown} names no {symbol}. Look with content_search, or read the file.")
    places = f"line{'s' * (len(there) != 1)} {', '.join(map(str, there[:8]))}"
    raise ServerError(
        f"{symbol} does not stand on line {aim.line} of {shown}: {text.line(aim.line).strip()!r}. It stands "
        f"on {places}."
    )


def _order(line: int, lines: int) -> list[int]:
    """The lines to look at, the named one first, then its neighbours; all of them where none was named."""
    if not line:
        return list(range(1, lines + 1))
    near = [line + way * far for far in range(1, NEAR + 1) for way in (-1, 1)]
    return [line, *(number for number in near if 0 < number <= lines)]
