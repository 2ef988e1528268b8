"""find_references: the lines of code that name something."""

import asyncio
from collections.abc import Iterator
from itertools import groupby
from typing import ClassVar

from loomkin.codemap.atlas import References
from loomkin.codemap.late import LateAtlas
from loomkin.permissions.gate import Gate
from loomkin.project.listing import shown_path
from loomkin.records.dataclass import dataclass
from loomkin.records.permission import Access, ToolUse
from loomkin.tooling.tool import Call, Fail, Ok, Tool
from loomkin.tools.code.reading import MOST_LINES, closed_files

WIDTH = 160


@dataclass(frozen=True, slots=True)
class Params:
    """The name."""

    name: str


class FindReferences(Tool[Params]):
    """Finds the places in code where a name stands."""

    name: ClassVar[str] = "find_references"
    params_type: ClassVar[type] = Params
    access: ClassVar[Access] = Access.READ
    aliases: ClassVar[dict[str, str]] = {"symbol": "name", "query": "name"}

    def __init__(self, atlas: LateAtlas, gate: Gate) -> None:
        self._atlas = atlas
        self._gate = gate

    def use(self, params: Params, call: Call) -> ToolUse:
        return ToolUse(self.name, self.access, str(call.cwd), reads=(str(self._atlas.root),))

    async def run(self, params: Params, call: Call) -> Ok | Fail:
        closed = closed_files(self._gate, self.name, self._atlas.root)
        found = await asyncio.to_thread(lambda: self._atlas().references(params.name, closed))
        if not found.found:
            return Ok(f"No code here names {params.name}. For comments and other text use content_search.")
        return Ok("\n".join(_told(found)))


def _told(found: References) -> Iterator[str]:
    left = MOST_LINES
    for path, those in groupby(found.found, key=lambda one: one.path):
        lines = list(those)
        if left <= 0:
            break
        yield shown_path(path)
        for one in lines[:left]:
            text = one.text if len(one.text) <= WIDTH else f"{one.text[:WIDTH]}…"
            yield f"{one.line}:{text}{'  (defined here)' if one.defines else ''}"
        left -= len(lines)
    if left < 0:
        yield f"… {len(found.found)} lines in {found.files} files in all"


TOOL = FindReferences
