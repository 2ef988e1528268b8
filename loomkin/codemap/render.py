"""The map as text: outlines of the best files, then further paths by folder, within a budget."""

import os
from collections.abc import Callable, Mapping, Sequence

from loomkin.codemap.digest import Entry
from loomkin.codemap.query import Wanted
from loomkin.codemap.rank import Ranked
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
    ranked: Sequence[Ranked],
    request: Wanted,
    outlines: Callable[[Sequence[int]], Mapping[int, tuple[Entry, ...]]],
    budget: Budget,
    known: Pieces,
    closed: Callable[[str], bool],
) -> Drawn:
    """As much of the ranked files as the budget holds."""
    most = int(budget.tokens * budget.bytes_per_token)
    blocks: list[str] = []
    outlined: list[str] = []
    used = 0
    room = int(most * OUTLINED)
    count = min(max(budget.tokens // LINE_TOKENS, FEWEST_LINES), FILE_LINES)
    read: dict[int, tuple[Entry, ...]] = {}
    for place, one in enumerate(ranked):
        if place % AT_ONCE == 0:
            read.update(outlines([each.number for each in ranked[place : place + AT_ONCE]]))
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
    rest = ranked[len(outlined) :]
    tail, named = _tail([one.path for one in rest], most - used - _size(FURTHER) - 1)
    text = "\n".join([*blocks, FURTHER, *tail] if tail else blocks)
    return Drawn(text, tuple(outlined), tuple(named))


def _lines(entries: Sequence[Entry], request: Wanted, known: Pieces, count: int) -> list[str]:
    """The definitions of a file that are most worth a line, in their order."""
    if not entries:
        return []

    def worth(place: int) -> tuple[float, int, int]:
        one = entries[place]
        meant = sum(request.terms.get(piece, 0.0) for piece in known[one.own])
        meant += 5.0 if one.own in request.names else 0.0
        meant += 0.5 if one.last > one.first else 0.0
        return (-meant + one.depth * 0.4 + (1.0 if one.own.startswith("_") else 0.0), place, 0)

    chosen = sorted(sorted(range(len(entries)), key=worth)[:count])
    return [
        f"{'  ' * min(entries[at].depth + 1, 3)}{entries[at].first}: {entries[at].signature}" for at in chosen
    ]


def _tail(paths: Sequence[str], most: int) -> tuple[list[str], list[str]]:
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
