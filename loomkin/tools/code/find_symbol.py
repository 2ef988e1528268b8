"""find_symbol: where a function, class, method or constant is defined."""

import asyncio
from typing import ClassVar

from loomkin.project.listing import shown_path
from loomkin.tooling.tool import Call, Fail, Ok
from loomkin.tools.code.reading import MOST_LINES, Named, NameTool, closed_files


class FindSymbol(NameTool):
    """Finds definitions by name."""

    name: ClassVar[str] = "find_symbol"

    async def run(self, params: Named, call: Call) -> Ok | Fail:
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
