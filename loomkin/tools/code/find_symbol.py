"""find_symbol: where a function, class, method or constant is defined."""

import asyncio
from typing import ClassVar

from loomkin.codemap.late import LateAtlas
from loomkin.permissions.gate import Gate
from loomkin.project.listing import shown_path
from loomkin.records.dataclass import dataclass
from loomkin.records.permission import Access, ToolUse
from loomkin.tooling.tool import Call, Fail, Ok, Tool
from loomkin.tools.code.reading import MOST_LINES, closed_files


@dataclass(frozen=True, slots=True)
class Params:
    """The name."""

    name: str


class FindSymbol(Tool[Params]):
    """Finds definitions by name."""

    name: ClassVar[str] = "find_symbol"
    params_type: ClassVar[type] = Params
    access: ClassVar[Access] = Access.READ
    aliases: ClassVar[dict[str, str]] = {"symbol": "name", "query": "name"}

    def __init__(self, atlas: LateAtlas, gate: Gate) -> None:
        self._atlas = atlas
        self._gate = gate

    def use(self, params: Params, call: Call) -> ToolUse:
        return ToolUse(self.name, self.access, str(call.cwd), reads=(str(self._atlas.root),))

    async def run(self, params: Params, call: Call) -> Ok | Fail:
        found = await asyncio.to_thread(lambda: self._atlas().definitions(params.name))
        closed = closed_files(self._gate, self.name, self._atlas.root)
        lines = [
            f"{shown_path(one.path)}:{one.entry.first}-{one.entry.last}  {one.entry.signature}"
            for one in found
            if not closed(one.path)
        ]
        if not lines:
            return Ok(f"Nothing here defines {params.name}. For text use content_search.")
        more = [f"… {len(lines) - MOST_LINES} more"] if len(lines) > MOST_LINES else []
        return Ok("\n".join([*lines[:MOST_LINES], *more]))


TOOL = FindSymbol
