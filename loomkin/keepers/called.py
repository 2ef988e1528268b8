"""What a call was about, read off its arguments: the files it names, and those that it wrote to."""

import json
import re
from collections.abc import Iterator

from loomkin.records.message import ToolCall
from loomkin.records.regex import pattern

WRITES = ("file_write", "file_edit", "file_patch")
READS = ("file_read",)
LOOKS = ("content_search", "file_search")
PATH_KEYS = ("path", "file", "from", "to", "old_path", "new_path")
_PATCHED = pattern(r"^(?:\+\+\+ b/|\*\*\* (?:Add|Update|Delete) File: )(\S+)", re.M)


def arguments(call: ToolCall) -> dict[str, object]:
    """What a call was given; nothing where that is no JSON."""
    try:
        value = json.loads(call.arguments or "{}")
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def files(call: ToolCall, given: dict[str, object]) -> Iterator[str]:
    """The files that a call names; the folders that it looks through are none."""
    for key in PATH_KEYS:
        value = given.get(key)
        if isinstance(value, str) and value and len(value) < 300 and _is_file(call.name, value):
            yield value.removeprefix("./")
    if call.name in WRITES:
        for text in given.values():
            if isinstance(text, str):
                yield from dict.fromkeys(_PATCHED.findall(text))


def _is_file(tool: str, path: str) -> bool:
    return tool in READS or tool in WRITES or "." in path.rpartition("/")[2].lstrip(".")
