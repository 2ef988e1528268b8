"""The servers of a session: one for each kind and folder, shared by all agents."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

from loomkin.config.settings import LspSettings
from loomkin.lsp.berth import Berth
from loomkin.lsp.finding import Finder, Found
from loomkin.lsp.register import Register
from loomkin.project.orphans import OrphanWatch
from loomkin.runtime.supervisor import Supervisor

GRACE_SECONDS = 6.0


class Servers:
    """Gives a file its servers, and ends them all."""

    def __init__(
        self, settings: LspSettings, root: Path, environ: Mapping[str, str], register: Register
    ) -> None:
        self.settings = settings
        self.finder = Finder(settings, root, environ)
        self.berths: dict[tuple[str, Path], Berth] = {}
        self.crashes: list[str] = []
        self.supervisor = Supervisor(self._crashed, GRACE_SECONDS)
        self._environ = environ
        self._watch = OrphanWatch()
        self._register = register

    async def of(self, path: Path) -> list[Berth]:
        """The places of the servers that are installed for a file."""
        if path.suffix.lower() not in self.finder.suffixes:
            return []
        places = await asyncio.to_thread(self._places, path)
        return [self._berth(found, folder) for found, folder in places]  # on the loop: no second of a kind

    def _places(self, path: Path) -> list[tuple[Found, Path]]:
        return [(found, self.finder.folder(found.kind, path)) for found in self.finder.installed(path)]

    def _berth(self, found: Found, folder: Path) -> Berth:
        name = found.kind.name
        known = self.berths.get((name, folder))
        if known is None:
            known = self.berths[name, folder] = Berth(
                found, folder, self.finder, self._environ, self.settings.memory_mb, self._watch,
                self.supervisor, self._note,
            )  # fmt: skip
        return known

    async def stop(self, name: str = "", why: str = "the person stopped it") -> list[Berth]:
        """End the servers of that name, all of them by default; those that ran."""
        running = [one for one in self.berths.values() if name in ("", one.name) and one.state != "ended"]
        await asyncio.gather(*(berth.stop(why) for berth in running))
        return running

    def wake(self, name: str = "") -> list[str]:
        """Start the servers of that name, by default all there were, and forget what went wrong."""
        woken = [one for one in self.berths.values() if name in ("", one.name)]
        for berth in woken:
            berth.revive()
            berth.wake()
        return [one.name for one in woken]

    async def aclose(self) -> None:
        """End all of them; bounded."""
        await self.stop(why="loomkin ends")
        await self.supervisor.stop(0.0)
        await asyncio.to_thread(self._watch.close)
        await asyncio.to_thread(self._register.clear)

    def _crashed(self, name: str, error: BaseException) -> None:
        self.crashes.append(f"{name}: {error!r}")

    def _note(self) -> None:
        rows = [berth.row() for berth in self.berths.values()]
        self.supervisor.start("register", asyncio.to_thread(self._register.note, rows))
