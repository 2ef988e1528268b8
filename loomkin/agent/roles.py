"""Loads roles: the built-in ones and the person's own, one Markdown file with front matter each."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

from loomkin.errors import ConfigError, UsageError
from loomkin.records.dataclass import dataclass
from loomkin.records.role import Role, Tier

_KEYS = ("name", "description", "tools", "more_tools", "tier", "max_turns")
_QUOTES = ('"', "'")

Field = tuple[str | tuple[str, ...], int]


@dataclass(frozen=True, slots=True)
class Roles:
    """All roles by name; `notes` tell which built-in ones were replaced, and by what."""

    by_name: Mapping[str, Role]
    notes: tuple[str, ...] = ()

    def get(self, name: str) -> Role:
        """The role of that name; UsageError tells which there are."""
        if name not in self.by_name:
            raise UsageError(f"There is no role {name}.", hint="One of: " + ", ".join(sorted(self.by_name)))
        return self.by_name[name]


def load_roles(folders: Sequence[Path], tools: Collection[str]) -> Roles:
    """The built-in roles, replaced by those of the folders (`.loomkin/roles`); a later folder counts.

    Give only folders that the person trusts. `tools` are the names that exist; names of MCP tools
    (`mcp__…`) always pass. Reads files. Raises ConfigError with file and line.
    """
    found = {role.name: role for _, role in _built_in(tools)}
    notes: list[str] = []
    for folder in folders:
        for path in sorted(folder.glob("*.md")):
            try:
                data = path.read_bytes()
            except OSError as error:
                raise ConfigError(f"{path} cannot be read: {error.strerror}.") from error
            role = parse_role(data, str(path), path.stem, tools)
            if role.name in found:
                notes.append(f"Role {role.name} is replaced by {path}.")
            found[role.name] = role
    return Roles(found, tuple(notes))


def _built_in(tools: Collection[str]) -> Iterator[tuple[str, Role]]:
    for entry in sorted((Path(__file__).parents[1] / "roles").iterdir(), key=lambda entry: entry.name):
        if entry.name.endswith(".md"):
            stem = entry.name.removesuffix(".md")
            yield stem, parse_role(entry.read_bytes(), f"loomkin/roles/{entry.name}", stem, tools)


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
