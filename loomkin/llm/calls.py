"""Streamed tool calls numbered anew: one index a call, one id that no other call of the answer has."""

import os

from loomkin.llm.history import CLEAN_ID
from loomkin.llm.wire import CallDelta


class CallTracker:
    """Turns a provider's pieces of calls into `CallDelta`s.

    Servers leave out ids and indexes, repeat the id with each piece, give the same index or id to parallel
    calls, and write ids that other providers refuse; none of that leaves here.
    """

    def __init__(self) -> None:
        self._open: dict[object, int] = {}
        self._raw: list[str] = []
        self._used: set[str] = set()
        self._written: set[int] = set()

    @property
    def count(self) -> int:
        """How many calls have begun."""
        return len(self._raw)

    def piece(self, index: object, raw_id: str, name: str, arguments: str) -> CallDelta | None:
        """One piece; `index` None means that the server gave none. None for a piece that says nothing."""
        key = index if index is not None else "last"
        number = self._open.get(key)
        begins = number is None or (index is None and bool(name))
        if number is not None and raw_id and name and raw_id != self._raw[number]:
            begins = True
        if number is None or begins:
            if not (name or raw_id or arguments):
                return None
            return self._opening(key, raw_id, name, arguments)
        return self._more(number, arguments) if arguments else None

    def whole(self, raw_id: str, name: str, arguments: str) -> CallDelta:
        """A call that came in one piece."""
        return self._opening(object(), raw_id, name, arguments or "{}")

    def bare(self) -> list[CallDelta]:
        """At the end: an empty object for each call that came without any arguments."""
        return [self._more(number, "{}") for number in range(self.count) if number not in self._written]

    def _opening(self, key: object, raw_id: str, name: str, arguments: str) -> CallDelta:
        number = self._open[key] = len(self._raw)
        self._raw.append(raw_id)
        if arguments:
            self._written.add(number)
        return CallDelta(number, self._fresh_id(raw_id), name, arguments)

    def _more(self, number: int, arguments: str) -> CallDelta:
        self._written.add(number)
        return CallDelta(number, arguments=arguments)

    def _fresh_id(self, raw_id: str) -> str:
        good = CLEAN_ID.fullmatch(raw_id) and raw_id not in self._used
        identity = raw_id if good else f"call_{os.urandom(8).hex()}"
        self._used.add(identity)
        return identity
