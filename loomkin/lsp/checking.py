"""What an edit did to the problems that servers see: said with its result, or as soon as it is known."""

import asyncio
import os
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path

from loomkin.lsp.berth import Berth
from loomkin.lsp.dependents import MOST as MOST_DEPENDENTS
from loomkin.lsp.dependents import dependents
from loomkin.lsp.documents import OnDisk, look
from loomkin.lsp.errors import Gone, ServerError
from loomkin.lsp.outside import Outside
from loomkin.lsp.problems import Difference, Severity, chosen, compare, counted
from loomkin.lsp.server import CHANGED, CREATED, DELETED, LanguageServer
from loomkin.lsp.servers import Servers
from loomkin.records.regex import pattern

OTHER_FILES = 12
"""Open files that are asked about again after an edit of another."""

FIRST_TIMES = 4
"""How many times longer an edit waits for a server that has only just been started."""

LATE_SECONDS = 60.0
_FIGURES = pattern(r"\d+")
MOST_LATE = 8


class Checking:
    """Keeps servers up to date with edits and compares what they say before and after."""

    def __init__(self, servers: Servers, outside: Outside, shown: Callable[[Path], str]) -> None:
        self._servers = servers
        self._outside = outside
        self._shown = shown
        self._late: defaultdict[str, list[str]] = defaultdict(list)
        self._told: set[tuple[str, str]] = set()

    async def warm(self, path: Path) -> None:
        """Start what a file will need, in the background, and let it have the file."""
        path = Path(await asyncio.to_thread(os.path.realpath, path))
        for berth in await self._servers.of(path):
            if (
                not berth.off
                and path not in berth.wanted
                and (berth.server is None or path not in berth.server.open)
            ):
                berth.wanted[path] = None
                self._servers.supervisor.start(f"warm {berth.name}", self._warm(berth, path))

    async def _warm(self, berth: Berth, path: Path) -> None:
        try:
            server = await berth.ready()
            async with berth.turn:
                cold = not server.open
                await self._outside.bring(server)
                await self._open_wanted(berth, server)
                if cold:  # with the first file it reads the libraries, too
                    async with asyncio.timeout(LATE_SECONDS):
                        await server.settle(path)
        except (ServerError, TimeoutError):
            return  # the edit will hear of it

    async def _open_wanted(self, berth: Berth, server: LanguageServer, but: Collection[Path] = ()) -> None:
        wanted = [path for path in berth.wanted if path not in but and path not in server.open]
        berth.wanted.clear()
        for path, now in (await asyncio.to_thread(_look_at, wanted)).items():
            server.show(path, now)

    async def before(self, paths: Iterable[Path]) -> dict[Path, OnDisk]:
        """What files hold that are about to be changed, of those that have a server."""
        suffixes = self._servers.finder.suffixes
        wanted = [path for path in paths if path.suffix.lower() in suffixes]
        return await asyncio.to_thread(_look_at, wanted) if wanted else {}

    async def after(self, agent: str, before: Mapping[Path, OnDisk]) -> list[str]:
        """What is to be said with the result of an edit."""
        places: dict[Berth, list[Path]] = {}
        for path in before:
            for berth in await self._servers.of(path):
                places.setdefault(berth, []).append(path)
        lines: list[str] = []
        checks = {}
        for berth, paths in places.items():
            if berth.off:
                lines += self._once(agent, berth.off)
                continue
            seconds = self._servers.settings.wait * (1 if berth.state == "running" else FIRST_TIMES)
            check = _Check({path: before[path] for path in paths})
            task = self._servers.supervisor.start(f"check by {berth.name}", self._check(agent, berth, check))
            checks[berth] = (check, task, seconds)
        begun = time.monotonic()
        for berth, (check, task, seconds) in checks.items():
            left = seconds - (time.monotonic() - begun)
            done, _ = await asyncio.wait([task], timeout=max(0.0, left))
            if done:
                lines += self._said(agent, berth, check)
                continue
            check.late = True
            names = ", ".join(self._shown(path) for path in check.before)
            what = "is still starting" if berth.state != "running" else "is not done"
            lines.append(f"{berth.name} {what}; what it finds in {names} comes with a later step.")
        return lines

    def late(self, agent: str) -> list[str]:
        """What has become known since, once."""
        return self._late.pop(agent, [])

    async def _check(self, agent: str, berth: Berth, check: "_Check") -> None:
        try:
            async with asyncio.timeout(LATE_SECONDS):
                server = await berth.ready()
                async with berth.turn:
                    await self._open_wanted(berth, server, check.before.keys())
                    check.difference = await self._compared(server, check.before)
        except Gone as error:
            check.trouble = await berth.epitaph() or str(error)
        except ServerError as error:
            check.trouble = str(error)
        except TimeoutError:
            check.trouble = f"no answer within {LATE_SECONDS:.0f} s"
        if check.late and len(self._late[agent]) < MOST_LATE:
            said = self._said(agent, berth, check)
            names = ", ".join(self._shown(path) for path in check.before)
            clean = [f"{berth.name} has looked at {names}: no new problems."]
            if words := "\n".join(said or ([] if check.trouble else clean)):
                self._late[agent].append(words)

    async def _compared(self, server: LanguageServer, before: Mapping[Path, OnDisk]) -> Difference:
        await self._up_to_date(server, before.keys())
        # what is known of other files may rest on the edit already, where the server started after it
        known = all(
            path in server.open and server.open[path].text.text == was.text for path, was in before.items()
        )
        for path, was in before.items():
            server.show(path, was)
        for path in before:
            await server.settle(path)
        now = await asyncio.to_thread(_look_at, before)
        await self._open_dependents(server, before, now)
        await server.settle_others(before.keys(), OTHER_FILES, anew=not known)
        unheard = server.open.keys() - server.reports.paths() - before.keys()
        old = server.problems()
        for path, found in now.items():
            server.show(path, found)
            server.saved(path)
        server.files_changed(_events(before, now))
        for path in before:
            await server.settle(path)
        await server.settle_others(before.keys(), OTHER_FILES, anew=True)
        return compare(old, [one for one in server.problems() if one.path not in unheard])

    async def _open_dependents(
        self, server: LanguageServer, before: Mapping[Path, OnDisk], now: Mapping[Path, OnDisk]
    ) -> None:
        """Let the server have the files that the edit may break, while it knows nothing of the edit."""
        found: list[Path] = []
        for path, was in before.items():
            if was.text is not None and len(found) < MOST_DEPENDENTS:
                found += await dependents(server, path, was.text, now[path].text or "")
        for path, there in (await asyncio.to_thread(_look_at, found[:MOST_DEPENDENTS])).items():
            if server.show(path, there) is not None:
                await server.settle(path)

    async def _up_to_date(self, server: LanguageServer, but: Collection[Path]) -> None:
        """What others did to files must not count as the edit's."""
        if await self._outside.bring(server, but):
            await server.settle_others(but, OTHER_FILES, anew=True)

    def _said(self, agent: str, berth: Berth, check: "_Check") -> list[str]:
        if check.trouble:
            return self._once(agent, berth.off or f"{berth.name} cannot say anything: {check.trouble}")
        names = ", ".join(self._shown(path) for path in check.before)
        return told(
            check.difference, berth.name, self._shown, f"your edit of {names}" if check.late else "this edit"
        )

    def _once(self, agent: str, words: str) -> list[str]:
        heard = (agent, _FIGURES.sub("", words))
        if heard in self._told:
            return []
        self._told.add(heard)
        return [words]


class _Check:
    """One edit as one server looks at it."""

    def __init__(self, before: dict[Path, OnDisk]) -> None:
        self.before = before
        self.difference = Difference()
        self.trouble = ""
        self.late = False


def _look_at(paths: Iterable[Path]) -> dict[Path, OnDisk]:
    """Files as they are, by their real names; blocks."""
    return {path: look(path) for path in (Path(os.path.realpath(path)) for path in paths)}


def _events(before: Mapping[Path, OnDisk], now: Mapping[Path, OnDisk]) -> list[tuple[Path, int]]:
    found = []
    for path, after in now.items():
        was, there = before[path].stamp is not None, after.stamp is not None
        if was or there:
            found.append((path, DELETED if not there else CHANGED if was else CREATED))
    return found


def told(difference: Difference, server: str, shown: Callable[[Path], str], edit: str) -> list[str]:
    """The difference for a model: what is new, worst first, and how much is mended; nothing if neither."""
    fixed = counted(difference.gone)
    new = chosen(difference.new)
    if not new:
        return [f"{server}: {edit} mended {fixed}."] if fixed else []
    lines = [f"{server}: {counted(difference.new)} new since {edit}:"]
    lines += [problem.told(shown(problem.path)) for problem in new]
    hidden = sum(problem.severity <= Severity.WARNING for problem in difference.new) - len(new)
    if hidden > 0:
        lines.append(f"… and {hidden} more; lsp_diagnostics lists them.")
    return [*lines, f"It mended {fixed}."] if fixed else lines
