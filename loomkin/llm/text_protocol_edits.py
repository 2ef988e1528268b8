"""Search/replace blocks: how an edit is written in the text protocol."""

import re

from loomkin.records.regex import pattern

_OPEN = pattern(r"^(<{5,}) ?SEARCH( ALL)?\s*$")
_MARK = pattern(r"^(?:<{5,} ?SEARCH(?: ALL)?|={5,}|>{5,} ?REPLACE)\s*$", re.MULTILINE)
_USUAL = 7
_EXAMPLE = "<<<<<<< SEARCH\\nold\\n=======\\nnew\\n>>>>>>> REPLACE"


def is_edit(values: dict[str, object]) -> bool:
    """Whether arguments of file_edit can be written as blocks: old and new, or a list of such pairs."""
    edits = values.get("edits")
    if isinstance(edits, list):
        return bool(edits) and "old" not in values and all(_is_pair(edit) for edit in edits)
    return isinstance(values.get("old"), str) and isinstance(values.get("new"), str)


def encode_edits(values: dict[str, object]) -> tuple[dict[str, object], str]:
    """The arguments that stay in the first line, and the blocks."""
    rest = {key: value for key, value in values.items() if key not in ("edits", "old", "new", "replace_all")}
    edits = values.get("edits")
    pairs = edits if isinstance(edits, list) else [values]
    return rest, "\n".join(_block(pair) for pair in pairs)


def decode_edits(lines: list[str]) -> dict[str, object]:
    """`old` and `new` for one block, `edits` for several; raises ValueError with words for the model."""
    edits: list[dict[str, object]] = []
    at = 0
    while at < len(lines):
        opening = _OPEN.match(lines[at])
        if opening is not None:
            edit, at = _read(lines, at + 1, len(opening[1]), bool(opening[2]))
            edits.append(edit)
        elif lines[at].strip():
            raise ValueError(f"Line {at + 1} of the edit is outside a block. Write only {_EXAMPLE}.")
        else:
            at += 1
    if not edits:
        raise ValueError(f"file_edit needs a block {_EXAMPLE} between the first line and ```end.")
    return edits[0] if len(edits) == 1 else {"edits": edits}


def _is_pair(edit: object) -> bool:
    return (
        isinstance(edit, dict)
        and isinstance(edit.get("old"), str)
        and isinstance(edit.get("new"), str)
        and edit.keys() <= {"old", "new", "replace_all"}
    )


def _block(pair: dict[str, object]) -> str:
    old, new = str(pair["old"]), str(pair["new"])
    runs = [len(found.group().split()[0]) for found in _MARK.finditer(f"{old}\n{new}")]
    size = max((run + 1 for run in runs), default=_USUAL)
    every = " ALL" if pair.get("replace_all") is True else ""
    middle = "=" * size
    lines = [f"{'<' * size} SEARCH{every}", *_lines(old), middle, *_lines(new), f"{'>' * size} REPLACE"]
    return "\n".join(lines)


def _lines(text: str) -> list[str]:
    return text.split("\n") if text else []


def _read(lines: list[str], at: int, size: int, every: bool) -> tuple[dict[str, object], int]:
    middle = _find(lines, at, re.compile(rf"^={{{size}}}\s*$"))
    end = _find(lines, middle + 1, re.compile(rf"^>{{{size}}} ?REPLACE\s*$"))
    edit: dict[str, object] = {"old": "\n".join(lines[at:middle]), "new": "\n".join(lines[middle + 1 : end])}
    if every:
        edit["replace_all"] = True
    return edit, end + 1


def _find(lines: list[str], start: int, mark: "re.Pattern[str]") -> int:
    for number in range(start, len(lines)):
        if mark.match(lines[number]):
            return number
    raise ValueError(f"A search/replace block is not finished. Write {_EXAMPLE}.")
