"""The language servers of a session, for all who ask: checks of edits, questions, renames."""

from collections.abc import Mapping
from pathlib import Path

from loomkin.config.settings import LspSettings
from loomkin.lsp.berth import Berth
from loomkin.lsp.checking import Checking
from loomkin.lsp.errors import Unavailable
from loomkin.lsp.outside import Outside
from loomkin.lsp.register import Register
from loomkin.lsp.servers import Servers
from loomkin.project.workplace import Workplace


class LanguageService:
    """Servers run in a trusted folder only; without that there is nothing to ask, and why."""

    def __init__(
        self,
        settings: LspSettings,
        workplace: Workplace,
        environ: Mapping[str, str],
        state: Path,
        *,
        trusted: bool,
    ) -> None:
        self.workplace = workplace
        self.servers = Servers(settings, workplace.root.resolve(), environ, Register(state))
        self.outside = Outside()
        self.checking = Checking(self.servers, self.outside, workplace.shown)
        self._closed = ""
        if not settings.enabled:
            self._closed = "Language servers are switched off (`lsp.enabled`)."
        elif not trusted:
            self._closed = (
                "Language servers run project code, and this folder is not trusted (`loomkin trust`)."
            )

    async def berths(self, path: Path) -> list[Berth]:
        """The servers of a file. Raises Unavailable where there is none, with what to do."""
        if self._closed:
            raise Unavailable(self._closed, hint=WITHOUT)
        found = await self.servers.of(path)
        if found:
            return found
        kinds = self.servers.finder.kinds_for(path)
        if not kinds:
            raise Unavailable(
                f"No language server is known for {path.suffix or path.name} files.", hint=WITHOUT
            )
        ways = "; ".join(f"{kind.name}: {kind.install}" for kind in kinds[:3] if kind.install)
        raise Unavailable(f"No language server for {path.suffix} files is installed ({ways}).", hint=WITHOUT)

    async def aclose(self) -> None:
        """End all servers; bounded."""
        await self.servers.aclose()


WITHOUT = "find_symbol, find_references and code_outline work without one."
