"""Long texts of the database made small: zlib with a dictionary of what such texts often say."""

import zlib
from functools import cache
from pathlib import Path

LONG = 400
"""Characters from which on a text is packed; below them it costs more time than it saves room."""
VERSION = 1
"""The dictionary that is written with; each one that ever was stays readable as `packing_N.dict`."""
_LEVEL = 6
_RAW = -15


def pack(text: str) -> str | bytes:
    """What to store for a text: itself where it is short or does not shrink, else bytes.

    Costs a millisecond for 30 KB: for the writing thread only.
    """
    if len(text) < LONG:
        return text
    whole = text.encode()
    # a copy has the dictionary prepared, which costs more than packing a message does
    press = _press(VERSION).copy()
    packed = bytes((VERSION,)) + press.compress(whole) + press.flush()
    return packed if len(packed) < len(whole) else text


def unpack(stored: str | bytes) -> str:
    """The text that `pack` was given; raises ValueError where the bytes are none of its."""
    if isinstance(stored, str):
        return stored
    if not stored:
        raise ValueError("the packed text is empty")
    opener = zlib.decompressobj(_RAW, zdict=_dictionary(stored[0]))
    try:
        whole = opener.decompress(memoryview(stored)[1:])
    except zlib.error as error:
        raise ValueError(f"the packed text is damaged: {error}") from error
    if not opener.eof or opener.unused_data:
        raise ValueError("the packed text is cut off or too long")
    return whole.decode()


@cache
def _press(version: int) -> "zlib._Compress":
    return zlib.compressobj(_LEVEL, zlib.DEFLATED, _RAW, 8, zlib.Z_DEFAULT_STRATEGY, _dictionary(version))


@cache
def _dictionary(version: int) -> bytes:
    try:
        return Path(__file__).with_name(f"packing_{version}.dict").read_bytes()
    except OSError as error:
        raise ValueError(f"a newer loomkin packed this text (dictionary {version})") from error
