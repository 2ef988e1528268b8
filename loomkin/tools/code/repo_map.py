"""repo_map: the files that matter for some words, with outlines."""

import asyncio
import os
from pathlib import Path
from typing import ClassVar

from loomkin.codemap.late import TOKENS, LateAtlas
from loomkin.permissions.gate import Gate
from loomkin.project.sight import Sight
from loomkin.records.dataclass import dataclass
from loomkin.records.permission import Access, ToolUse
from loomkin.tooling.tool import Call, Fail, Ok, Tool
from loomkin.tools.code.reading import closed_files

MOST = 10_000


@dataclass(frozen=True, slots=True)
class Params:
    """What it is about, and how much to show."""

    query: str = ""
    tokens: int = TOKENS


class RepoMap(Tool[Params]):
    """Shows where in the repository something is, best first."""

    name: ClassVar[str] = "repo_map"
    params_type: ClassVar[type] = Params
    access: ClassVar[Access] = Access.READ
    aliases: ClassVar[dict[str, str]] = {"words": "query", "task": "query", "budget": "tokens"}

    def __init__(self, atlas: LateAtlas, sight: Sight, gate: Gate) -> None:
        self._atlas = atlas
        self._sight = sight
        self._gate = gate
        self._real = Path(os.path.realpath(atlas.root))

    def use(self, params: Params, call: Call) -> ToolUse:
        return ToolUse(self.name, self.access, str(call.cwd), reads=(str(self._atlas.root),))

    async def run(self, params: Params, call: Call) -> Ok | Fail:
        root = self._atlas.root
        seen = [path for path in self._sight.files_of(call.agent) if path.is_relative_to(self._real)]
        at_hand = {str(path.relative_to(self._real)) for path in seen}
        closed = closed_files(self._gate, self.name, root)
        tokens = min(params.tokens, MOST)
        drawn = await asyncio.to_thread(lambda: self._atlas().map(params.query, at_hand, tokens, closed))
        return Ok(drawn.text or "There are no files here.")


TOOL = RepoMap
