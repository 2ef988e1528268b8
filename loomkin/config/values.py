"""Checks values against the catalogue, and reads those that were typed as words."""

import math
import re
from typing import cast

from loomkin.config.catalogue import Kind, Path, Setting, Value, spell
from loomkin.errors import ConfigError

_YES = ("true", "1", "yes", "on")
_NO = ("false", "0", "no", "off")


def check(setting: Setting, path: Path, value: object, where: str) -> Value:
    """The value as the program uses it (lists as tuples, numbers as floats); ConfigError names `where`."""
    checked = _typed(setting.kind, value)
    if checked is None or not _allowed(setting, checked):
        place = "" if where == spell(path) else f"{where}: "
        raise ConfigError(
            f"{place}{spell(path)} must be {setting.expected}, and is {_show(setting, value)}.",
            hint=f"What it is for: {setting.why}.",
        )
    return checked


def _typed(kind: Kind, value: object) -> Value:
    match kind, value:
        case (Kind.SWITCH, bool()):
            return value
        case (_, bool()):
            return None
        case (Kind.INTEGER, int()):
            return value
        case (Kind.NUMBER, int() | float()):
            return _finite(value)
        case (Kind.LIST, list() | tuple()) if all(isinstance(item, str) for item in value):
            return tuple(value)
        case (Kind.TABLE, dict()) if all(isinstance(item, str) for item in value.values()):
            return cast(dict[str, str], value)
        case (_, str()):
            return value if _is_text(kind, value) else None
    return None


def _is_text(kind: Kind, value: str) -> bool:
    match kind:
        case Kind.TEXT:
            return True
        case Kind.URL:
            return re.fullmatch(r"https?://[^\s/]\S*", value) is not None
        case Kind.VARIABLE:
            return re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", value) is not None
        case Kind.PATTERN:
            try:
                re.compile(value)
            except (re.error, RecursionError, OverflowError):
                return False
            return True
    return False


def _finite(value: int | float) -> float | None:
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _allowed(setting: Setting, value: Value) -> bool:
    if setting.choices:
        return value in setting.choices
    if not isinstance(value, int | float):
        return True
    above = setting.least is None or value >= setting.least
    return above and (setting.most is None or value <= setting.most)


def _show(setting: Setting, value: object) -> str:
    if setting.secret or setting.kind is Kind.VARIABLE:
        return "something else"
    match value:
        case bool():
            return str(value).lower()
        case str():
            return f'"{value[:60]}"' + (" (shortened)" if len(value) > 60 else "")
        case int() if abs(value) >= 10**20:
            return "a number with more than 20 digits"
        case int() | float():
            return str(value)
        case list() | tuple():
            return "a list with something else in it" if setting.kind is Kind.LIST else "a list"
        case dict():
            return "a table with something else in it" if setting.kind is Kind.TABLE else "a table"
    return f"a {type(value).__name__}"


def read(setting: Setting, path: Path, text: str, where: str) -> Value:
    """The value of words from a variable, `--set` or `config set`.

    Strings need no quotes; lists are TOML (`["a", "b"]`) or separated by commas; tables are TOML.
    """
    return check(setting, path, _parsed(setting.kind, text.strip()), where)


def _parsed(kind: Kind, text: str) -> object:
    match kind:
        case Kind.SWITCH:
            return True if text.lower() in _YES else False if text.lower() in _NO else text
        case Kind.INTEGER | Kind.NUMBER:
            try:
                return int(text) if kind is Kind.INTEGER else float(text)
            except ValueError:
                return text
        case Kind.LIST if not text.startswith("["):
            return [item.strip() for item in text.split(",") if item.strip()]
        case Kind.LIST | Kind.TABLE:
            return _toml(text)
    return _toml(text) if text[:1] in ('"', "'") else text


def _toml(text: str) -> object:
    import tomllib  # heavy: late on purpose

    try:
        return tomllib.loads(f"value = {text}")["value"]
    except (ValueError, RecursionError):
        return text
