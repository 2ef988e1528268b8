"""Records to JSON text and back, exactly; unions of dataclasses carry their class name."""

import json
from enum import StrEnum
from functools import cache
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from loomkin.records.dataclass import fields, is_dataclass

T = TypeVar("T")


def dump(value: object) -> str:
    """JSON text of a record."""
    return json.dumps(to_plain(value), ensure_ascii=False, separators=(",", ":"))


def load(cls: type[T], text: str) -> T:
    """The record of class `cls` that `dump` wrote; raises ValueError where the text is not one."""
    return from_plain(cls, json.loads(text))


def to_plain(value: object) -> Any:
    """A record as dicts, lists and scalars."""
    if is_dataclass(value) and not isinstance(value, type):
        plain = {name: to_plain(getattr(value, name)) for name in _names(type(value))}
        plain["_"] = type(value).__name__
        return plain
    if isinstance(value, tuple | list):
        return [to_plain(item) for item in value]
    if isinstance(value, dict):
        return {key: to_plain(item) for key, item in value.items()}
    return value


def from_plain(cls: type[T], plain: Any) -> T:
    """The record of class `cls` from what `to_plain` made; unknown fields are passed over."""
    try:
        built: T = _build(cls, plain)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not a {cls.__name__}: {error}") from error
    return built


@cache
def _names(cls: type) -> tuple[str, ...]:
    return tuple(field.name for field in fields(cls))


@cache
def _hints(cls: type) -> dict[str, Any]:
    hints = get_type_hints(cls)
    return {name: hints[name] for name in _names(cls)}


def _build(kind: Any, plain: Any) -> Any:
    origin = get_origin(kind)
    if origin in (Union, UnionType):
        return _build_union(get_args(kind), plain)
    if origin is tuple:
        item = get_args(kind)[0]
        return tuple(_build(item, value) for value in plain)
    if isinstance(kind, type) and is_dataclass(kind):
        return kind(
            **{name: _build(hint, plain[name]) for name, hint in _hints(kind).items() if name in plain}
        )
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return kind(plain)
    if kind is float and isinstance(plain, int):
        return float(plain)
    return plain


def _build_union(options: tuple[Any, ...], plain: Any) -> Any:
    if not isinstance(plain, dict):
        words = [option for option in options if isinstance(option, type) and issubclass(option, StrEnum)]
        return words[0](plain) if words and isinstance(plain, str) else plain
    for option in options:
        if isinstance(option, type) and option.__name__ == plain.get("_"):
            return _build(option, plain)
    raise ValueError(f"no such record: {plain.get('_')}")
