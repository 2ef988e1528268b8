"""Reading the entries of a patch file, each field held to what it may be."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from typing import Any, TypeVar

from loomkin.decisions.drafts import GraphError
from loomkin.records.dataclass import dataclass
from loomkin.records.regex import pattern

E = TypeVar("E", bound=StrEnum)
LATEST = 1e11
"""Seconds since the epoch; no calendar goes further."""
_NAME = pattern(r"[A-Za-z0-9_-]{1,64}")
_HINT = "Write it again with `loomkin graph diff -o FILE`; nothing was changed."


class PatchError(GraphError):
    """A patch file cannot be used; says where."""

    def __init__(self, message: str, *, hint: str = _HINT) -> None:
        super().__init__(message, hint=hint)


@dataclass(frozen=True, slots=True)
class Entry:
    """One object of a list in the file; `where` names it for people."""

    where: str
    plain: Mapping[str, Any]

    @staticmethod
    def all_of(whole: Mapping[str, Any], name: str) -> "list[Entry]":
        """The entries of a list, none where there is no such list."""
        found = whole.get(name, [])
        if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
            raise PatchError(f"{name} in the file is not a list of objects.")
        return [Entry(f"{name}[{number}]", one) for number, one in enumerate(found)]

    def fault(self, what: str) -> PatchError:
        """The error that names this entry."""
        return PatchError(f"{self.where} of the file cannot be used: {what}.")

    @contextmanager
    def faults(self) -> Iterator[None]:
        """Say of what the graph itself refuses where it stands."""
        try:
            yield
        except PatchError:
            raise
        except GraphError as error:
            raise self.fault(error.message.rstrip(".")) from error

    def text(self, name: str, *, needed: bool = False) -> str:
        """A text, empty where there is none."""
        value = self.plain.get(name, None if needed else "")
        if not isinstance(value, str):
            raise self.fault(f"{name} is missing or no text")
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise self.fault(f"{name} holds half a character") from error
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of texts, empty where there is none."""
        value = self.plain.get(name, [])
        if not isinstance(value, list):
            raise self.fault(f"{name} is no list")
        return tuple(Entry(self.where, {name: one}).text(name, needed=True) for one in value)

    def name(self, name: str) -> str:
        """A change id."""
        value = self.text(name, needed=True)
        if not _NAME.fullmatch(value):
            raise self.fault(f"{name} is no change id")
        return value

    def time(self, name: str) -> float:
        """Seconds since the epoch."""
        value = self.plain.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < LATEST:
            raise self.fault(f"{name} is missing or no time")
        return float(value)

    def number(self, name: str) -> int | None:
        """A whole number, None where there is none."""
        value = self.plain.get(name)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
            raise self.fault(f"{name} is no whole number")
        return value

    def flag(self, name: str) -> bool:
        """True or false, false where nothing is said."""
        value = self.plain.get(name, False)
        if not isinstance(value, bool):
            raise self.fault(f"{name} is neither true nor false")
        return value

    def one_of(self, name: str, kinds: type[E]) -> E:
        """One of the words that there are."""
        value = self.text(name, needed=True)
        if value not in list(kinds):
            raise self.fault(f"{name} is {value!r}, not one of {', '.join(kinds)}")
        return kinds(value)
