"""Reads the layers of settings, keeps where each value came from, and withholds what needs trust."""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path as FilePath

from loomkin.config.catalogue import (
    PRESETS,
    SETTINGS,
    SINGLE,
    Path,
    Setting,
    Value,
    find,
    is_list,
    is_section,
    nearest,
    spell,
)
from loomkin.config.paths import Layer, files, project_files
from loomkin.config.settings import Settings, build
from loomkin.config.source import Tree, read_tree
from loomkin.config.values import check, read
from loomkin.errors import ConfigError
from loomkin.records.dataclass import dataclass
from loomkin.records.permission import Decision, Rule

SHORT_NAMES: dict[str, Path] = {"LOOMKIN_MODEL": ("model", "default")}
_PREFIX = "LOOMKIN__"
_HINT = "All settings: loomkin config list"
_OPTION = r"""(?s)((?:[^="']|"[^"]*"|'[^']*')+)=(.*)"""
_NAME = r"""\s*(?:"([^"]*)"|'([^']*)'|([^."']+?))\s*(?:\.|$)"""


@dataclass(frozen=True, slots=True)
class Origin:
    """One layer's say on a setting; `where` is `file:line`, a variable, `--set`, a flag, or `built-in`."""

    layer: Layer
    where: str
    value: Value


@dataclass(frozen=True, slots=True)
class LayeredRule:
    """A permission rule with the layer that set it; rules of `Layer.MANAGED` come before the person's."""

    layer: Layer
    rule: Rule


@dataclass(frozen=True, slots=True)
class Loaded:
    """Settings with their history: `provenance` holds every say on a key, lowest first; the last counts.

    `values` are all effective values by their written key; lists of rules are the sum of their origins.
    """

    settings: Settings
    values: dict[str, Value]
    provenance: dict[str, tuple[Origin, ...]]
    warnings: tuple[str, ...]
    rule_sources: tuple[LayeredRule, ...]

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The permission rules of all layers, lowest layer first."""
        return tuple(source.rule for source in self.rule_sources)


def load(
    root: FilePath,
    environ: Mapping[str, str],
    flags: Mapping[str, object] | None = None,
    set_options: Sequence[str] = (),
    *,
    trusted: bool,
) -> Loaded:
    """The settings of a run in the repository `root`.

    `flags` maps keys (`model.default`) to what was typed, None where nothing was; `set_options` are
    `key=value` words. Raises ConfigError with file and line for what cannot be used, and nothing else.
    """
    loader = _Loader()
    paths = files(root, environ)
    for layer in (Layer.SYSTEM, Layer.USER, Layer.PROJECT, Layer.LOCAL):
        loader.take_file(layer, paths[layer], root, trusted)
    if all(os.path.exists(path) for path in project_files(root)):
        loader.warnings.append(".loomkin/config.toml is passed over: .loomkin.toml exists; keep one of them.")
    loader.take_environment(environ)
    for option in set_options:
        loader.take_option(option)
    for key, value in (flags or {}).items():
        loader.take_flag(key, value)
    loader.take_file(Layer.MANAGED, paths[Layer.MANAGED], root, True)
    return loader.finish()


def parse_key(text: str) -> Path:
    """The path of a key as typed; a model's id may hold dots without quotes (`models.x/y-4.1.window`)."""
    names: list[str] = []
    at = 0
    while at < len(text):
        found = re.compile(_NAME).match(text, at)
        if found is None:
            return (text,)
        names.append(next(group for group in found.groups() if group is not None))
        at = found.end()
    if len(names) > 3 and find(tuple(names)) is None:
        return (names[0], ".".join(names[1:-1]), names[-1])
    return tuple(names)


class _Loader:
    """Takes one layer after the other, lowest first."""

    def __init__(self) -> None:
        self.warnings: list[str] = []
        self._values: dict[Path, Value] = {}
        self._origins: dict[Path, list[Origin]] = {}
        self._rules: list[LayeredRule] = []
        self._hooks = 0

    def take_file(self, layer: Layer, path: FilePath, root: FilePath, trusted: bool) -> None:
        own = layer in (Layer.PROJECT, Layer.LOCAL)
        tree = read_tree(path, path.relative_to(root).as_posix() if own else str(path))
        if tree is None:
            return
        first_hook = self._hooks
        withheld: dict[str, None] = {}
        for at, setting, value in self._walk(tree, (), tree.table):
            if own and not trusted and _needs_trust(setting, value):
                withheld["hooks" if at[0] == "hooks" else spell(at)] = None
                continue
            checked = check(setting, at, value, tree.where(at))
            if at[0] == "hooks" and isinstance(at[1], int):
                self._hooks = max(self._hooks, first_hook + at[1] + 1)
                self._values["hooks", first_hook + at[1], "source"] = tree.where(at[:2])
                at = ("hooks", first_hook + at[1], *at[2:])
            self._put(layer, at, setting, checked, tree.items(at) or (tree.where(at),))
        if withheld:
            names = ", ".join(withheld)
            self.warnings.append(f"{tree.shown}: {names} ignored until you trust this folder (--trust).")

    def _walk(self, tree: Tree, path: Path, node: object) -> Iterator[tuple[Path, Setting, object]]:
        setting = find(path) if path else None
        if setting is not None:
            yield path, setting, node
        elif is_list(path):
            if not isinstance(node, list):
                raise _misshaped(tree, path, f"written as [[{spell(path)}]] tables")
            for index, entry in enumerate(node):
                yield from self._walk(tree, (*path, index), entry)
                _require(tree, (*path, index), entry)
        elif not path or is_section(path):
            if not isinstance(node, dict):
                raise _misshaped(tree, path, "a table")
            for name, below in node.items():
                yield from self._walk(tree, (*path, name), below)
        else:
            self.warnings.append(f"{tree.where(path)}: {_unknown(path)}")

    def take_environment(self, environ: Mapping[str, str]) -> None:
        named = {name: path for name, path in SHORT_NAMES.items() if name in environ}
        for name in sorted(environ):
            if name.startswith(_PREFIX):
                named[name] = tuple(name[len(_PREFIX) :].lower().split("__"))
        for name, path in named.items():
            setting = find(path)
            if setting is None:
                self.warnings.append(f"{name}: {_unknown(path)}")
            elif environ[name].strip():
                self._put(Layer.ENVIRONMENT, path, setting, read(setting, path, environ[name], name), (name,))

    def take_option(self, option: str) -> None:
        found = re.fullmatch(_OPTION, option)
        if found is None:
            raise ConfigError(f"--set {option}: a setting is given as key=value.", hint=_HINT)
        path = parse_key(found[1].strip())
        setting = find(path)
        if setting is None:
            raise ConfigError(f"--set {option}: {_unknown(path)}", hint=_HINT)
        self._put(Layer.OPTION, path, setting, read(setting, path, found[2], "--set"), ("--set",))

    def take_flag(self, key: str, value: object) -> None:
        path = parse_key(key)
        setting = find(path)
        if setting is None:
            raise ConfigError(f"flag for {key}: {_unknown(path)}")
        if value is not None and value != [] and value != ():
            where = setting.flag or f"flag for {key}"
            self._put(Layer.FLAG, path, setting, check(setting, path, value, where), (where,))

    def _put(self, layer: Layer, path: Path, setting: Setting, value: Value, where: tuple[str, ...]) -> None:
        self._origins.setdefault(path, []).append(Origin(layer, where[0], value))
        if setting.merges and isinstance(value, tuple):
            if path[0] == "permissions":
                places = where if len(where) == len(value) else where[:1] * len(value)
                self._rules += [
                    LayeredRule(layer, Rule(Decision(str(path[1])), text, place))
                    for text, place in zip(value, places, strict=True)
                ]
            before = self._values.get(path)
            value = before + value if isinstance(before, tuple) else value
        self._values[path] = value

    def finish(self) -> Loaded:
        self._settle_mode()
        known: dict[Path, Value] = {parts: setting.default for parts, setting in SINGLE.items()}
        known |= {path: value for path, value in self._values.items() if find(path)}
        origins = {
            path: (
                *((Origin(Layer.BUILT_IN, "built-in", SINGLE[path].default),) if path in SINGLE else ()),
                *self._origins.get(path, ()),
            )
            for path in known
        }
        return Loaded(
            settings=build(self._values),
            values={spell(path): value for path, value in known.items()},
            provenance={spell(path): origin for path, origin in origins.items()},
            warnings=tuple(self.warnings),
            rule_sources=tuple(self._rules),
        )

    def _settle_mode(self) -> None:
        """A preset becomes its mode, unless a mode was set in the same layer or a higher one."""
        mode, preset = ("permissions", "mode"), ("permissions", "preset")
        chosen = self._origins.get(preset, [])
        rival = self._origins.get(mode, [])
        if chosen and (not rival or rival[-1].layer < chosen[-1].layer):
            origin = chosen[-1]
            value = PRESETS[str(origin.value)].value
            self._origins.setdefault(mode, []).append(Origin(origin.layer, f"{origin.where} (preset)", value))
            self._values[mode] = value


def _misshaped(tree: Tree, path: Path, form: str) -> ConfigError:
    return ConfigError(f"{tree.where(path)}: {spell(path)} must be {form}.")


def _needs_trust(setting: Setting, value: object) -> bool:
    return setting.trusted_only or (isinstance(value, str) and value in setting.trusted_values)


def _require(tree: Tree, path: Path, entry: object) -> None:
    for setting in SETTINGS:
        name = setting.key.rpartition(".")[2]
        if setting.required and isinstance(entry, dict) and name not in entry:
            raise ConfigError(f"{tree.where(path)}: this entry of {path[0]} needs {name}: {setting.why}.")


def _unknown(path: Path) -> str:
    near = nearest(path)
    return f"there is no setting {spell(path)}" + (f"; did you mean {near}?" if near else ".")
