"""find_references: the lines of code that name something."""

import asyncio
from collections.abc import Iterator
from itertools import groupby
from typing import ClassVar

from loomkin.codemap.atlas import References
from loomkin.project.listing import shown_path
from loomkin.tooling.tool import Call, Fail, Ok
from loomkin.tools.code.reading import MOST_LINES, Named, NameTool, closed_files

WIDTH = 160


class FindReferences(NameTool):
    """Finds the places in code where a name stands."""

    name: ClassVar[str] = "find_references"

    async def run(self, params: Named, call: Call) -> Ok | Fail:
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
