"""The map as text: outlines of the best files, then further paths by folder, within a budget."""

import itertools
import os
from collections.abc import Callable, Iterable, Mapping, Sequence

from loomkin.codemap.digest import Entry
from loomkin.codemap.query import Wanted
from loomkin.codemap.rank import Ranked, Ranking
from loomkin.codemap.words import Pieces
from loomkin.project.listing import shown_path
from loomkin.records.dataclass import dataclass

OUTLINED = 0.6
"""The share of the budget that goes to outlines."""
FILE_LINES, FEWEST_LINES = 8, 3
LINE_TOKENS = 150
"""Tokens of the budget for which each file gets a line."""
AT_ONCE = 16
"""Outlines that are read together."""
NOTHING = "These words find no file here. Without them matter:"
FURTHER = "Further files, by folder, the likeliest first:"


@dataclass(frozen=True, slots=True)
class Budget:
    """How much may be written, in tokens, and how many bytes one holds."""

    tokens: int
    bytes_per_token: float

    def fits(self, size: int) -> bool:
        """Whether so many bytes stay within it."""
        return round(size / self.bytes_per_token) <= self.tokens


@dataclass(frozen=True, slots=True)
class Drawn:
    """The text, and the paths that stand in it: with outlines, and by name alone."""

    text: str
    outlined: tuple[str, ...]
    named: tuple[str, ...]


def draw(
    ranking: Ranking,
    outlines: Callable[[Sequence[int]], Mapping[int, tuple[Entry, ...]]],
    budget: Budget,
    known: Pieces,
    closed: Callable[[str], bool],
) -> Drawn:
    """As much of the ranked files as the budget holds."""
    ranked, request = ranking.files, ranking.request
    most = int(budget.tokens * budget.bytes_per_token)
    most -= 0 if ranking.fits else _size(NOTHING) + 1
    blocks: list[str] = []
    outlined: list[str] = []
    used = 0
    room = int(most * OUTLINED)
    count = min(max(budget.tokens // LINE_TOKENS, FEWEST_LINES), FILE_LINES)
    read: Mapping[int, tuple[Entry, ...]] = {}
    held: list[Ranked] = []
    for place in itertools.count():
        if place % AT_ONCE == 0:
            held += itertools.islice(ranked, AT_ONCE)
            read = outlines([each.number for each in held[place:]])
        if place == len(held):
            break
        one = held[place]
        lines = [] if closed(one.path) else _lines(read[one.number], request, known, count)
        while not blocks and len(lines) > 1 and _size("\n".join(lines)) > room // 2:
            lines.pop()
        block = "\n".join((shown_path(one.path), *lines))
        size = _size(block) + 1
        if used + size > room:
            break
        blocks.append(block)
        used += size
        outlined.append(one.path)
    rest = (one.path for one in itertools.chain(held[len(outlined) :], ranked))
    tail, named = _tail(rest, most - used - _size(FURTHER) - 1)
    blocks = [NOTHING, *blocks] if not ranking.fits and (blocks or tail) else blocks
    text = "\n".join([*blocks, FURTHER, *tail] if tail else blocks)
    return Drawn(text, tuple(outlined), tuple(named))


def _lines(entries: Sequence[Entry], request: Wanted, known: Pieces, count: int) -> list[str]:
    """The definitions of a file that are most worth a line, in their order."""
    if not entries:
        return []

    terms = request.terms

    def worth(place: int) -> tuple[float, int]:
        one = entries[place]
        own, meant = one.own, 0.0
        for piece in known[own]:
            meant += terms.get(piece, 0.0)
        meant += 5.0 if own in request.names else 0.0
        meant += 0.5 if one.last > one.first else 0.0
        return -meant + one.depth * 0.4 + (1.0 if own.startswith("_") else 0.0), place

    chosen = sorted(sorted(range(len(entries)), key=worth)[:count])
    return [
        f"{'  ' * min(entries[at].depth + 1, 3)}{entries[at].first}: {entries[at].signature}" for at in chosen
    ]


def _tail(paths: Iterable[str], most: int) -> tuple[list[str], list[str]]:
    """Lines `folder/: name name`, of as many paths as fit, each folder where its best file stands."""
    folders: dict[str, list[str]] = {}
    named, used, missed = [], 0, 0
    for path in paths:
        folder, name = os.path.split(shown_path(path))
        name = f'"{name}"' if " " in name else name
        cost = _size(name) + 1
        if folder not in folders:
            cost += _size(folder) + 3
        if used + cost > most:
            missed += 1
            if missed > 200:
                break
            continue
        folders.setdefault(folder, []).append(name)
        used += cost
        named.append(path)
    return [f"{folder or '.'}/: {' '.join(names)}" for folder, names in folders.items()], named


def _size(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
