"""The parts that all readers of written tool calls share: what is found, and how to step through the text."""

import json
from collections.abc import Callable

from loomkin.records.dataclass import dataclass
from loomkin.records.regex import pattern

NAME = r"[A-Za-z_][\w.-]*"
_DECODER = json.JSONDecoder(strict=False)
_SPACE = pattern(r"\s*")


@dataclass(frozen=True, slots=True)
class WrittenCall:
    """A call as it stands in the text; `arguments` is meant to be JSON text."""

    name: str
    arguments: str


Block = tuple[list[WrittenCall], int]
Reader = Callable[[str, int], Block | None]


def json_calls(text: str, at: int) -> Block | None:
    """The calls in one JSON value: an object with a name and arguments, or a list of them."""
    try:
        value, end = _DECODER.raw_decode(text, at)
    except (ValueError, RecursionError):
        return None
    entries = value if isinstance(value, list) else [value]
    calls = [_envelope(entry) for entry in entries]
    found = [call for call in calls if call is not None]
    return (found, end) if found and len(found) == len(calls) else None


def _envelope(entry: object) -> WrittenCall | None:
    if not isinstance(entry, dict):
        return None
    inner = entry.get("function")
    if isinstance(inner, dict):
        entry = inner
    name = entry.get("name")
    keys = [key for key in ("arguments", "parameters", "input") if key in entry]
    if not isinstance(name, str) or len(keys) != 1:
        return None
    arguments = entry[keys[0]]
    if isinstance(arguments, str):
        return WrittenCall(name, arguments)
    return (
        WrittenCall(name, json.dumps(arguments, ensure_ascii=False)) if isinstance(arguments, dict) else None
    )


def raw_arguments(text: str, at: int, name: str) -> Block | None:
    """The JSON object at this place, word for word unless it has raw line breaks in strings."""
    at = skip(text, at)
    try:
        value, end = _DECODER.raw_decode(text, at)
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict):
        return None
    words = text[at:end]
    try:
        json.loads(words)
    except ValueError:
        words = json.dumps(value, ensure_ascii=False)
    return [WrittenCall(name, words)], end


def closed_by(text: str, block: Block | None, closing: str) -> Block | None:
    """The block with its closing mark, which may be missing only at the very end (a stop sequence ate it)."""
    if block is None:
        return None
    at = skip(text, block[1])
    if text.startswith(closing, at):
        return block[0], at + len(closing)
    return (block[0], at) if at >= len(text) else None


def past(text: str, at: int, *marks: str) -> int:
    """The place behind those of the marks that stand here, in this order."""
    for mark in marks:
        after = skip(text, at)
        if text.startswith(mark, after):
            at = after + len(mark)
    return at


def skip(text: str, at: int) -> int:
    """The place behind white space."""
    found = _SPACE.match(text, at)
    return found.end() if found else at
