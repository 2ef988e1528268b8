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
    chunks: list[bytes] = []
    for name, value in payload.items():
        chunks += (b"," if chunks else b"{", _bytes(name), b":")
        if isinstance(value, Written):
            # no copy of a long history before the one that is sent
            pieces = [piece for piece in value.pieces if piece]
            chunks += (b"[", *[chunk for piece in pieces for chunk in (b",", piece)][1:], b"]")
        else:
            chunks.append(_bytes(value))
    return b"".join((*chunks, b"}")) if chunks else b"{}"


def written(entries: Sequence[object]) -> bytes:
    """The entries as a piece of `Written`."""
    return _bytes(entries)[1:-1]


def _bytes(value: object) -> bytes:
    return json_text(value).encode("utf-8", "replace")


def json_text(value: object) -> str:
    """Compact JSON text in the order of the keys."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
