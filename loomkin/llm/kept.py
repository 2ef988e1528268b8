"""Work on the entries of a list that grows is done once an entry."""

from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

Entry = TypeVar("Entry")
Found = TypeVar("Found")


class Kept(Generic[Entry, Found]):
    """What was found for each entry, known by its identity and kept from one pass over the list to the next.

    Whatever a pass does not meet is let go, so a list that is emptied takes its entries along. Entries must
    be immutable.
    """

    def __init__(self) -> None:
        self._known: dict[int, tuple[Entry, Found]] = {}
        self._form: object = None

    def each(
        self, entries: Iterable[Entry], work: Callable[[Entry], Found], form: object = None
    ) -> list[Found]:
        """The findings in the order of the entries; another `form` than in the pass before begins afresh."""
        known = self._known if form == self._form else {}
        # the entry is held beside its finding, so its identity cannot pass to another one
        passed = [known.get(id(entry)) or (entry, work(entry)) for entry in entries]
        self._known = {id(pair[0]): pair for pair in passed}
        self._form = form
        return [pair[1] for pair in passed]

    def __len__(self) -> int:
        return len(self._known)
