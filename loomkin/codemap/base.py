"""The index over all files of a project at one moment: which terms are where, and who names whom."""

import os
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from loomkin.codemap.digest import CODE, DEFINED, MOST, WORDS, Packed
from loomkin.codemap.kin import kin
from loomkin.codemap.words import Pieces, path_pieces
from loomkin.records.dataclass import dataclass
from loomkin.store.codemap import MapStore

PATH = 24
"""Where in a term's number stands how often it is in the path."""
NAME = "="
"""Before a name whose postings are the files that have it in their code, and how often."""
MOST_DEFINERS = 24
"""Files that define a name, from which on it tells nothing of who needs whom."""
AT_ONCE = 400
HIGH, LOW = 32, (1 << 32) - 1
"""An entry of a posting: above, the number of the file; below, the number of the term in it."""
Postings = dict[str, "array[int]"]


@dataclass(frozen=True, slots=True)
class Base:
    """The files in the order of their paths, and the graph between them by the names that one defines.

    File `f` has the names `ref_name[ref_at[f]:ref_at[f + 1]]` in its code, each so often, without those that
    too many files define; name `n` is defined in `def_file[def_at[n]:def_at[n + 1]]`. `digests` are 0 for
    files that are known by name alone; `kins` and `worths` are as `kin` and `worth` say.
    """

    stamp: bytes
    paths: Sequence[str]
    kins: Sequence[str]
    digests: "array[int]"
    lengths: "array[int]"
    names: Sequence[str]
    ref_at: "array[int]"
    ref_name: "array[int]"
    ref_times: "array[int]"
    def_at: "array[int]"
    def_file: "array[int]"
    worths: "array[int]"


def path_terms(path: str, known: Pieces) -> dict[str, int]:
    """The terms of a path and how often each is in it."""
    found: dict[str, int] = {}
    for piece in path_pieces(path, known):
        found[piece] = found.get(piece, 0) + 1
    return found


def packed_path(times: int) -> int:
    """A term's number for what stands in the path."""
    return min(times, MOST) << PATH


def unpacked(number: int) -> tuple[int, int, int, int]:
    """How often a term is in definitions, in code, in words for people, and in the path."""
    return number >> DEFINED & MOST, number >> CODE & MOST, number >> WORDS & MOST, number >> PATH & MOST


def build(store: MapStore, files: Sequence[tuple[str, int]], known: Pieces) -> Base:
    """Make and keep the base of some files with their digests, given in the order of their paths."""
    terms: Postings = {}
    named: Postings = {}
    definers: dict[str, array[int]] = {}
    lengths = array("I", bytes(4 * len(files)))
    for number, path, packed in _read(store, files):
        here = number << HIGH
        of_path = {term: packed_path(times) for term, times in path_terms(path, known).items()}
        if packed is not None:
            lengths[number] = _add(terms, here, packed.terms(), of_path)
            _add(named, here, packed.names(), {})
            for name in packed.defined():
                definers.setdefault(name, array("I")).append(number)
        lengths[number] += _add(terms, here, of_path.items(), {})
    names = sorted(definers)
    graph = _graph(len(files), names, definers, named)
    paths = [path for path, _ in files]
    kins = [kin(path) for path in paths]
    numbers = array("q", (digest for _, digest in files))
    worths = array("I", (worth(name, len(definers[name])) for name in names))
    base = Base(os.urandom(8), paths, kins, numbers, lengths, names, *graph, worths)
    store.rebase(_parts(base), _rows(named, terms))
    return base


def _rows(named: Postings, terms: Postings) -> Iterator[tuple[str, bytes]]:
    """All postings in the order of their keys: names come first, as no term begins with their sign."""
    for mark, postings in ((NAME, named), ("", terms)):
        for term in sorted(postings):
            yield mark + term, postings[term].tobytes()


def _add(postings: Postings, here: int, found: Iterable[tuple[str, int]], more: dict[str, int]) -> int:
    """Note a file for what is found in it, with what more is known of that, which is used up."""
    count, get = 0, postings.get
    for term, value in found:
        if more and term in more:
            value |= more.pop(term)
        where = get(term)
        if where is None:
            where = postings[term] = array("Q")
        where.append(here | value)
        count += 1
    return count


def load(store: MapStore) -> Base | None:
    """The base that is kept, if there is one."""
    parts = store.base()
    if not parts.keys() >= {"stamp", *_TEXTS, *_NUMBERS}:
        return None
    numbers = {name: array("q" if name == "digests" else "I", parts[name]) for name in _NUMBERS}
    texts = {name: _split(parts[name]) for name in _TEXTS}
    fields: dict[str, Any] = {"stamp": parts["stamp"], **texts, **numbers}
    return Base(**fields)


_TEXTS = ("paths", "kins", "names")
_NUMBERS = ("digests", "lengths", "ref_at", "ref_name", "ref_times", "def_at", "def_file", "worths")


def worth(name: str, definers: int) -> int:
    """How much a name tells of who needs whom, defined in so many files; nothing where in too many."""
    if not 0 < definers <= MOST_DEFINERS:
        return 0
    value = 480 // definers
    if name.islower() and "_" not in name:
        value //= 3  # a word as good as any: fields and variables have such names, too
    elif len(name) >= 8:
        value *= 3
    return value // 4 if name.startswith("_") or len(name) < 4 else value


def _parts(base: Base) -> Iterator[tuple[str, bytes]]:
    yield "stamp", base.stamp
    for name in _TEXTS:
        yield name, "\0".join(getattr(base, name)).encode("utf-8", "surrogateescape")
    for name in _NUMBERS:
        yield name, getattr(base, name).tobytes()


def _split(data: bytes) -> list[str]:
    return data.decode("utf-8", "surrogateescape").split("\0") if data else []


def _read(store: MapStore, files: Sequence[tuple[str, int]]) -> Iterator[tuple[int, str, Packed | None]]:
    for begin in range(0, len(files), AT_ONCE):
        part = files[begin : begin + AT_ONCE]
        data = dict(store.data(sorted({digest for _, digest in part if digest})))
        for number, (path, digest) in enumerate(part, begin):
            yield number, path, Packed(data[digest]) if digest in data else None


def _graph(
    count: int,
    names: Sequence[str],
    definers: "Mapping[str, array[int]]",
    named: Postings,
) -> "tuple[array[int], array[int], array[int], array[int], array[int]]":
    """Who names what, by file, and where it is defined, by name."""
    of_files: list[array[int]] = [array("Q") for _ in range(count)]
    def_at, def_file = array("I", [0]), array("I")
    for number, name in enumerate(names):
        def_file.extend(definers[name])
        def_at.append(len(def_file))
        if len(definers[name]) <= MOST_DEFINERS:
            for entry in named.get(name, ()):
                of_files[entry >> HIGH].append(number << HIGH | entry & LOW)
    ref_at, ref_name, ref_times = array("I", [0]), array("I"), array("I")
    for entries in of_files:
        ref_name.extend([entry >> HIGH for entry in entries])
        ref_times.extend([entry & LOW for entry in entries])
        ref_at.append(len(ref_name))
    return ref_at, ref_name, ref_times, def_at, def_file
