"""What a wire reads out of an answer, whose parts may have any form that JSON has."""

from collections.abc import Iterator, Mapping
from typing import Any

from loomkin.llm.http import unpromised
from loomkin.llm.json_body import json_text
from loomkin.llm.wire import CallDelta, Delta, Endpoint, TextDelta, ThinkingDelta


def promised(endpoint: Endpoint, deltas: Iterator[Delta], read: Mapping[str, Any]) -> Iterator[Delta]:
    """The deltas that a reader finds in an object; raises ProtocolError where that has another form."""
    try:
        for delta in deltas:
            if isinstance(delta, TextDelta | ThinkingDelta):
                _text(delta.text)
            elif isinstance(delta, CallDelta):
                _text(delta.arguments)
            yield delta
    except (AttributeError, TypeError, ValueError, LookupError) as error:
        raise unpromised(
            endpoint, "this has another form", json_text(read).encode(errors="replace")
        ) from error


def _text(value: object) -> None:
    if not isinstance(value, str):
        raise TypeError(f"a text is {type(value).__name__}")
