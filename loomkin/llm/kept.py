"""Work on the entries of a list that grows is done once an entry."""

from collections.abc import Callable, Iterable, Sequence
from operator import is_
from typing import Generic, TypeVar

Entry = TypeVar("Entry")
Found = TypeVar("Found")


class Kept(Generic[Entry, Found]):
    """What was found for each entry, known by its identity and kept from one pass over the list to the next.

    Whatever a pass does not meet is let go, so a list that is emptied takes its entries along. Entries must
    be immutable. A list that only grew since the pass before costs hardly more than its new entries.
    """

    def __init__(self) -> None:
        self._entries: list[Entry] = []
        self._found: list[Found] = []
        self._form: object = None

    def each(
        self, entries: Iterable[Entry], work: Callable[[Entry], Found], form: object = None
    ) -> list[Found]:
        """The findings in the order of the entries; another `form` than in the pass before begins afresh."""
        listed = list(entries)
        if form != self._form:
            self._entries, self._found, self._form = [], [], form
        same = [*map(is_, listed, self._entries), False].index(False)
        # the entries of before are held meanwhile, so their identities cannot pass to new ones
        known = dict(zip(map(id, self._entries[same:]), self._found[same:], strict=True))
        found = self._found[:same]
        found += [known[id(entry)] if id(entry) in known else work(entry) for entry in listed[same:]]
        self._entries, self._found = listed, found
        return found.copy()

    def __len__(self) -> int:
        return len(self._entries)


def begins_with(listed: Sequence[Entry], first: Sequence[Entry]) -> bool:
    """Whether the very same entries, not only equal ones, come first."""
    return len(listed) >= len(first) and all(map(is_, listed, first))
