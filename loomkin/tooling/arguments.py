"""Reads the arguments of a tool call: strict JSON, then only repairs that cannot change what was meant."""

import json
import math
from collections.abc import Callable

from loomkin.records.dataclass import dataclass
from loomkin.tooling.arguments_repair import (
    Token,
    closed,
    fence_removed,
    joined,
    literals_of_json,
    newlines_escaped,
    plain_quotes,
    tokenised,
    without_trailing_commas,
)

_SHOWN = 200
_DECODER_ERRORS = (ValueError, RecursionError)


@dataclass(frozen=True, slots=True)
class Arguments:
    """One object for each call that was meant (nearly always one), and what had to be repaired or dropped."""

    objects: tuple[dict[str, object], ...]
    notes: tuple[str, ...] = ()

    @property
    def values(self) -> dict[str, object]:
        """The arguments of the first call."""
        return self.objects[0]


@dataclass(frozen=True, slots=True)
class ArgumentProblem:
    """Arguments that cannot be used, in words for the model."""

    reason: str
    received: str

    @property
    def message(self) -> str:
        """What went wrong, what arrived, what to do."""
        shown = self.received if len(self.received) <= _SHOWN else f"{self.received[:_SHOWN]}..."
        return f"{self.reason} Received: {shown!r}. Send the call again with one complete JSON object."


def parse_arguments(text: str, *, truncated: bool) -> Arguments | ArgumentProblem:
    """The arguments in a model's text; never raises.

    A call cut off by the output limit is never used, however complete it looks. Objects glued together become
    several calls; each must still pass the tool's schema.
    """
    if truncated:
        return ArgumentProblem(
            "The call was cut off by the output limit or a filter and was not run; write less in one call.",
            text,
        )
    if not text.strip():
        return Arguments(({},))
    try:
        return _strict(text)
    except _DECODER_ERRORS as error:
        return _repaired(text) or ArgumentProblem(
            f"The arguments are not a JSON object: {_why(error)}.", text
        )


def _strict(text: str) -> Arguments:
    """The objects in strict JSON; raises ValueError or RecursionError."""
    notes: list[str] = []
    value = _decoder(notes).decode(text.strip())
    if isinstance(value, str):
        value = _decoder(notes).decode(value.strip())
        notes.append("the arguments were JSON inside a JSON string")
    if not isinstance(value, dict):
        raise ValueError(f"it is {_kind(value)}")
    return Arguments((value,), tuple(dict.fromkeys(notes)))


def _glued(text: str) -> Arguments:
    """Several objects with only blanks and commas between them; raises as `_strict` does."""
    notes: list[str] = []
    decoder = _decoder(notes)
    objects: list[dict[str, object]] = []
    at = 0
    while at < len(text):
        if text[at].isspace() or (text[at] == "," and objects):
            at += 1
            continue
        value, at = decoder.raw_decode(text, at)
        if not isinstance(value, dict):
            raise ValueError(f"it holds {_kind(value)}")
        objects.append(value)
    if len(objects) < 2:
        raise ValueError("it is not several objects")
    notes.append(f"{len(objects)} objects in one call were taken as {len(objects)} calls")
    return Arguments(tuple(objects), tuple(dict.fromkeys(notes)))


_REPAIRS: tuple[tuple[str, Callable[[list[Token]], list[Token] | None]], ...] = (
    ("quotes were replaced by plain double quotes", plain_quotes),
    ("raw line breaks in strings were escaped", newlines_escaped),
    ("Python words were replaced by true, false and null", literals_of_json),
    ("a trailing comma was dropped", without_trailing_commas),
    ("missing closing brackets were added", closed),
)


def _repaired(text: str) -> Arguments | None:
    """The first reading that works, with repairs added one after another; None when none does."""
    notes: list[str] = []
    unwrapped = fence_removed(text)
    if unwrapped is not None:
        text = unwrapped
        notes.append("a code fence around the arguments was removed")
    tokens: list[Token] | None = tokenised(text)
    found = _read(text, notes)
    for note, repair in _REPAIRS:
        if found is not None or tokens is None:
            break
        changed = repair(tokens)
        if changed is not None:
            tokens = changed
            notes.append(note)
            found = _read(joined(tokens), notes)
    return found


def _read(text: str, notes: list[str]) -> Arguments | None:
    for reading in (_strict, _glued):
        try:
            found = reading(text)
        except _DECODER_ERRORS:
            continue
        return Arguments(found.objects, (*notes, *found.notes))
    return None


def _decoder(notes: list[str]) -> json.JSONDecoder:
    def unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
        values: dict[str, object] = {}
        for key, value in pairs:
            if key in values:
                notes.append(f"`{key}` was given more than once; the last one counts")
            values[key] = value
        return values

    return json.JSONDecoder(object_pairs_hook=unique, parse_constant=_no_number, parse_float=_finite)


def _no_number(word: str) -> float:
    raise ValueError(f"{word} is not JSON")


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError(f"{digits[:40]} is too large")
    return number


def _why(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg[:1].lower()}{error.msg[1:]} at line {error.lineno}, column {error.colno}"
    return str(error)


def _kind(value: object) -> str:
    names = {list: "a list", str: "a string", bool: "true or false", type(None): "null"}
    return names.get(type(value), "a number")
