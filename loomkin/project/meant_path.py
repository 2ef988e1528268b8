"""Which file a path means that a model or a person wrote."""

import os
import re
from pathlib import Path

from loomkin.records.regex import pattern

_ESCAPE = pattern(r"\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|([ntr]))")
_LETTERS = {"n": "\n", "t": "\t", "r": "\r"}


def meant_path(folder: Path, written: str, top: Path) -> Path:
    """The absolute path that `written` means in `folder`, a folder at or below `top`; symlinks stay.

    What exists under exactly that name is meant. Else, where it exists, what a listing shows so: a path from
    `top`, or a name in which control characters and undecodable bytes are escaped. Backslashes of any other
    name part folders. Whoever judges a path and whoever opens it must both come through here.
    """
    full = _joined(folder, written)
    if os.path.lexists(full):
        return Path(full)
    from_top = _joined(top, written)
    inner = os.path.relpath(os.path.realpath(folder), os.path.realpath(top))
    candidates = [from_top] if os.path.normpath(written).startswith(f"{inner}{os.sep}") else []
    if "\\" in written:
        candidates.append(_joined(folder, _ESCAPE.sub(_unescaped, written)))
    for candidate in candidates:
        if os.path.lexists(candidate):
            return Path(candidate)
    return Path(_joined(folder, written.replace("\\", "/")))


def _joined(folder: Path, written: str) -> str:
    return os.path.normpath(os.path.join(folder, os.path.expanduser(written)))


def _unescaped(found: re.Match[str]) -> str:
    byte, character, letter = found.groups()
    if letter:
        return _LETTERS[letter]
    code = int(byte or character, 16)
    # a byte that is no text stands in a name as a surrogate
    return chr(0xDC00 + code) if byte and code >= 0x80 else chr(code)
