"""A kept index seen through the files that changed since it was built."""

from array import array
from bisect import bisect_left
from collections.abc import Collection, Iterator, Mapping, Sequence

from loomkin.codemap.base import HIGH, LOW, MOST_DEFINERS, NAME, worth
from loomkin.codemap.ground import Ground, Sheet


class Overlay:
    """A base seen through the files that changed since; numbers of new files follow those of the base."""

    def __init__(self, ground: Ground, over: Sequence[Sheet], masked: Collection[int]) -> None:
        self.base = base = ground.base
        self.masked = frozenset(masked)
        self._ground = ground
        self._new = over
        self._first = len(base.paths)
        self.names = base.names
        self.more_names: list[str] = []
        self.definers: dict[int, list[int]] = {}
        self.more_refs: dict[int, list[tuple[int, int]]] = {}
        self.worths = base.worths
        self._places = [bisect_left(base.paths, sheet.path) for sheet in over]
        self._new_kins: dict[str, list[int]] = {}
        for number, sheet in enumerate(over, self._first):
            if sheet.kin:
                self._new_kins.setdefault(sheet.kin[1:], []).append(number)
        if over or masked:
            self._link()

    def _link(self) -> None:
        """What of the graph is other than in the base."""
        for linked, number in self._ground.defined_by(self.masked):
            files = self._own(linked)
            del files[bisect_left(files, number)]
        more: dict[str, list[int]] = {}
        for number, sheet in enumerate(self._new, self._first):
            self.more_refs[number] = list(sheet.refs)
            for name in sheet.defined:
                at = self._ground.place(name)
                if at >= 0:
                    self._own(at).append(number)
                else:
                    more.setdefault(name, []).append(number)
        self._name_more(more)
        self.worths = self.base.worths[:]
        self.worths.extend([0] * len(self.more_names))
        known, def_at = len(self.names), self.base.def_at
        for linked, files in self.definers.items():
            if linked >= known or len(files) != def_at[linked + 1] - def_at[linked]:
                self.worths[linked] = worth(self.name(linked), len(files))

    def _own(self, name: int) -> list[int]:
        """The files that define a name of the base, to be changed; in order as long as none is added."""
        if name not in self.definers:
            self.definers[name] = self.defined_in(name)
        return self.definers[name]

    def _name_more(self, more: Mapping[str, list[int]]) -> None:
        """Names that nothing in the base defines: those of its files that have them refer to them now."""
        found = self._ground.store.postings([NAME + name for name in more], self.base.stamp) or {}
        for name, files in sorted(more.items()):
            number = len(self.names) + len(self.more_names)
            self.more_names.append(name)
            self.definers[number] = files
            for entry in array("Q", found.get(NAME + name, b"")):
                if entry >> HIGH not in self.masked:
                    self.more_refs.setdefault(entry >> HIGH, []).append((number, entry & LOW))
            for at, sheet in enumerate(self._new, self._first):
                if name in sheet.names:
                    self.more_refs[at].append((number, sheet.names[name]))

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

    def files(self) -> Iterator[int]:
        """The numbers of all files, in the order of their paths."""
        start, masked = 0, self.masked
        for number, at in enumerate(self._places, self._first):
            yield from (one for one in range(start, at) if one not in masked)
            yield number
            start = at
        yield from (one for one in range(start, self._first) if one not in masked)

    def order(self, number: int) -> tuple[int, int]:
        """What sorts files as their paths do."""
        return (
            (number, 0) if number < self._first else (self._places[number - self._first], number - self.size)
        )

    def family(self, key: str) -> Sequence[int]:
        """The files that have a kin in common."""
        found = self._ground.family(key)
        new = self._new_kins.get(key, ())
        if new or (self.masked and not self.masked.isdisjoint(found)):
            return [*(number for number in found if number not in self.masked), *new]
        return found

    def path(self, number: int) -> str:
        """The path of a file."""
        return self.base.paths[number] if number < self._first else self._new[number - self._first].path

    def digest(self, number: int) -> int:
        """The digest of a file, 0 where it has none."""
        if number < self._first:
            return int(self.base.digests[number])
        return self._new[number - self._first].digest

    def length(self, number: int) -> int:
        """How many terms a file has."""
        if number < self._first:
            return int(self.base.lengths[number])
        return len(self._new[number - self._first].terms)

    def kin(self, number: int) -> str:
        """What `kin` says of the path of a file."""
        return self.base.kins[number] if number < self._first else self._new[number - self._first].kin

    def name(self, number: int) -> str:
        """A name that something defines."""
        at = number - len(self.names)
        return self.names[number] if at < 0 else self.more_names[at]

    def numbers(self, name: str) -> list[int]:
        """The number of a name that something defines, if anything does."""
        at = self._ground.place(name)
        if at >= 0:
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
        for number in self.masked:
            at = bisect_left(where, number << HIGH)
            if at < len(where) and where[at] >> HIGH == number:
                del where[at]
        named = term.startswith(NAME)
        key = term.removeprefix(NAME)
        for number, sheet in enumerate(self._new, self._first):
            value = (sheet.names if named else sheet.terms).get(key)
            if value is not None:
                where.append(number << HIGH | value)
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
