"""file_read: a file, or a range of its lines, with what is needed to edit it."""

import asyncio
import errno
import os
from pathlib import Path
from typing import ClassVar

from loomkin.project.edit_target import CIRCLE, kind_of
from loomkin.project.listing import list_tree, shown_path
from loomkin.project.nested import NestedRules
from loomkin.project.sight import Sight
from loomkin.project.text import Decoded, NotText, decode
from loomkin.project.workplace import Workplace
from loomkin.records.dataclass import dataclass
from loomkin.records.permission import Access, ToolUse
from loomkin.tooling.tool import Call, Fail, Ok, Tool

MOST_LINES = 2000
MOST_CHARACTERS = 50_000
MOST_LINE = 2000
MOST_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Params:
    """Which lines of which file."""

    path: str
    offset: int = 1
    limit: int = MOST_LINES
    symbol: str = ""


class FileRead(Tool[Params]):
    """Shows a text file with line numbers."""

    name: ClassVar[str] = "file_read"
    params_type: ClassVar[type] = Params
    access: ClassVar[Access] = Access.READ
    aliases: ClassVar[dict[str, str]] = {
        "file_path": "path", "filename": "path", "file": "path", "start": "offset", "start_line": "offset",
        "lines": "limit", "name": "symbol",
    }  # fmt: skip

    def __init__(self, workplace: Workplace, sight: Sight, nested: NestedRules) -> None:
        self._workplace = workplace
        self._sight = sight
        self._nested = nested

    def use(self, params: Params, call: Call) -> ToolUse:
        path = self._workplace.resolve(call.cwd, params.path)
        return ToolUse(self.name, self.access, str(call.cwd), reads=(str(path),))

    async def run(self, params: Params, call: Call) -> Ok | Fail:
        path = self._workplace.resolve(call.cwd, params.path)
        return await asyncio.to_thread(self._read, path, params, call)

    def _read(self, path: Path, params: Params, call: Call) -> Ok | Fail:
        shown = self._workplace.shown(path)
        try:
            if path.is_dir():
                return Ok(f"{shown} is a folder:\n{list_tree(path, depth=1)}")
            if not path.is_file():
                return Fail(self._missing(path, shown))
            if path.stat().st_size > MOST_BYTES:
                return Fail(f"{shown} is over {MOST_BYTES >> 20} MB. Use content_search, or head and tail.")
            decoded = decode(path.read_bytes())
        except OSError as error:
            return Fail(f"Cannot read {shown}: {error.strerror}. Check the path with directory_list.")
        if isinstance(decoded, NotText):
            return Fail(
                f"{shown} is not text: {decoded.reason}. Look at it with a shell command if you must."
            )
        offset, limit = params.offset, params.limit
        if params.symbol:
            from loomkin.codemap.touched import looked_up  # heavy: late on purpose

            one = looked_up(shown, decoded.text, params.symbol)
            if isinstance(one, str):
                return Fail(f"{shown} has no {params.symbol}. {one}")
            offset, limit = one.first, min(limit, one.last - one.first + 1)
        self._sight.saw(call.agent, path, decoded.sha, decoded.text)
        rules = self._nested.rules_for(call.agent, path)
        return Ok(rules + render(shown, decoded, offset, limit))

    def _missing(self, path: Path, shown: str) -> str:
        try:
            return f"{shown} is {kind_of(os.stat(path).st_mode)}, not a file. Name a file."
        except OSError as error:
            if error.errno == errno.ELOOP:
                return f"{shown} {CIRCLE}"
        if path.is_symlink():
            return f"{shown} is a symbolic link to {shown_path(os.readlink(path))}, where there is nothing."
        folder = path.parent
        if not folder.is_dir():
            what = "is a file, no folder" if folder.exists() else "does not exist"
            within = self._workplace.shown(folder)
            return f"There is no file {shown}: {within} {what}. Use file_search to find it."
        wanted = path.name.lower()
        near = sorted(item.name for item in folder.iterdir() if wanted[:4] in item.name.lower())[:5]
        hint = f" In its folder: {', '.join(near)}." if near else ""
        return f"There is no file {shown}.{hint} Use file_search to find it."


def render(shown: str, decoded: Decoded, offset: int, limit: int) -> str:
    """Header and numbered lines; a part of the file says that it is one."""
    lines = decoded.lines
    first = max(1, offset) if offset >= 0 else max(1, len(lines) + offset + 1)
    chosen = lines[first - 1 : first - 1 + max(1, limit)]
    numbered: list[str] = []
    size = 0
    for number, line in enumerate(chosen, first):
        text = (
            line if len(line) <= MOST_LINE else f"{line[:MOST_LINE]}… ({len(line)} characters in this line)"
        )
        size += len(text) + 8
        if size > MOST_CHARACTERS and numbered:
            break
        numbered.append(f"{number:>6}→{text}")
    last = first + len(numbered) - 1
    head = f"{shown} ({decoded.encoding}, {decoded.newline_name}, {len(lines)} lines, hash {decoded.sha})"
    if not lines:
        return f"{head}\nThe file is empty."
    if not numbered:
        return f"{head}\nThere is no line {first}: the file has {len(lines)}."
    if first > 1 or last < len(lines):
        head += (
            f"\nLines {first} to {last} only; go on with offset={last + 1}."
            if last < len(lines)
            else (f"\nLines {first} to {last}, the end of the file.")
        )
    return "\n".join((head, *numbered))


TOOL = FileRead
