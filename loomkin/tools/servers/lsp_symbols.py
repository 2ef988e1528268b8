"""lsp_symbols: symbols of the project by name, or those of a file."""

from collections.abc import Iterator, Sequence
from typing import ClassVar

from loomkin.lsp.asking import Asking, Symbol, sorted_symbols
from loomkin.lsp.errors import ServerError
from loomkin.lsp.service import LanguageService
from loomkin.records.dataclass import dataclass
from loomkin.records.permission import Access, ToolUse
from loomkin.tooling.tool import Call, Fail, Ok, Tool
from loomkin.tools.servers.pointing import fail, real

MOST = 60


@dataclass(frozen=True, slots=True)
class Params:
    """A part of a name, or a file."""

    query: str = ""
    path: str = ""


class LspSymbols(Tool[Params]):
    """Lists symbols."""

    name: ClassVar[str] = "lsp_symbols"
    params_type: ClassVar[type] = Params
    access: ClassVar[Access] = Access.READ
    aliases: ClassVar[dict[str, str]] = {"name": "query", "symbol": "query", "file": "path"}

    def __init__(self, service: LanguageService) -> None:
        self._service = service

    def use(self, params: Params, call: Call) -> ToolUse:
        path = self._service.workplace.resolve(call.cwd, params.path)
        return ToolUse(self.name, self.access, str(call.cwd), reads=(str(path),))

    async def run(self, params: Params, call: Call) -> Ok | Fail:
        if not params.query and not params.path:
            return Fail("Give a part of a name as query, or the path of a file.")
        try:
            path, asking = await real(self._service.workplace, call, params.path), Asking(self._service)
            if params.path and not params.query:
                found: Sequence[Symbol] = await asking.outline(path)
            else:
                found = sorted_symbols(await asking.symbols(params.query, path), params.query)
        except ServerError as error:
            return fail(error)
        return Ok("\n".join(self._told(found)) or "The server knows no such symbol.")

    def _told(self, symbols: Sequence[Symbol]) -> Iterator[str]:
        for one in symbols[:MOST]:
            place = f"{self._service.workplace.shown(one.path)}:{one.line}"
            yield f"{'  ' * one.depth}{place}  {one.kind} {one.name}"
        if len(symbols) > MOST:
            yield f"… {len(symbols) - MOST} more"


TOOL = LspSymbols
