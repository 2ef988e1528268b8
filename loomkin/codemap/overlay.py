"""A kept index seen through the files that changed since it was built."""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence

from loomkin.codemap.base import HIGH, LOW, MOST_DEFINERS, NAME, Base, packed_path, path_terms, worth
from loomkin.codemap.digest import Packed
from loomkin.codemap.kin import kin
from loomkin.codemap.words import Pieces
from loomkin.store.codemap import MapStore


class Overlay:
    """A base seen through the files that changed since; numbers of new files follow those of the base."""

    def __init__(
        self,
        base: Base,
        store: MapStore,
        over: Sequence[tuple[str, int]],
        masked: Sequence[int],
        known: Pieces,
    ) -> None:
        self.base = base
        self.masked = frozenset(masked)
        self._new = over
        self._first = len(base.paths)
        self._terms: list[dict[str, int]] = []
        data = dict(store.data(sorted({digest for _, digest in over if digest})))
        packs = [Packed(data[digest]) if digest in data else None for _, digest in over]
        for (path, _), packed in zip(over, packs, strict=True):
            terms = {term: packed_path(times) for term, times in path_terms(path, known).items()}
            for term, value in packed.terms() if packed else ():
                terms[term] = terms.get(term, 0) | value
            self._terms.append(terms)
        self._kins = [kin(path) for path, _ in over]
        self._names = [dict(packed.names()) if packed else {} for packed in packs]
        self._link(store, [packed.defined() if packed else set() for packed in packs])

    def _link(self, store: MapStore, defined: Sequence[set[str]]) -> None:
        """What of the graph is other than in the base."""
        base = self.base
        self.names = base.names
        self.more_names: list[str] = []
        self.definers: dict[int, list[int]] = {}
        self.more_refs: dict[int, list[tuple[int, int]]] = {}
        self.worths = base.worths
        if not self._new and not self.masked:
            return
        number_of = {name: number for number, name in enumerate(base.names)}
        self._unlink_masked()
        more: dict[str, list[int]] = {}
        for number, names in enumerate(defined, self._first):
            for name in names:
                if name in number_of:
                    self.definers.setdefault(number_of[name], self.defined_in(number_of[name])).append(number)
                else:
                    more.setdefault(name, []).append(number)
        self._name_more(store, more, number_of)
        for number, found in enumerate(self._names, self._first):
            refs = ((number_of[name], times) for name, times in found.items() if name in number_of)
            self.more_refs.setdefault(number, []).extend(refs)
        self.worths = base.worths[:]
        self.worths.extend([0] * len(self.more_names))
        for linked, files in self.definers.items():
            self.worths[linked] = worth(self.name(linked), len(files))

    def _unlink_masked(self) -> None:
        base, masked = self.base, self.masked
        if masked:
            places = [place for place, file in enumerate(base.def_file) if file in masked]
            touched = {bisect_right(base.def_at, place) - 1 for place in places}
            for number in touched:
                self.definers[number] = [one for one in self.defined_in(number) if one not in masked]

    def _name_more(self, store: MapStore, more: Mapping[str, list[int]], number_of: dict[str, int]) -> None:
        """Names that nothing in the base defines: those of its files that have them refer to them now."""
        found = store.postings([NAME + name for name in more], self.base.stamp) or {}
        for name, files in sorted(more.items()):
            number = len(self.names) + len(self.more_names)
            self.more_names.append(name)
            number_of[name] = number
            self.definers[number] = files
            for entry in array("Q", found.get(NAME + name, b"")):
                if entry >> HIGH not in self.masked:
                    self.more_refs.setdefault(entry >> HIGH, []).append((number, entry & LOW))

    @property
    def size(self) -> int:
        """The number from which on there is no file."""
        return self._first + len(self._new)

    @property
    def count(self) -> int:
        """How many files there are."""
        return self.size - len(self.masked)

    @property
    def name_count(self) -> int:
        """The number from which on there is no name."""
        return len(self.names) + len(self.more_names)

    def files(self) -> Iterable[int]:
        """The numbers of all files."""
        return (number for number in range(self.size) if number not in self.masked)

    def path(self, number: int) -> str:
        """The path of a file."""
        return self.base.paths[number] if number < self._first else self._new[number - self._first][0]

    def digest(self, number: int) -> int:
        """The digest of a file, 0 where it has none."""
        if number < self._first:
            return int(self.base.digests[number])
        return self._new[number - self._first][1]

    def length(self, number: int) -> int:
        """How many terms a file has."""
        if number < self._first:
            return int(self.base.lengths[number])
        return len(self._terms[number - self._first])

    def kin(self, number: int) -> str:
        """What `kin` says of the path of a file."""
        return self.base.kins[number] if number < self._first else self._kins[number - self._first]

    def name(self, number: int) -> str:
        """A name that something defines."""
        at = number - len(self.names)
        return self.names[number] if at < 0 else self.more_names[at]

    def numbers(self, name: str) -> list[int]:
        """The number of a name that something defines, if anything does."""
        at = bisect_left(self.names, name)
        if at < len(self.names) and self.names[at] == name:
            return [at]
        return [len(self.names) + self.more_names.index(name)] if name in self.more_names else []

    def defined_in(self, name: int) -> list[int]:
        """The files that define a name."""
        if name in self.definers:
            return self.definers[name]
        base = self.base
        return base.def_file[base.def_at[name] : base.def_at[name + 1]].tolist()

    def refs(self, number: int) -> "tuple[array[int], array[int]]":
        """The defined names that a file has in its code, and how often."""
        names, times = array("I"), array("I")
        if number < self._first:
            start, end = self.base.ref_at[number], self.base.ref_at[number + 1]
            names, times = self.base.ref_name[start:end], self.base.ref_times[start:end]
        for name, often in self.more_refs.get(number, ()):
            names.append(name)
            times.append(often)
        return names, times

    def postings(self, term: str, where: "array[int]") -> "array[int]":
        """The entries of a term, from those in the base."""
        if self.masked:
            where = array("Q", [entry for entry in where if entry >> HIGH not in self.masked])
        source = self._names if term.startswith(NAME) else self._terms
        key = term.removeprefix(NAME)
        for number, terms in enumerate(source, self._first):
            if key in terms:
                where.append(number << HIGH | terms[key])
        return where

    @property
    def outgrown(self) -> bool:
        """Whether a name links files now whose references the base has not kept."""
        base = self.base
        return any(
            base.def_at[name + 1] - base.def_at[name] > MOST_DEFINERS >= len(files)
            for name, files in self.definers.items()
            if name < len(base.names)
        )
