"""Language servers for agents that may never need them: loaded when a file of their kind is first touched."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from loomkin.agent.steering import Heard
from loomkin.records.mail import SYSTEM
from loomkin.records.permission import ToolUse
from loomkin.tooling.tool import Fail, Ok
from loomkin.workspace.house import House

if TYPE_CHECKING:  # most sessions load none of it
    from loomkin.lsp.service import LanguageService

READS, WRITES = ("file_read",), ("file_edit", "file_write", "file_patch", "lsp_rename", "shell")


class Languages:
    """The session's language servers; a recorded run has none: what they say depends on the machine."""

    def __init__(self, house: House, environ: Callable[[], Mapping[str, str]]) -> None:
        self._house = house
        self._environ = environ
        self._service: LanguageService | None = None
        self._suffixes: frozenset[str] | None = None
        options, settings = house.options, house.loaded.settings.lsp
        recorded = options.record is not None or options.replay is not None
        self.watches = settings.enabled and house.trusted and not recorded

    def service(self) -> "LanguageService":
        """The servers, for whoever asks; none is started by that."""
        if self._service is None:
            from loomkin.lsp.service import LanguageService  # heavy: late on purpose

            house = self._house
            self._service = LanguageService(
                house.loaded.settings.lsp,
                house.workplace,
                self._environ(),
                house.state,
                trusted=house.trusted,
            )
        return self._service

    def concern(self, paths: Iterable[str]) -> list[Path]:
        """Those of the files that a server may know; cheap, for most sessions touch none."""
        found = [path for path in map(Path, paths) if path.suffix]
        if not self.watches or not found:
            return []
        if self._suffixes is None:
            from loomkin.lsp.table import LANGUAGES  # heavy: late on purpose

            own = self._house.loaded.settings.lsp.servers.values()
            added = {f".{one.lstrip('.').lower()}" for server in own for one in server.extensions}
            self._suffixes = frozenset(LANGUAGES) | added
        return [path for path in found if path.suffix.lower() in self._suffixes]

    @property
    def started(self) -> "LanguageService | None":
        """The servers, if anything was ever asked of them."""
        return self._service

    def of(self, agent: str, writes: Callable[[], bool]) -> "Looks":
        """What looks at the edits of an agent; its reads prepare them where it `writes`."""
        return Looks(self, agent, writes)

    def notes(self, agent: str) -> list[Heard]:
        """What servers found too late to be said with an edit."""
        if self._service is None:
            return []
        return [Heard(words, SYSTEM) for words in self._service.checking.late(agent)]

    async def aclose(self) -> None:
        """End what was started."""
        if self._service is not None:
            await self._service.aclose()


class Looks:
    """Looks at files before and after one agent's calls."""

    def __init__(self, languages: Languages, agent: str, writes: Callable[[], bool]) -> None:
        self._languages = languages
        self._agent = agent
        self._writes = writes

    async def before(self, use: ToolUse) -> Any:
        """What the files hold that a call is about to change; nothing for any other call."""
        paths = self._languages.concern(use.writes) if use.tool in WRITES else []
        return await self._languages.service().checking.before(paths) if paths else None

    async def after(self, use: ToolUse, result: Ok | Fail, before: Any) -> Sequence[str]:
        """What servers say of the change."""
        if before and isinstance(result, Ok) and result.changes:
            return await self._languages.service().checking.after(self._agent, before)
        if use.tool in READS and isinstance(result, Ok) and self._writes():
            for path in self._languages.concern(use.reads):
                await self._languages.service().checking.warm(path)
        return ()
