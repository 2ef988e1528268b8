"""Which definitions differ between two texts of a file: added, removed, renamed, changed."""

from collections.abc import Mapping, Sequence
from enum import StrEnum

from loomkin.codemap.symbols import Symbol, symbols
from loomkin.records.dataclass import dataclass


class Change(StrEnum):
    """What became of a definition."""

    ADDED = "added"
    RENAMED = "renamed"
    CHANGED = "changed"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class SymbolChange:
    """One definition that differs; `before` is the earlier name of one that was renamed."""

    kind: Change
    name: str
    container: bool = False
    before: str = ""


@dataclass(frozen=True, slots=True)
class _Known:
    """A definition with its own text, without that of the definitions in it."""

    symbol: Symbol
    text: str


def changed_symbols(path: str, before: str, after: str) -> tuple[SymbolChange, ...] | None:
    """The definitions that differ, in the order of the new text, removed ones last.

    None where no grammar reads the file. What is inside an added or removed class is not told apart from it.
    """
    old, new = symbols(path, before), symbols(path, after)
    if old is None or new is None:
        return None
    was, now = _texts(old, before), _texts(new, after)
    added = [name for name in now if name not in was]
    gone = [name for name in was if name not in now]
    renamed = _renamed(was, now, gone, added)
    found: list[SymbolChange] = []
    for name, one in now.items():
        if name in renamed:
            found.append(SymbolChange(Change.RENAMED, name, one.symbol.container, renamed[name]))
        elif name not in was:
            if not _inside(name, added):
                found.append(SymbolChange(Change.ADDED, name, one.symbol.container))
        elif was[name].text != one.text:
            found.append(SymbolChange(Change.CHANGED, name, one.symbol.container))
    left = [name for name in gone if name not in renamed.values()]
    found += [
        SymbolChange(Change.REMOVED, name, was[name].symbol.container)
        for name in left
        if not _inside(name, left) and not _inside(name, list(renamed.values()))
    ]
    whole = [one.name for one in found if one.kind is Change.CHANGED and not one.container]
    return tuple(one for one in found if not _follows(one, renamed) and not _inside(one.name, whole))


def _texts(known: Sequence[Symbol], text: str) -> dict[str, _Known]:
    """Every definition by its name with the lines that are its own; of equal names all lines together."""
    lines = text.split("\n")
    found: dict[str, _Known] = {}
    for one in known:
        inner = [(other.first, other.last) for other in known if _holds(one, other)]
        own = "\n".join(
            line.rstrip()
            for number, line in enumerate(lines[one.first - 1 : one.last], one.first)
            if line.strip() and not any(first <= number <= last for first, last in inner)
        )
        earlier = found.get(one.name)
        found[one.name] = _Known(one, f"{earlier.text}\n{own}" if earlier else own)
    return found


def _holds(one: Symbol, other: Symbol) -> bool:
    """Whether a definition stands inside a container; what is inside a function is the function's."""
    return one.container and other.name.startswith(f"{one.name}.") and one.first <= other.first <= one.last


def _renamed(
    was: Mapping[str, _Known], now: Mapping[str, _Known], gone: Sequence[str], added: Sequence[str]
) -> dict[str, str]:
    """The earlier name of each new one whose text differs in the name alone."""
    found: dict[str, str] = {}
    for name in added:
        text = _nameless(name, now[name].text)
        for before in gone:
            same = was[before].symbol.container == now[name].symbol.container
            if same and before not in found.values() and _nameless(before, was[before].text) == text:
                found[name] = before
                break
    return found


def _nameless(name: str, text: str) -> str:
    return text.replace(name.rpartition(".")[2], "\0")


def _inside(name: str, others: Sequence[str]) -> bool:
    return any(name.startswith(f"{other}.") for other in others)


def _follows(one: SymbolChange, renamed: Mapping[str, str]) -> bool:
    """Whether a definition is new, or has another name, only because what it stands in was renamed."""
    for name, before in renamed.items():
        if one.name.startswith(f"{name}."):
            own = one.name.removeprefix(name)
            return one.kind is Change.RENAMED and one.before == before + own
    return False
