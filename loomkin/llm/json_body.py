"""Bodies of requests as JSON, whole or joined from pieces that were written before."""

import json
from collections.abc import Mapping, Sequence

from loomkin.records.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Written:
    """A list in a payload whose entries are JSON already, each piece of it holding some, commas between."""

    pieces: tuple[bytes, ...]


def encode(payload: Mapping[str, object]) -> bytes:
    """Compact JSON in the order of the keys; half surrogates, which providers refuse, become `?`."""
    fields = [_bytes(name) + b":" + _bytes(value) for name, value in payload.items()]
    return b"{" + b",".join(fields) + b"}"


def written(entries: Sequence[object]) -> bytes:
    """The entries as a piece of `Written`."""
    return _bytes(entries)[1:-1]


def _bytes(value: object) -> bytes:
    if isinstance(value, Written):
        return b"[" + b",".join(filter(None, value.pieces)) + b"]"
    return json_text(value).encode("utf-8", "replace")


def json_text(value: object) -> str:
    """Compact JSON text in the order of the keys."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
