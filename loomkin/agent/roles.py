"""Loads roles: the built-in ones and the person's own, one Markdown file with front matter each."""

import os
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path

from loomkin.errors import ConfigError, UsageError
from loomkin.records.role import Role, Tier

_KEYS = ("name", "description", "tools", "more_tools", "team_tools", "plan_tools", "tier", "max_turns")
_QUOTES = ('"', "'")
_BUILT_IN = Path(__file__).parents[1] / "roles"

Field = tuple[str | tuple[str, ...], int]


class Roles:
    """All roles by name: the person's own, which are looked at anew when asked for, and the built-in ones.

    A file of the person that changed counts at once; one that cannot be read leaves the role as it was, and
    `tell` hears of it once.
    """

    def __init__(self, folders: Sequence[Path], tools: Collection[str]) -> None:
        """Read the roles of the folders; a later folder counts. Raises ConfigError with file and line."""
        self._folders = tuple(folders)
        self._tools = tools
        self._built_in: dict[str, Role] = {}
        self._stamps: dict[str, tuple[int, int]] = {}
        self._own: dict[str, Role] = {}
        self.tell: Callable[[str], None] = lambda text: None
        for problem in self._look():
            raise problem

    @property
    def notes(self) -> tuple[str, ...]:
        """Which built-in roles were replaced, and by what."""
        known = frozenset(_names())
        replaced = [(role.name, path) for path, role in self._own.items() if role.name in known]
        return tuple(f"Role {name} is replaced by {path}." for name, path in replaced)

    @property
    def by_name(self) -> Mapping[str, Role]:
        """All roles as they are now."""
        own = self._current()
        return {**{name: self._of_house(name) for name in _names()}, **own}

    def find(self, name: str) -> Role | None:
        """The role of that name as it is now, or None."""
        own = self._current()
        if name in own:
            return own[name]
        return self._of_house(name) if name in _names() else None

    def get(self, name: str) -> Role:
        """The role of that name as it is now; UsageError tells which there are."""
        role = self.find(name)
        if role is None:
            there = ", ".join(sorted({*_names(), *self._current()}))
            raise UsageError(f"There is no role {name}.", hint=f"One of: {there}")
        return role

    def _current(self) -> dict[str, Role]:
        for problem in self._look():
            self.tell(f"{problem.message} The role stays as it was.")
        return {role.name: role for role in self._own.values()}

    def _of_house(self, name: str) -> Role:
        if name not in self._built_in:
            data = (_BUILT_IN / f"{name}.md").read_bytes()
            self._built_in[name] = parse_role(data, f"loomkin/roles/{name}.md", name, self._tools)
        return self._built_in[name]

    def _look(self) -> list[ConfigError]:
        """Read what changed since the last look; what cannot be read is reported and keeps its old role."""
        if not self._folders:
            return []
        there = {path: stamp for folder in self._folders for path, stamp in _stamps(folder)}
        if there == self._stamps:
            return []
        problems, before, known = [], self._stamps, self._own
        self._stamps, self._own = there, {}
        for path, stamp in there.items():
            try:
                if before.get(path) == stamp and path in known:
                    self._own[path] = known[path]
                elif before.get(path) != stamp:
                    self._own[path] = self._read(path)
            except ConfigError as error:
                problems.append(error)
                if path in known:
                    self._own[path] = known[path]
        return problems

    def _read(self, path: str) -> Role:
        try:
            data = Path(path).read_bytes()
        except OSError as error:
            raise ConfigError(f"{path} cannot be read: {error.strerror}.") from error
        return parse_role(data, path, Path(path).stem, self._tools)


def load_roles(folders: Sequence[Path], tools: Collection[str]) -> Roles:
    """The built-in roles, replaced by those of the folders (`.loomkin/roles`); a later folder counts.

    Give only folders that the person trusts. `tools` are the names that exist; names of MCP tools
    (`mcp__…`) always pass. Reads files. Raises ConfigError with file and line.
    """
    return Roles(folders, tools)


def _names() -> tuple[str, ...]:
    """The built-in roles."""
    found = (entry.name for entry in _BUILT_IN.iterdir())
    return tuple(sorted(name.removesuffix(".md") for name in found if name.endswith(".md")))


def _stamps(folder: Path) -> Iterator[tuple[str, tuple[int, int]]]:
    """The role files of a folder, each with what changes when it is written."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        return
    for entry in entries:
        if entry.name.endswith(".md"):
            try:
                found = entry.stat()
            except OSError:
                continue
            yield entry.path, (found.st_mtime_ns, found.st_size)


def parse_role(data: bytes, where: str, name: str, tools: Collection[str]) -> Role:
    """The role of a file's bytes; `name` counts where the front matter has none."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{where} is not UTF-8 text (byte {error.start}).") from error
    fields, prompt = split_front_matter(text.replace("\r\n", "\n").replace("\r", "\n"), where)
    for key, (_, line) in fields.items():
        if key not in _KEYS:
            raise ConfigError(f"{where}:{line}: a role has no {key}.", hint="Known: " + ", ".join(_KEYS))
    return Role(
        name=_word(fields, "name", where) or name,
        description=_word(fields, "description", where),
        tools=_tools(fields, "tools", where, tools),
        more_tools=_tools(fields, "more_tools", where, tools),
        team_tools=_tools(fields, "team_tools", where, tools),
        plan_tools=_tools(fields, "plan_tools", where, tools),
        prompt=prompt.strip(),
        tier=_tier(fields, where),
        max_turns=_turns(fields, where),
    )


def split_front_matter(text: str, where: str) -> tuple[dict[str, Field], str]:
    """The fields between two `---` lines, each with its line from 1, and the text below.

    Values are words (colons and quotes allowed), `[a, b]`, or `- item` lines under an empty value.
    """
    lines = text.split("\n")
    if lines[0].rstrip() != "---":
        return {}, text
    fields: dict[str, Field] = {}
    key = ""
    for index, line in enumerate(lines[1:], 1):
        if line.rstrip() == "---":
            return fields, "\n".join(lines[index + 1 :])
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if key and (item := re.fullmatch(r"\s*-\s+(.*\S)\s*", line)):
            before = fields[key][0]
            fields[key] = ((*(before if isinstance(before, tuple) else ()), _plain(item[1])), fields[key][1])
        elif pair := re.fullmatch(r"([A-Za-z_][\w-]*)\s*:(?:\s+(.*?))?\s*", line):
            key = pair[1].lower().replace("-", "_")
            fields[key] = (_value(pair[2] or ""), index + 1)
        else:
            raise ConfigError(f"{where}:{index + 1}: expected `key: value`.")
    raise ConfigError(f"{where}:1: the front matter is not closed.", hint="Add a line with --- below it.")


def _value(text: str) -> str | tuple[str, ...]:
    if text.startswith("[") and text.endswith("]"):
        return tuple(_plain(item.strip()) for item in text[1:-1].split(",") if item.strip())
    return _plain(text)


def _plain(text: str) -> str:
    return text[1:-1] if len(text) > 1 and text[0] in _QUOTES and text[-1] == text[0] else text


def _word(fields: Mapping[str, Field], key: str, where: str) -> str:
    value, line = fields.get(key, ("", 1))
    if isinstance(value, tuple):
        raise ConfigError(f"{where}:{line}: {key} must be words, not a list.")
    return value


def _tools(fields: Mapping[str, Field], key: str, where: str, known: Collection[str]) -> tuple[str, ...]:
    value, line = fields.get(key, ((), 1))
    names = value if isinstance(value, tuple) else tuple(filter(None, re.split(r"[\s,]+", value)))
    for name in names:
        if name not in known and not name.startswith("mcp__"):
            raise ConfigError(
                f"{where}:{line}: there is no tool {name}.", hint="Tools: " + ", ".join(sorted(known))
            )
    return tuple(dict.fromkeys(names))


def _tier(fields: Mapping[str, Field], where: str) -> Tier:
    word = _word(fields, "tier", where) or Tier.DEFAULT
    try:
        return Tier(word)
    except ValueError as error:
        place = f"{where}:{fields['tier'][1]}"
        raise ConfigError(f"{place}: tier must be one of {', '.join(Tier)}, and is {word}.") from error


def _turns(fields: Mapping[str, Field], where: str) -> int | None:
    word = _word(fields, "max_turns", where)
    if not word:
        return None
    if not re.fullmatch(r"[1-9]\d{0,5}", word):
        raise ConfigError(f"{where}:{fields['max_turns'][1]}: max_turns must be a whole number from 1.")
    return int(word)
