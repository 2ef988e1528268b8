"""code_outline: the definitions of a file."""

import asyncio
from pathlib import Path
from typing import ClassVar

from loomkin.codemap.atlas import outline
from loomkin.codemap.reading import content
from loomkin.project.workplace import Workplace
from loomkin.records.dataclass import dataclass
from loomkin.records.permission import Access, ToolUse
from loomkin.tooling.tool import Call, Fail, Ok, Tool

MOST_LINES = 400


@dataclass(frozen=True, slots=True)
class Params:
    """The file."""

    path: str


class CodeOutline(Tool[Params]):
    """Lists what a file defines."""

    name: ClassVar[str] = "code_outline"
    params_type: ClassVar[type] = Params
    access: ClassVar[Access] = Access.READ
    aliases: ClassVar[dict[str, str]] = {"file": "path"}

    def __init__(self, workplace: Workplace) -> None:
        self._workplace = workplace

    def use(self, params: Params, call: Call) -> ToolUse:
        path = self._workplace.resolve(call.cwd, params.path)
        return ToolUse(self.name, self.access, str(call.cwd), reads=(str(path),))

    async def run(self, params: Params, call: Call) -> Ok | Fail:
        path = self._workplace.resolve(call.cwd, params.path)
        shown = self._workplace.shown(path)
        if not path.is_file():
            return Fail(f"There is no file {shown}. Look with file_search; for many files use repo_map.")
        lines = await asyncio.to_thread(_lines, path)
        if not lines:
            return Ok(f"{shown} has no definitions that are known here. Read it with file_read.")
        more = [f"… {len(lines) - MOST_LINES} more"] if len(lines) > MOST_LINES else []
        return Ok("\n".join([shown, *lines[:MOST_LINES], *more]))


def _lines(path: Path) -> list[str]:
    text = content(str(path.parent), path.name).decode("utf-8", "replace")
    return [
        f"{'  ' * (one.depth + 1)}{one.first}-{one.last}: {one.signature}" for one in outline(path.name, text)
    ]


TOOL = CodeOutline
