"""The one change of indentation that leads from a block as sent to the block as it stands."""

from collections.abc import Sequence
from math import gcd

from loomkin.records.dataclass import dataclass

_BLANKS = " \t"
_WIDTHS = (4, 8, 2, 3)


def indent_of(line: str) -> str:
    """The blanks and tabs that a line begins with."""
    return line[: len(line) - len(line.lstrip(_BLANKS))]


def is_blank(line: str) -> bool:
    """Whether a line has only blanks and tabs."""
    return not line.strip(_BLANKS)


@dataclass(frozen=True, slots=True)
class Shift:
    """Cut `cut` from the front and put `add` there; with `width`, also convert tabs and spaces."""

    add: str = ""
    cut: str = ""
    width: int = 0
    delta: int = 0
    tabs: bool = False

    def apply(self, line: str) -> str | None:
        """The line with its new indentation; None where it has too little to cut. Blank lines stay."""
        if is_blank(line):
            return line
        indent = indent_of(line)
        rest = line[len(indent) :]
        if not self.width:
            return self.add + line[len(self.cut) :] if line.startswith(self.cut) else None
        columns = len(indent.expandtabs(self.width)) + self.delta
        if columns < 0:
            return None
        if self.tabs:
            return "\t" * (columns // self.width) + " " * (columns % self.width) + rest
        return " " * columns + rest


def find_shift(old: Sequence[str], own: Sequence[str], new: Sequence[str]) -> Shift | None:
    """The shift from the lines `old` to the file's `own`, the same for all, or None.

    The lines must be equal apart from indentation. `new` helps to tell how wide a tab is.
    """
    pairs = [
        (indent_of(left), indent_of(right))
        for left, right in zip(old, own, strict=True)
        if not is_blank(left)
    ]
    if not pairs:
        return None
    sent, has = pairs[0]
    if has.endswith(sent):
        shift = Shift(add=has[: len(has) - len(sent)])
        if all(right == shift.add + left for left, right in pairs):
            return shift
    if sent.endswith(has):
        shift = Shift(cut=sent[: len(sent) - len(has)])
        if all(left == shift.cut + right for left, right in pairs):
            return shift
    return _conversion(pairs, new)


def _conversion(pairs: list[tuple[str, str]], new: Sequence[str]) -> Shift | None:
    """Tabs against spaces: the width under which every pair converts exactly.

    A width under which nothing shifts is preferred; then the step in which the spaces are indented.
    """
    tabs = any("\t" in right for _, right in pairs)
    spaced = (
        [left for left, _ in pairs] + [indent_of(line) for line in new] if tabs else [r for _, r in pairs]
    )
    step = gcd(*(len(indent) for indent in spaced if "\t" not in indent))
    widths = dict.fromkeys((*_WIDTHS, step) if step > 1 else _WIDTHS)
    found: list[Shift] = []
    for width in widths:
        sent, has = (len(side.expandtabs(width)) for side in pairs[0])
        shift = Shift(width=width, delta=has - sent, tabs=tabs)
        if all(shift.apply(left + "x") == right + "x" for left, right in pairs):
            found.append(shift)
    found.sort(key=lambda shift: (shift.delta != 0 or shift.width not in (4, 8, step), shift.width != step))
    return found[0] if found else None
