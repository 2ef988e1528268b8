"""Which files matter for a request: by its words, then by who names what they define."""

import heapq
import itertools
import math
from array import array
from collections.abc import Collection, Iterator, Mapping, Sequence

from loomkin.codemap.base import HIGH, LOW, NAME, unpacked
from loomkin.codemap.index import Index
from loomkin.codemap.kin import SOURCE, TEST, vendored
from loomkin.codemap.overlay import Overlay
from loomkin.codemap.query import Wanted, wanted
from loomkin.records.dataclass import dataclass

WEIGHTS = (2.2, 1.0, 0.6, 3.0)
"""What a term is worth in definitions, in code, in words for people, and in the path."""
LONG = 0.45
"""How much the length of a file takes away."""
NAMED = 2.0
"""What it is worth to have a name of the request in code."""
AT_HAND = 1.0
"""What being at hand is worth, as a share of the best score by words."""
LINKED = 0.35
"""What the best file by links gets, as a share of the best score by words."""
MOST = 2_500
"""Files that are ranked, as many as a map could name."""
SEEDS = 40
ROUNDS, KEPT = 3, 6
"""How often the weight is passed on, and how many tenths of it each time."""
WHOLE = 1 << 36
LEAST = WHOLE // 800
"""What is passed on at least: the rest of the graph is too far away to matter."""
UNREAD = 0.25
"""What a file that is no source is worth beside one that is."""
COPIED = 0.1
"""What a file of another project is worth beside one of this, where no words ask for it."""
PARTNER = 0.6
"""What a file is worth for the best of its tests or sources, as a share of that."""
LARGEST_FAMILY = 12
MEANT = 8
"""How much more a name tells that the request has."""
ROOTS = tuple(math.isqrt(16 * times) for times in range(256))


@dataclass(frozen=True, slots=True)
class Ranked:
    """A file and what it is worth."""

    number: int
    path: str
    score: float


@dataclass(frozen=True, slots=True)
class Ranking:
    """The best files in order; `fits` where one of them has a word of the request, or none was asked for."""

    request: Wanted
    files: Iterator[Ranked]
    fits: bool


def rank(index: Index, text: str, at_hand: Collection[str] = ()) -> Ranking:
    """What matters; `index` was refreshed. The same files and words give the same order."""
    request = wanted(text, index.pieces)
    total = _by_words(index, request)
    over = index.over
    best = max(total.values(), default=0.0) or 1.0
    _by_paths(over, request.paths, (), total, best)
    fits = bool(total) or not text.strip()
    _by_paths(over, (), at_hand, total, best)
    best = max(total.values(), default=0.0)
    # what rests on nothing, such as a page of words, leads nowhere
    flows = _by_links(over, total, request) or _by_links(over, {}, request)
    most = max(flows.values(), default=0) or 1
    for number, flow in flows.items():
        total[number] = total.get(number, 0.0) + LINKED * (best or 1.0) * math.sqrt(flow / most)
    for number in total:
        if not over.kin(number):
            total[number] *= UNREAD
        elif not request.terms and over.path(number) not in at_hand and vendored(over.path(number)):
            total[number] *= COPIED
    _with_partners(over, total)
    return Ranking(request, itertools.islice(_ordered(over, total), MOST), fits)


def _ordered(over: Overlay, total: Mapping[int, float]) -> Iterator[Ranked]:
    """The best first, and what is worth nothing in the order of the paths."""
    rounded = ((round(score, 6), number) for number, score in total.items())
    worthy = sorted((-score, over.order(number), number) for score, number in rounded if score > 0)
    for score, _, number in worthy:
        yield Ranked(number, over.path(number), -score)
    known = {number for _, _, number in worthy}
    for number in over.files():
        if number not in known:
            yield Ranked(number, over.path(number), 0.0)


def _by_words(index: Index, request: Wanted) -> dict[int, float]:
    over, count = index.over, max(1, index.over.count)
    names = sorted(NAME + name for name in request.names)
    found = index.postings([*request.terms, *names])
    over = index.over
    scores: dict[int, float] = {}
    for term, weight in request.terms.items():
        where = found[term]
        rarity = math.log(1 + count / (0.5 + len(where))) * weight
        for entry in where:
            number = entry >> HIGH
            amount = sum(
                worth * times / (times + 0.6)
                for worth, times in zip(WEIGHTS, unpacked(entry & LOW), strict=True)
                if times
            )
            scores[number] = scores.get(number, 0.0) + rarity * amount
    for number in scores:
        scores[number] /= 1 + LONG * math.log(1 + over.length(number) / 150)
    for name in names:
        where = found[name]
        rarity = math.log(1 + count / (0.5 + len(where)))
        for entry in where:
            scores[entry >> HIGH] = scores.get(entry >> HIGH, 0.0) + NAMED * rarity
    return scores


def _by_paths(
    over: Overlay, meant: Sequence[str], at_hand: Collection[str], scores: dict[int, float], best: float
) -> None:
    """What is at hand, and what the request names."""
    if not at_hand and not meant:
        return
    for number in over.files():
        path = over.path(number)
        if path in at_hand:
            scores[number] = scores.get(number, 0.0) + AT_HAND * best
        for one in meant:
            if path == one or path.endswith(f"/{one}"):
                scores[number] = scores.get(number, 0.0) + best
            elif "/" in one and f"/{one}/" in f"/{path}":
                scores[number] = scores.get(number, 0.0) + 0.3 * best


def _by_links(over: Overlay, scores: Mapping[int, float], request: Wanted) -> dict[int, int]:
    """Weight that begins at the best files by words and goes to what defines the names in their code.

    In whole numbers: whatever the order of the files, the sums are the same.
    """
    best = heapq.nsmallest(SEEDS, scores, key=lambda number: (-round(scores[number], 6), over.path(number)))
    seeds = {number: scores[number] for number in best}
    if not seeds:
        own = [number for number in over.files() if not vendored(over.path(number))]
        seeds = dict.fromkeys(own or over.files(), 1.0)
    total = sum(sorted(seeds.values())) or 1.0
    active = {number: int(WHOLE * round(score / total, 9)) for number, score in seeds.items()}
    least = min(LEAST, min(active.values(), default=0))
    worths, flows = _worths(over, request), dict[int, int]()
    links: dict[int, tuple[array[int], list[int], int]] = {}
    for _ in range(ROUNDS):
        passed: dict[int, int] = {}
        get = passed.get
        for number, mass in active.items():
            if mass >= least:
                if number not in links:
                    links[number] = _links(over, number, worths)
                names, weights, whole = links[number]
                share = mass * KEPT // whole
                for name, weight in zip(names, weights, strict=True):
                    passed[name] = get(name, 0) + share * weight
        active = _arrived(over, passed)
        for number, mass in active.items():
            flows[number] = flows.get(number, 0) + mass
    return flows


def _links(over: Overlay, number: int, worths: Sequence[int]) -> "tuple[array[int], list[int], int]":
    """The names that a file rests on, what each weighs, and ten times what all weigh."""
    names, times = over.refs(number)
    weights = [worths[name] * ROOTS[often] for name, often in zip(names, times, strict=True)]
    if 0 in weights:
        names = array("I", (name for name, weight in zip(names, weights, strict=True) if weight))
        weights = [weight for weight in weights if weight]
    return names, weights, 10 * (sum(weights) or 1)


def _worths(over: Overlay, request: Wanted) -> Sequence[int]:
    """What each name tells; more where the request has it."""
    numbers = [number for one in request.names for number in over.numbers(one)]
    if not numbers:
        return over.worths
    worths = over.worths[:]
    for number in numbers:
        worths[number] *= MEANT
    return worths


def _arrived(over: Overlay, passed: Mapping[int, int]) -> dict[int, int]:
    """The weight of names, given to the files that define them."""
    base, others, known = over.base, over.definers, len(over.base.names)
    def_at, def_file = base.def_at, base.def_file
    arrived: dict[int, int] = {}
    get = arrived.get
    for name, mass in passed.items():
        files: Sequence[int]
        if name >= known or name in others:
            files = over.defined_in(name)
        else:
            start, end = def_at[name], def_at[name + 1]
            if end - start == 1:
                number = def_file[start]
                arrived[number] = get(number, 0) + mass
                continue
            files = def_file[start:end]
        share = mass // len(files) if files else 0
        for number in files:
            arrived[number] = get(number, 0) + share
    return arrived


def _with_partners(over: Overlay, total: dict[int, float]) -> None:
    """Tests get a share of what is worth the file they are of, and the other way round."""
    before = dict(total)
    for key in {over.kin(number)[1:] for number in before} - {""}:
        members = over.family(key)
        if not 1 < len(members) <= LARGEST_FAMILY:
            continue
        tests = [number for number in members if over.kin(number)[0] == TEST]
        others = [number for number in members if over.kin(number)[0] == SOURCE]
        for those, partners in ((tests, others), (others, tests)):
            if partners:
                most = max(before.get(one, 0.0) for one in partners)
                for number in those:
                    total[number] = max(before.get(number, 0.0) + PARTNER / 2 * most, PARTNER * most)
