"""A params dataclass as JSON schema, and a model's arguments as that dataclass."""

from enum import StrEnum
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from loomkin.records.dataclass import MISSING, Field, dataclass, fields, is_dataclass

T = TypeVar("T")
SHOWN = 120


@dataclass(frozen=True, slots=True)
class Problem:
    """Why arguments do not fit, in words for the model."""

    text: str


class _Misfit(ValueError):
    """An argument that no safe conversion makes fit."""


def schema_of(params: type, docs: dict[str, str]) -> dict[str, object]:
    """The JSON schema of a params dataclass; `docs` describes its fields by name."""
    hints = _hints(params)
    properties: dict[str, object] = {}
    required = []
    for field in fields(params):
        shape = _shape(hints[field.name])
        if docs.get(field.name):
            shape = {**shape, "description": docs[field.name]}
        properties[field.name] = shape
        if not _has_default(field):
            required.append(field.name)
    schema: dict[str, object] = {"type": "object", "properties": properties}
    if required:
        schema["required"] = required
    return schema


def bind(
    params: type[T], given: dict[str, object], aliases: dict[str, str]
) -> tuple[T, tuple[str, ...]] | Problem:
    """The dataclass from a model's arguments, with notes on what was passed over.

    Known aliases are renamed, and what can safely be converted is (`"5"` to 5, one item to a list).
    """
    hints = _hints(params)  # type: ignore[arg-type]
    renamed = _rename(given, aliases, set(hints))
    notes = tuple(
        f"There is no parameter `{name}`; it was ignored.{_near(name, hints)}"
        for name in renamed
        if name not in hints
    )
    values: dict[str, Any] = {}
    for field in fields(params):  # type: ignore[arg-type]
        if renamed.get(field.name) is None:
            if not _has_default(field):
                return Problem(_missing(field.name, hints, given))
            continue
        try:
            values[field.name] = _fit(hints[field.name], renamed[field.name])
        except _Misfit as misfit:
            return Problem(f"Parameter `{field.name}` {misfit}. Call again with the corrected value.")
    return params(**values), notes


@cache
def _hints(params: type) -> dict[str, Any]:
    return get_type_hints(params)


def _has_default(field: "Field[Any]") -> bool:
    return field.default is not MISSING or field.default_factory is not MISSING


def _rename(given: dict[str, object], aliases: dict[str, str], known: set[str]) -> dict[str, object]:
    renamed = {name: value for name, value in given.items() if name in known}
    for name, value in given.items():
        if name in known:
            continue
        target = aliases.get(name, name)
        renamed.setdefault(target, value)
    return renamed


def _near(name: str, hints: dict[str, Any]) -> str:
    import difflib  # heavy: late on purpose

    close = difflib.get_close_matches(name, hints, 1)
    return f" Did you mean `{close[0]}`?" if close else ""


def _missing(name: str, hints: dict[str, Any], given: dict[str, object]) -> str:
    got = ", ".join(f"`{key}`" for key in given) or "nothing"
    return f"Parameter `{name}` ({_word(hints[name])}) is required; received {got}. Call again with `{name}`."


def _shape(kind: Any) -> dict[str, object]:
    kind = _without_none(kind)
    origin = get_origin(kind)
    if origin is Literal:
        return {"type": "string", "enum": list(get_args(kind))}
    if origin in (list, tuple):
        return {"type": "array", "items": _shape(get_args(kind)[0])}
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return {"type": "string", "enum": [item.value for item in kind]}
    if isinstance(kind, type) and is_dataclass(kind):
        return schema_of(kind, {})
    return {"type": {str: "string", int: "integer", float: "number", bool: "boolean"}.get(kind, "object")}


def _without_none(kind: Any) -> Any:
    if get_origin(kind) in (Union, UnionType):
        rest = [option for option in get_args(kind) if option is not NoneType]
        return rest[0]
    return kind


def _word(kind: Any) -> str:
    shape = _shape(kind)
    if "enum" in shape:
        return "one of " + ", ".join(str(item) for item in shape["enum"])  # type: ignore[attr-defined]
    return str(shape["type"])


def _fit(kind: Any, value: object) -> Any:
    kind = _without_none(kind)
    origin = get_origin(kind)
    if origin is Literal:
        return _fit_choice(get_args(kind), value)
    if origin in (list, tuple):
        return _fit_list(kind, value)
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return kind(_fit_choice(tuple(item.value for item in kind), value))
    if isinstance(kind, type) and is_dataclass(kind):
        return _fit_record(kind, value)
    return _fit_scalar(kind, value)


def _fit_choice(choices: tuple[Any, ...], value: object) -> Any:
    if value in choices:
        return value
    if isinstance(value, str) and value.strip().lower() in choices:
        return value.strip().lower()
    raise _Misfit(f"must be one of {', '.join(map(str, choices))}; received {_show(value)}")


def _fit_list(kind: Any, value: object) -> tuple[Any, ...]:
    items = value if isinstance(value, list | tuple) else [value]
    return tuple(_fit(get_args(kind)[0], item) for item in items)


def _fit_record(kind: type, value: object) -> Any:
    if not isinstance(value, dict):
        raise _Misfit(f"must be an object; received {_show(value)}")
    bound: Any = bind(kind, value, getattr(kind, "ALIASES", {}))
    if isinstance(bound, Problem):
        raise _Misfit(f"does not fit: {bound.text}")
    return bound[0]


def _fit_scalar(kind: Any, value: object) -> Any:
    if kind is bool and isinstance(value, str) and value.strip().lower() in ("true", "false"):
        return value.strip().lower() == "true"
    if type(value) is kind:
        return value
    if kind is str and isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    if kind in (int, float) and isinstance(value, str | int | float) and not isinstance(value, bool):
        number = _number(value)
        if number is not None and (kind is float or number == int(number)):
            return kind(number)
    if kind is dict and isinstance(value, dict):
        return value
    raise _Misfit(f"must be {_word(kind)}; received {_show(value)}")


def _number(value: str | int | float) -> float | None:
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if abs(number) < 1e15 else None


def _show(value: object) -> str:
    text = repr(value)
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"
