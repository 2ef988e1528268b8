"""The project's written rules for agents: LOOMKIN.md and its peers, with imports and operations."""

import os
import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from loomkin.config.paths import config_home
from loomkin.project.secrets import is_secret_path
from loomkin.records.dataclass import dataclass
from loomkin.records.permission import Decision

NAMES = ("LOOMKIN.md", "AGENTS.override.md", "AGENTS.md", "CLAUDE.md", "GEMINI.md")
CAP = 32 * 1024
DEPTH = 4
_READ_CAP = 1 << 20
_SECTIONS = {"allowed operations": Decision.ALLOW, "denied operations": Decision.DENY}
_MENTION = r"(?<![^\s(\[])@([^\s`@]+)"
_ALONE = r"\s*(?:[-*+]\s+)?@\S+\s*"


class OperationLine(NamedTuple):
    """One list item of `## Allowed Operations` or `## Denied Operations`, without its bullet."""

    kind: Decision
    line: int
    text: str


@dataclass(frozen=True, slots=True)
class RulesFile:
    """One rules file: its text with imports, cut at 32 KiB; `bytes` is the length before the cut.

    `operations` are there for LOOMKIN.md only; they come from the whole file, whatever was cut.
    """

    path: Path
    text: str
    bytes: int
    cut: bool
    operations: tuple[OperationLine, ...] = ()


@dataclass(frozen=True, slots=True)
class ProjectRules:
    """The files in reading order (the person's own first, then from the root down), and what went wrong."""

    files: tuple[RulesFile, ...]
    warnings: tuple[str, ...]


def load(root: Path, cwd: Path, environ: Mapping[str, str]) -> ProjectRules:
    """The person's global rules, then those of each folder from the root down to `cwd`; reads files."""
    warnings: list[str] = []
    own = _Reader(None, warnings).first(config_home(environ), ("AGENTS.md",))
    reader = _Reader(root, warnings)
    found = (own, *(reader.first(folder, NAMES) for folder in _folders(root, cwd)))
    return ProjectRules(tuple(file for file in found if file), tuple(warnings))


def nested_for(root: Path, path: Path, already: Collection[Path]) -> ProjectRules:
    """Rules of the folders between the root and `path` that `already` (paths of rules files) lacks."""
    warnings: list[str] = []
    reader = _Reader(root, warnings)
    seen = {file.parent for file in already}
    folders = [folder for folder in _folders(root, path.parent) if folder not in seen]
    found = [reader.first(folder, NAMES) for folder in folders]
    return ProjectRules(tuple(file for file in found if file), tuple(warnings))


def _folders(root: Path, below: Path) -> list[Path]:
    below = Path(os.path.normpath(root / below))
    if below != root and root not in below.parents:
        return [root]
    names = below.relative_to(root).parts
    return [root.joinpath(*names[:depth]) for depth in range(len(names) + 1)]


def parse_operations(text: str) -> tuple[OperationLine, ...]:
    """The items of the two operation sections, with lines from 1; fences and HTML comments do not count."""
    found: list[OperationLine] = []
    kind: Decision | None = None
    hidden = False
    for number, line, fenced in _lines(text):
        if fenced:
            continue
        line, hidden = _uncommented(line, hidden)
        if heading := re.match(r" {0,3}(#{1,6})\s+(.*?)[\s#:]*$", line):
            if len(heading[1]) <= 2:
                kind = _SECTIONS.get(heading[2].lower())
        elif kind and (item := re.match(r"\s*[-*+]\s+(\S.*?)\s*$", line)):
            found.append(OperationLine(kind, number, item[1]))
    return tuple(found)


def _uncommented(line: str, hidden: bool) -> tuple[str, bool]:
    shown = ""
    while line:
        before, mark, line = line.partition("-->" if hidden else "<!--")
        shown += "" if hidden else before
        hidden = hidden != bool(mark)
    return shown, hidden


def _lines(text: str) -> Iterator[tuple[int, str, bool]]:
    """Line number, line, and whether it belongs to a fenced code block."""
    fence = ""
    for number, line in enumerate(text.split("\n"), 1):
        mark = re.match(r"\s*(`{3,}|~{3,})", line)
        if not fence:
            fence = mark[1] if mark else ""
            yield number, line, bool(fence)
        else:
            yield number, line, True
            if mark and mark[1].startswith(fence) and not line.strip().strip(fence[0]):
                fence = ""


class _Reader:
    """Reads rules files of one folder tree; nothing outside it is read (None: the person's own, anywhere)."""

    def __init__(self, inside: Path | None, warnings: list[str]) -> None:
        self.warnings = warnings
        self._inside = os.path.realpath(inside) if inside else ""
        self._imported: set[str] = set()
        self._room = CAP

    def first(self, folder: Path, names: tuple[str, ...]) -> RulesFile | None:
        """The first of the names in the folder that holds words."""
        for name in names:
            path = folder / name
            text = self._read(path)
            if text and text.strip():
                operations = parse_operations(text) if name == "LOOMKIN.md" else ()
                self._imported, self._room = {os.path.realpath(path)}, CAP
                return self._cut(path, self._expanded(text, path.parent, DEPTH), operations)
        return None

    def _cut(self, path: Path, text: str, operations: tuple[OperationLine, ...]) -> RulesFile:
        data = text.encode()
        if len(data) <= CAP:
            return RulesFile(path, text, len(data), False, operations)
        kept = data[:CAP].decode(errors="ignore")
        kept = kept[: kept.rfind("\n") + 1] or kept
        self._warn(f"{path}: {len(data)} bytes of rules; the first {CAP} are used, shorten it.")
        return RulesFile(path, kept, len(data), True, operations)

    def _read(self, path: Path) -> str | None:
        """The text with plain newlines, or None (with a warning unless there is no such file)."""
        real = os.path.realpath(path)
        if not os.path.isfile(real):
            return None
        if self._inside and os.path.commonpath([real, self._inside]) != self._inside:
            self._warn(f"{path}: leads outside the folder it belongs to; not read.")
            return None
        if is_secret_path(path) or is_secret_path(real):
            self._warn(f"{path}: may hold secrets; not read.")
            return None
        try:
            with open(real, "rb") as file:
                data = file.read(_READ_CAP)
        except OSError as error:
            self._warn(f"{path}: cannot be read ({error.strerror}); passed over.")
            return None
        if b"\0" in data:
            self._warn(f"{path}: is not text; passed over.")
            return None
        return data.decode("utf-8-sig", errors="replace").replace("\r\n", "\n").replace("\r", "\n")

    def _expanded(self, text: str, folder: Path, depth: int) -> str:
        """The text with `@path` imports put in; a mention inside a sentence keeps its sentence."""
        lines: list[str] = []
        for _, line, fenced in _lines(text):
            imports = [] if fenced else list(self._imports(line, folder, depth))
            if not (imports and re.fullmatch(_ALONE, line)):
                lines.append(line)
            lines += imports
        return "\n".join(lines)

    def _imports(self, line: str, folder: Path, depth: int) -> Iterator[str]:
        plain = re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", "", line) if "`" in line else line
        for mention in re.finditer(_MENTION, plain) if "@" in plain else ():
            path = self._target(mention[1], folder)
            if path is None or self._room <= 0 or os.path.realpath(path) in self._imported:
                continue
            if depth == 0:
                self._warn(f"{path}: imports go {DEPTH} deep at most; not read.")
                continue
            self._imported.add(os.path.realpath(path))
            text = self._read(path)
            if text is not None:
                self._room -= len(text)
                yield self._expanded(text.strip("\n"), path.parent, depth - 1)

    def _warn(self, words: str) -> None:
        if words not in self.warnings:
            self.warnings.append(words)

    def _target(self, name: str, folder: Path) -> Path | None:
        for spelled in (name, name.rstrip(".,;:!?)]")):
            path = Path(os.path.normpath(folder / os.path.expanduser(spelled)))
            if spelled and os.path.isfile(path):
                return path
        return None
