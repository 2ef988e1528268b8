"""Search/replace blocks, the form in which models without tools write edits."""

import re

from loomkin.project.edit_result import Edit, Refused, RefusedKind

_SEARCH = re.compile(r"\s*(<{5,})\s*(?:SEARCH|ORIGINAL|HEAD)\b.*", re.IGNORECASE)


def parse_blocks(text: str) -> list[Edit] | Refused:
    """The edits of all `<<<<<<< SEARCH / ======= / >>>>>>> REPLACE` blocks, in order.

    The marks of one block have the same length, five signs or more: content that has such lines itself is
    sent with longer marks. Words and code fences between the blocks are passed over.
    """
    lines = text.replace("\r\n", "\n").split("\n")
    edits: list[Edit] = []
    number = 0
    while number < len(lines):
        opening = _SEARCH.fullmatch(lines[number])
        if opening is None:
            number += 1
            continue
        size = len(opening[1])
        middle = re.compile(rf"\s*={{{size}}}\s*")
        closing = re.compile(rf"\s*>{{{size}}}(?:\s*(?:REPLACE|UPDATED).*)?\s*", re.IGNORECASE)
        end = _first(lines, closing, number + 1)
        if end is None:
            return _malformed(number, f"is not closed by '{'>' * size} REPLACE'")
        if any(_SEARCH.fullmatch(line) for line in lines[number + 1 : end]):
            return _malformed(number, "has another block in it")
        dividers = [at for at in range(number + 1, end) if middle.fullmatch(lines[at])]
        if len(dividers) != 1:
            have = "no" if not dividers else f"{len(dividers)}"
            return _malformed(
                number, f"has {have} lines '{'=' * size}' between old and new text instead of one"
            )
        old, new = lines[number + 1 : dividers[0]], lines[dividers[0] + 1 : end]
        edits.append(Edit(_joined(old), _joined(new), whole_lines=True))
        number = end + 1
    if not edits:
        return Refused(RefusedKind.MALFORMED, f"There is no search/replace block. {_FORM}")
    return edits


_FORM = (
    "Write '<<<<<<< SEARCH', the old lines, '=======', the new lines, '>>>>>>> REPLACE', each mark on a line "
    "of its own; use nine signs instead of seven if the text itself has such lines."
)


def _first(lines: list[str], pattern: re.Pattern[str], start: int) -> int | None:
    return next((at for at in range(start, len(lines)) if pattern.fullmatch(lines[at])), None)


def _joined(lines: list[str]) -> str:
    return "".join(line + "\n" for line in lines)


def _malformed(number: int, problem: str) -> Refused:
    return Refused(RefusedKind.MALFORMED, f"The block at line {number + 1} {problem}. {_FORM}")
