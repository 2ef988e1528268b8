"""The line in a commit's message that names a decision: `Loomkin-Decision: d42 n_05fh2k…`.

The number is for people; the change id behind it is the same in every clone, and decides.
"""

import re
from collections.abc import Iterable

from loomkin.records.dataclass import dataclass
from loomkin.records.decision import Node
from loomkin.records.regex import pattern

TRAILER = "Loomkin-Decision"
ADDRESS = "noreply@loomkin.invalid"
_LINE = pattern(rf"^{TRAILER}:[ \t]*(?P<value>.+?)[ \t]*$", re.MULTILINE | re.IGNORECASE)
_CHANGE = pattern(r"\b[a-z]+_[0-9a-z]{8,}\b")
_NUMBER = pattern(r"\bd[0-9]+\b")


@dataclass(frozen=True, slots=True)
class Named:
    """A decision as a commit names it; `number` or `change` may be empty, not both."""

    number: str
    change: str

    @property
    def words(self) -> str:
        """The name as it stands there."""
        return " ".join(part for part in (self.number, self.change) if part)


def named(message: str) -> list[Named]:
    """The decisions that a commit's message names, each once; wherever in it, as after a squash."""
    found: dict[Named, None] = {}
    for line in _LINE.finditer(message):
        value = line["value"]
        number, change = _NUMBER.search(value), _CHANGE.search(value)
        if number or change:
            found[Named(number[0] if number else "", change[0] if change else "")] = None
    return list(found)


def without(message: str) -> str:
    """The message without these lines."""
    return _LINE.sub("", message).strip()


def lines(nodes: Iterable[Node]) -> list[str]:
    """The lines that name these decisions."""
    return [f"{TRAILER}: {node.id} {node.change_id}" for node in nodes]


def attribution(setting: str, models: Iterable[str]) -> list[str]:
    """The lines that say which models helped, as the person wants it said; `none` says nothing anywhere."""
    named = dict.fromkeys(flat for model in models if (flat := "".join(model.split())))
    if setting == "none":
        return []
    if setting == "co-authored-by":
        return [f"Co-authored-by: loomkin ({model}) <{ADDRESS}>" for model in named]
    return [f"Assisted-by: loomkin:{model}" for model in named]
