"""Writes one setting into a file and leaves every comment where it is."""

import contextlib
import os
from collections.abc import Mapping, MutableMapping
from pathlib import Path as FilePath
from typing import Any

from loomkin.config.catalogue import INDEX, Path, Setting, Value, find, nearest, spell
from loomkin.config.load import parse_key
from loomkin.config.paths import Layer, files
from loomkin.config.source import parse, read_text
from loomkin.config.values import read
from loomkin.errors import ConfigError, NotFoundError, UsageError

SCOPES = {"system": Layer.SYSTEM, "user": Layer.USER, "project": Layer.PROJECT, "local": Layer.LOCAL}


def locate(scope: str, root: FilePath, environ: Mapping[str, str]) -> FilePath:
    """The file of a scope (`system`, `user`, `project`, `local`); UsageError for another word."""
    if scope not in SCOPES:
        raise UsageError(f"There is no scope {scope}.", hint="One of: " + ", ".join(SCOPES))
    return files(root, environ)[SCOPES[scope]]


def set_value(path: FilePath, key: str, text: str) -> Value:
    """Sets a key of the file to the value that the words mean, and returns it.

    The file is made if need be, and replaced in one step. Raises NotFoundError for an unknown key and
    ConfigError for a value that does not fit or a file that is not valid TOML; then nothing is written.
    """
    at, setting = _setting(key)
    value = read(setting, at, text, key)
    names = [str(name) for name in at]
    shown = str(path)
    before = read_text(path, shown) or ""
    parse(before, shown)
    after = _edited(before, names, value)
    if _get(parse(after, shown).table, names) != (list(value) if isinstance(value, tuple) else value):
        raise ConfigError(f"{shown}: {key} cannot be set where it stands.", hint="Change it in an editor.")
    _replace(path, after)
    return value


def unset_value(path: FilePath, key: str) -> bool:
    """Takes a key out of the file, so that the layers below count again; False where it did not stand there.

    Raises NotFoundError for an unknown key and ConfigError for a file that is not valid TOML or cannot be
    written; then nothing is changed.
    """
    at, _ = _setting(key)
    names = [str(name) for name in at]
    shown = str(path)
    before = read_text(path, shown)
    if before is None or _get(parse(before, shown).table, names) is None:
        return False
    after = _without(before, names)
    if _get(parse(after, shown).table, names) is not None:
        raise ConfigError(f"{shown}: {key} cannot be taken out.", hint="Change it in an editor.")
    _replace(path, after)
    return True


def _setting(key: str) -> tuple[Path, Setting]:
    at = parse_key(key)
    setting = find(at)
    if setting is not None:
        return at, setting
    if at[:1] == ("hooks",):
        raise ConfigError("hooks are entries with several parts.", hint="Write [[hooks]] in an editor.")
    near = nearest(at)
    hint = f"Did you mean {near}?" if near else "All settings: loomkin config list"
    raise NotFoundError(f"There is no setting {spell(at)}.", hint=hint.replace(INDEX, ""))


def _edited(text: str, names: list[str], value: Value) -> str:
    import tomlkit  # heavy: late on purpose
    from tomlkit.exceptions import TOMLKitError

    try:
        document = tomlkit.parse(text)
        table: MutableMapping[str, Any] = document
        for name in names[:-1]:
            if name not in table:
                table[name] = tomlkit.table(is_super_table=name != names[-2])
            table = table[name]
            if not isinstance(table, MutableMapping):
                raise ConfigError(f"{name} is not a table in this file.", hint="Change it in an editor.")
        table[names[-1]] = list(value) if isinstance(value, tuple) else value
        return tomlkit.dumps(document)
    except TOMLKitError as error:
        raise ConfigError(f"This file is too unusual to change: {error}.", hint="Use an editor.") from error


def _without(text: str, names: list[str]) -> str:
    import tomlkit  # heavy: late on purpose
    from tomlkit.exceptions import TOMLKitError

    try:
        document = tomlkit.parse(text)
        table: MutableMapping[str, Any] = document
        for name in names[:-1]:
            table = table[name]
        del table[names[-1]]
        return tomlkit.dumps(document)
    except TOMLKitError as error:
        raise ConfigError(f"This file is too unusual to change: {error}.", hint="Use an editor.") from error


def _get(table: object, names: list[str]) -> object:
    for name in names:
        table = table.get(name) if isinstance(table, dict) else None
    return table


def _replace(path: FilePath, text: str) -> None:
    target = FilePath(os.path.realpath(path))
    spare = target.with_name(f"{target.name}.{os.getpid()}.new")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        mode = target.stat().st_mode & 0o777 if target.exists() else 0o600
        with open(
            os.open(spare, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w", encoding="utf-8", newline=""
        ) as out:
            out.write(text)
        os.chmod(spare, mode)
        os.replace(spare, target)
    except OSError as error:
        with contextlib.suppress(OSError):
            spare.unlink()
        raise ConfigError(f"{path} cannot be written: {error}.") from error
