"""Putting nodes into rows, earlier ones above later ones, and into an order with few crossings."""

from bisect import bisect_left, insort
from collections.abc import Sequence
from heapq import heapify, heappop, heappush

from loomkin.records.dataclass import dataclass

Item = tuple[int, int]
"""A node is `(index, -1)`; where an edge of a node passes a row there is `(index, row)`."""
SWEEPS = 8


@dataclass(frozen=True, slots=True)
class Arrow:
    """An edge between two nodes by index; a weak one may be turned round where else a circle would be."""

    start: int
    end: int
    weak: bool


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows from the top, each from the left, and for every arrow the items that it passes, downwards."""

    rows: list[list[Item]]
    ways: list[list[Item]]


def in_rows(count: int, arrows: Sequence[Arrow], most: int, first: int) -> Rows:
    """Rows of at most so many nodes; strong arrows close no circle. The `first` ones stay on top."""
    down = _turned(count, arrows)
    layer = _layers(count, down, most, first)
    rows: list[list[Item]] = [[] for _ in range(max(layer, default=-1) + 1)]
    for index in range(count):
        rows[layer[index]].append((index, -1))
    ways = []
    for start, end in down:
        passed = [(start, row) for row in range(layer[start] + 1, layer[end])]
        for item in passed:
            if item not in rows[item[1]]:
                rows[item[1]].append(item)
        ways.append([(start, -1), *passed, (end, -1)])
    return Rows(_ordered(rows, ways), ways)


def links(ways: Sequence[Sequence[Item]]) -> list[tuple[Item, Item]]:
    """The steps from row to row, each once."""
    return list(dict.fromkeys((way[at], way[at + 1]) for way in ways for at in range(len(way) - 1)))


def _turned(count: int, arrows: Sequence[Arrow]) -> list[tuple[int, int]]:
    """Every arrow from the upper to the lower node."""
    place = _sequence(count, arrows)
    return [
        (arrow.start, arrow.end)
        if place[arrow.start] < place[arrow.end]
        else (arrow.end, arrow.start)
        for arrow in arrows
    ]  # fmt: skip


def _sequence(count: int, arrows: Sequence[Arrow]) -> list[int]:
    """The place of every node in one line that all strong arrows follow, and weak ones where they can."""
    out: list[list[Arrow]] = [[] for _ in range(count)]
    strong, weak = [0] * count, [0] * count
    for arrow in arrows:
        out[arrow.start].append(arrow)
        (weak if arrow.weak else strong)[arrow.end] += 1
    place = [-1] * count
    ready = [index for index in range(count) if not strong[index] and not weak[index]]
    heapify(ready)
    for number in range(count):
        while ready and place[ready[0]] >= 0:
            heappop(ready)
        free = ready or [index for index in range(count) if place[index] < 0 and not strong[index]]
        index = heappop(free)
        place[index] = number
        for arrow in out[index]:
            (weak if arrow.weak else strong)[arrow.end] -= 1
            if not strong[arrow.end] and not weak[arrow.end] and place[arrow.end] < 0:
                heappush(ready, arrow.end)
    return place


def _layers(count: int, down: Sequence[tuple[int, int]], most: int, first: int) -> list[int]:
    """The row of every node: below all it comes from, in the first one with room."""
    above: list[list[int]] = [[] for _ in range(count)]
    below: list[list[int]] = [[] for _ in range(count)]
    for start, end in down:
        above[end].append(start)
        below[start].append(end)
    waiting = [len(one) for one in above]
    ready = [index for index in range(count) if not waiting[index]]
    layer, full = [0] * count, [0] * (count + 1)
    while ready:
        index = heappop(ready)
        row = max((layer[one] + 1 for one in above[index]), default=0)
        while full[row] >= most:
            row += 1
        layer[index] = row
        full[row] += 1
        for one in below[index]:
            waiting[one] -= 1
            if not waiting[one]:
                heappush(ready, one)
    for index in range(first, count):  # what comes from nothing stands right above what comes of it
        near = min((layer[one] for one in below[index]), default=0) - 1
        if not above[index] and near > 0 and full[near] < most:
            layer[index] = near
            full[near] += 1
    return layer


def _ordered(rows: list[list[Item]], ways: Sequence[Sequence[Item]]) -> list[list[Item]]:
    """The order with the fewest crossings of those that sweeping down and up comes to."""
    up: dict[Item, list[Item]] = {}
    down: dict[Item, list[Item]] = {}
    for upper, lower in links(ways):
        up.setdefault(lower, []).append(upper)
        down.setdefault(upper, []).append(lower)
    best, fewest = rows, _crossings(rows, down)
    for sweep in range(SWEEPS):
        if not fewest:
            break
        order = range(1, len(rows)) if sweep % 2 == 0 else range(len(rows) - 2, -1, -1)
        near, step = (up, -1) if sweep % 2 == 0 else (down, 1)
        rows = list(rows)
        for at in order:
            places = {item: place for place, item in enumerate(rows[at + step])}
            rows[at] = _by_mean(rows[at], near, places)
        crossings = _crossings(rows, down)
        if crossings < fewest:
            best, fewest = rows, crossings
    return best


def _by_mean(row: list[Item], near: dict[Item, list[Item]], places: dict[Item, int]) -> list[Item]:
    def mean(place: int, item: Item) -> float:
        found = [places[one] for one in near.get(item, ())]
        return sum(found) / len(found) if found else place * len(places) / max(len(row), 1)

    means = {item: mean(place, item) for place, item in enumerate(row)}
    return sorted(row, key=lambda item: means[item])


def _crossings(rows: Sequence[Sequence[Item]], down: dict[Item, list[Item]]) -> int:
    total = 0
    for at in range(len(rows) - 1):
        places = {item: place for place, item in enumerate(rows[at + 1])}
        passed: list[int] = []
        for item in rows[at]:
            ends = sorted(places[one] for one in down.get(item, ()))
            total += sum(len(passed) - bisect_left(passed, end + 1) for end in ends)
            for end in ends:
                insort(passed, end)
    return total
