"""lsp_hover: the type and documentation of a name."""

from typing import ClassVar

from loomkin.lsp.asking import Asking
from loomkin.lsp.errors import ServerError
from loomkin.lsp.service import LanguageService
from loomkin.records.permission import Access, ToolUse
from loomkin.tooling.tool import Call, Fail, Ok, Tool
from loomkin.tools.servers.pointing import ALIASES, Pointed, aim_of, fail

MOST = 4000


class LspHover(Tool[Pointed]):
    """Tells what the server knows of a name at one place."""

    name: ClassVar[str] = "lsp_hover"
    params_type: ClassVar[type] = Pointed
    access: ClassVar[Access] = Access.READ
    aliases: ClassVar[dict[str, str]] = ALIASES

    def __init__(self, service: LanguageService) -> None:
        self._service = service

    def use(self, params: Pointed, call: Call) -> ToolUse:
        path = self._service.workplace.resolve(call.cwd, params.path)
        return ToolUse(self.name, self.access, str(call.cwd), reads=(str(path),))

    async def run(self, params: Pointed, call: Call) -> Ok | Fail:
        try:
            aim = await aim_of(self._service.workplace, call, params)
            words = await Asking(self._service).hover(aim)
        except ServerError as error:
            return fail(error)
        return Ok(words[:MOST] or "The server says nothing of it.")


TOOL = LspHover
