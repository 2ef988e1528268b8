"""A kept index and what is derived of it once, however often other files are laid over it."""

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterator, Mapping, Sequence

from loomkin.codemap.base import Base, packed_path, path_terms
from loomkin.codemap.digest import Packed
from loomkin.codemap.kin import kin
from loomkin.codemap.words import Pieces
from loomkin.records.dataclass import dataclass
from loomkin.store.codemap import MapStore


@dataclass(frozen=True, slots=True)
class Sheet:
    """A file that is laid over a base: what it can be found by, what it names and what it defines.

    `refs` are the names in its code that something in the base defines, by their numbers there.
    """

    path: str
    digest: int
    kin: str
    terms: Mapping[str, int]
    names: Mapping[str, int]
    defined: Sequence[str]
    refs: Sequence[tuple[int, int]]


class Ground:
    """A base, the sheets that lie over it, and where in it they change something."""

    def __init__(self, base: Base, store: MapStore, known: Pieces) -> None:
        self.base = base
        self.store = store
        self._known = known
        self._sheets: dict[tuple[str, int], Sheet] = {}
        self._defined: dict[int, list[int]] = {}
        self._families: dict[str, list[int]] = {}

    def place(self, name: str) -> int:
        """The number of a name that something in the base defines, -1 for others."""
        names = self.base.names
        at = bisect_left(names, name)
        return at if at < len(names) and names[at] == name else -1

    def number(self, path: str) -> int:
        """The number of a file of the base, -1 for others."""
        paths = self.base.paths
        at = bisect_left(paths, path)
        return at if at < len(paths) and paths[at] == path else -1

    def family(self, key: str) -> Sequence[int]:
        """The files of the base that have a kin in common."""
        if not self._families:
            for number, known in enumerate(self.base.kins):
                if known:
                    self._families.setdefault(known[1:], []).append(number)
        return self._families.get(key, ())

    def sheets(self, files: Sequence[tuple[str, int]]) -> list[Sheet]:
        """Files, by their paths and digests, as they are laid over the base."""
        new = [one for one in files if one not in self._sheets]
        data = dict(self.store.data(sorted({digest for _, digest in new if digest})))
        kept = {one: self._sheets[one] for one in files if one in self._sheets}
        kept.update((one, self._sheet(*one, data.get(one[1]))) for one in new)
        self._sheets = kept
        return [kept[one] for one in files]

    def _sheet(self, path: str, digest: int, data: bytes | None) -> Sheet:
        packed = Packed(data) if data is not None else None
        terms = {term: packed_path(times) for term, times in path_terms(path, self._known).items()}
        for term, value in packed.terms() if packed else ():
            terms[term] = terms.get(term, 0) | value
        names = dict(packed.names()) if packed else {}
        refs = [(at, times) for name, times in names.items() if (at := self.place(name)) >= 0]
        defined = sorted(packed.defined()) if packed else ()
        return Sheet(path, digest, kin(path), terms, names, defined, refs)

    def defined_by(self, files: Collection[int]) -> Iterator[tuple[int, int]]:
        """The names that some files of the base define, by their numbers, each with the file."""
        digests = {number: self.base.digests[number] for number in files if number not in self._defined}
        data = dict(self.store.data(sorted(set(digests.values()) - {0})))
        lost = {number for number, digest in digests.items() if digest and digest not in data}
        for number, digest in digests.items():
            names = Packed(data[digest]).defined() if digest in data else ()
            self._defined[number] = [at for name in names if (at := self.place(name)) >= 0]
        if lost:
            # what was read of their contents is dropped by now
            for place, file in enumerate(self.base.def_file):
                if file in lost:
                    self._defined[file].append(bisect_right(self.base.def_at, place) - 1)
        return ((name, number) for number in files for name in self._defined[number])
