"""What the tools on language servers share: from a call to a spot, from places to lines."""

import asyncio
import os
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any, ClassVar

from loomkin.lsp.aim import Aim
from loomkin.lsp.asking import Asking, Place
from loomkin.lsp.errors import Gone, NoAnswer, ServerError
from loomkin.lsp.service import LanguageService
from loomkin.permissions.gate import Gate
from loomkin.project.root import inside
from loomkin.project.workplace import Workplace
from loomkin.records.dataclass import dataclass
from loomkin.records.permission import Access, Decision, ToolUse
from loomkin.tooling.tool import Call, Fail, Ok, Tool

MOST_PLACES = 100
_WIDTH = 160
ALIASES = {
    "file": "path", "file_path": "path", "filename": "path", "name": "symbol", "identifier": "symbol",
    "character": "column", "col": "column",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Pointed:
    """A name on a line of a file."""

    path: str
    line: int = 0
    symbol: str = ""
    column: int = 0


async def real(workplace: Workplace, call: Call, path: str) -> Path:
    """The file that a path means, free of links."""
    return Path(await asyncio.to_thread(os.path.realpath, workplace.resolve(call.cwd, path)))


async def aim_of(workplace: Workplace, call: Call, params: Pointed) -> Aim:
    """What a call points at."""
    return Aim(await real(workplace, call, params.path), params.line, params.symbol, params.column)


def fail(error: ServerError) -> Fail:
    """What went wrong, then what to do."""
    if isinstance(error, (Gone, NoAnswer)):
        return Fail(
            f"The language server failed: {error}. Try once more, or go by find_references and reading."
        )
    return Fail(f"{error.message} {error.hint}".strip())


class PlacesTool(Tool[Pointed]):
    """Asks a server for places; `request`, `provider` and `context` are words of its protocol."""

    params_type: ClassVar[type] = Pointed
    access: ClassVar[Access] = Access.READ
    aliases: ClassVar[dict[str, str]] = ALIASES
    request: ClassVar[str]
    provider: ClassVar[str]
    context: ClassVar[Mapping[str, Any]] = {}
    none: ClassVar[str]

    def __init__(self, service: LanguageService, gate: Gate) -> None:
        self._service = service
        self._gate = gate

    def use(self, params: Pointed, call: Call) -> ToolUse:
        path = self._service.workplace.resolve(call.cwd, params.path)
        return ToolUse(self.name, self.access, str(call.cwd), reads=(str(path),))

    async def run(self, params: Pointed, call: Call) -> Ok | Fail:
        workplace = self._service.workplace
        try:
            aim = await aim_of(workplace, call, params)
            places = await Asking(self._service).places(aim, self.request, self.provider, **self.context)
        except ServerError as error:
            return fail(error)
        if not places:
            return Ok(self.none)
        telling = Telling(workplace, self._gate, self.name)
        return Ok("\n".join(await asyncio.to_thread(lambda: list(telling.lines(places)))))


class Telling:
    """Places as lines by file; what the caller may not read is named without its words."""

    def __init__(self, workplace: Workplace, gate: Gate, tool: str) -> None:
        self._workplace = workplace
        self._gate = gate
        self._tool = tool

    def lines(self, places: Sequence[Place]) -> Iterator[str]:
        """One line each, at most so many."""
        for path, those in groupby(places[:MOST_PLACES], key=lambda place: place.path):
            closed = not self.open(path)
            for place in those:
                words = "" if closed else place.words.strip()[:_WIDTH]
                yield f"{self._workplace.shown(path)}:{place.line}  {words}".rstrip()
        if len(places) > MOST_PLACES:
            yield f"… {len(places) - MOST_PLACES} more"

    def open(self, path: Path) -> bool:
        """Whether the caller may read a file: one inside, which no rule closes."""
        if not inside(path, self._workplace.roots):
            return False
        use = ToolUse(self._tool, Access.READ, str(self._workplace.root), reads=(str(path),))
        return self._gate.policy.decide(use).decision is Decision.ALLOW
