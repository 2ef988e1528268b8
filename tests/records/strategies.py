"""Random records of any class, from the types of their fields."""

from enum import StrEnum
from functools import cache
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from hypothesis import strategies as st

from loomkin.records.dataclass import fields, is_dataclass

WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=12)
_PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    str: WORDS,
    int: st.integers(0, 10**9),
    float: st.floats(0, 1e6, allow_nan=False),
    bool: st.booleans(),
    type(None): st.none(),
}


@cache
def of_type(kind: Any) -> st.SearchStrategy[Any]:
    """Values of a type, as records use types."""
    kind = getattr(kind, "__supertype__", kind)
    if kind in _PLAIN:
        return _PLAIN[kind]
    origin = get_origin(kind)
    if origin in (Union, UnionType):
        return st.one_of(*(of_type(one) for one in get_args(kind)))
    if origin is tuple:
        return st.lists(of_type(get_args(kind)[0]), max_size=3).map(tuple)
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return st.sampled_from(list(kind))
    assert is_dataclass(kind), f"no random values of {kind}"
    return record(kind)


def record(kind: Any, **given: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Values of a record class; `given` strategies take the place of what the types say."""
    hints = get_type_hints(kind)
    made = {field.name: of_type(hints[field.name]) for field in fields(kind) if field.name not in given}
    return st.builds(kind, **made, **given)
