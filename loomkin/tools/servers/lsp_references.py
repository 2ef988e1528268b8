"""lsp_references: every use of a name, as the language's own server knows it."""

import asyncio
from typing import ClassVar

from loomkin.lsp.asking import Asking
from loomkin.lsp.errors import ServerError
from loomkin.lsp.service import LanguageService
from loomkin.permissions.gate import Gate
from loomkin.records.permission import Access, ToolUse
from loomkin.tooling.tool import Call, Fail, Ok, Tool
from loomkin.tools.servers.pointing import ALIASES, Pointed, Telling, aim_of, fail


class LspReferences(Tool[Pointed]):
    """Finds the uses of what a name means at one place."""

    name: ClassVar[str] = "lsp_references"
    params_type: ClassVar[type] = Pointed
    access: ClassVar[Access] = Access.READ
    aliases: ClassVar[dict[str, str]] = ALIASES

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
            places = await Asking(self._service).places(
                aim, "textDocument/references", "referencesProvider", context={"includeDeclaration": True}
            )
        except ServerError as error:
            return fail(error)
        if not places:
            return Ok("The server knows no use of it.")
        telling = Telling(workplace, self._gate, self.name)
        return Ok("\n".join(await asyncio.to_thread(lambda: list(telling.lines(places)))))


TOOL = LspReferences
