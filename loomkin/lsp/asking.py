"""Questions about code: definitions, references, hover texts, symbols, problems."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from loomkin.lsp.aim import Aim, spot_of
from loomkin.lsp.berth import Berth
from loomkin.lsp.documents import look, path_of, uri_of
from loomkin.lsp.errors import NoAnswer, ServerError, Unavailable
from loomkin.lsp.positions import Text
from loomkin.lsp.problems import Problem
from loomkin.lsp.server import LanguageServer
from loomkin.lsp.service import WITHOUT, LanguageService
from loomkin.project.listing import list_files
from loomkin.records.dataclass import dataclass

MOST_FILES = 60
"""Files of a folder that are looked at for problems."""

SETTLE_SECONDS = 45.0
YOUNG_SECONDS, AGAIN_SECONDS = 6.0, 0.4
BUSY_SECONDS = 20.0
"""How long a question waits for a server that still reads the project."""


@dataclass(frozen=True, slots=True)
class Place:
    """A line in a file, with its words where the file can be read."""

    path: Path
    line: int
    words: str


@dataclass(frozen=True, slots=True)
class Symbol:
    """A named thing and where it is; `depth` is how far it stands inside others."""

    name: str
    kind: str
    path: Path
    line: int
    depth: int = 0


@dataclass(frozen=True, slots=True)
class Asked:
    """A server that is up to date, a file in it, and the spot in question as the protocol writes it."""

    server: LanguageServer
    params: dict[str, Any]
    words: str


class Asking:
    """Brings the servers up to date, asks, and reads the answers."""

    def __init__(self, service: LanguageService) -> None:
        self._service = service

    async def places(self, aim: Aim, method: str, provider: str, **context: Any) -> list[Place]:
        """The places that a server names for a spot, e.g. by `textDocument/definition`."""
        berth = await self.able(aim.path, provider)
        async with berth.turn:
            asked = await self.asked(berth, aim)
            told = await settled(asked.server, method, {**asked.params, **context})
        return await asyncio.to_thread(_places, asked.server, told)

    async def hover(self, aim: Aim) -> str:
        """What a server tells of a spot: its type, its documentation."""
        berth = await self.able(aim.path, "hoverProvider")
        async with berth.turn:
            asked = await self.asked(berth, aim)
            told = await asked.server.ask("textDocument/hover", asked.params)
        return _words(told.get("contents")).strip() if isinstance(told, dict) else ""

    async def outline(self, path: Path) -> list[Symbol]:
        """The symbols of a file."""
        berth = await self.able(path, "documentSymbolProvider")
        async with berth.turn:
            server = await self._shown(berth, path)
            told = await server.ask("textDocument/documentSymbol", {"textDocument": {"uri": uri_of(path)}})
        return list(_symbols(told, path))

    async def symbols(self, query: str, root: Path) -> list[Symbol]:
        """The symbols of the project whose names fit; from the servers of its commonest languages."""
        found: list[Symbol] = []
        berths = await self._of_project(root)
        if not berths:
            raise Unavailable("No language server for the files here is installed.", hint=WITHOUT)
        for berth, path in berths:
            async with berth.turn:
                server = await self._shown(berth, path)
                if server.abilities.can("workspaceSymbolProvider"):
                    told = await settled(server, "workspace/symbol", {"query": query})
                    found += _symbols(told, path)
        return found

    async def problems(self, path: Path) -> tuple[list[Problem], list[str]]:
        """The problems of a file or of the files below a folder, and what keeps servers from saying more."""
        if not await asyncio.to_thread(path.is_dir):
            await self._there(path)
        paths = await asyncio.to_thread(_files, path, self._service.servers.finder.suffixes)
        if not paths:
            raise ServerError(f"{self._service.workplace.shown(path)} holds no file that a server looks at.")
        by_berth: dict[Berth, list[Path]] = {}
        for one in paths[:MOST_FILES]:
            for berth in await self._service.berths(one):
                by_berth.setdefault(berth, []).append(one)
        found: list[Problem] = []
        notes = (
            [f"Only {MOST_FILES} of {len(paths)} files were looked at."] if len(paths) > MOST_FILES else []
        )
        for berth, files in by_berth.items():
            try:
                found += await self._settled(berth, files)
            except ServerError as error:
                notes.append(f"{berth.name} cannot say anything: {error}")
        return found, notes

    async def known_problems(self) -> list[Problem]:
        """The problems of all files that servers have open."""
        found: list[Problem] = []
        for berth in self._service.servers.berths.values():
            if berth.server is not None and berth.server.open:
                found += await self._settled(berth, list(berth.server.open))
        return found

    async def asked(self, berth: Berth, aim: Aim) -> Asked:
        """A server that knows the file as it is now, and the spot in it; the caller has the berth's turn."""
        server = await self._shown(berth, aim.path)
        document = server.open.get(aim.path)
        shown = self._service.workplace.shown(aim.path)
        if document is None:
            raise ServerError(f"{shown} cannot be read as text.")
        spot = spot_of(aim, document.text, shown)
        position = document.text.position(spot, server.abilities.encoding)
        params = {"textDocument": {"uri": document.uri}, "position": position}
        return Asked(server, params, document.text.line(spot.line))

    async def _there(self, path: Path) -> None:
        if not await asyncio.to_thread(path.is_file):
            raise ServerError(f"There is no file {self._service.workplace.shown(path)}.")

    async def able(self, path: Path, provider: str) -> Berth:
        """The first server of a file that can do something."""
        await self._there(path)
        berths = await self._service.berths(path)
        names = ", ".join(berth.name for berth in berths)
        trouble: Unavailable | None = None
        for berth in berths:
            try:
                server = await berth.ready()
            except Unavailable as error:
                trouble = error
                continue
            if server.abilities.can(provider):
                return berth
        if trouble is not None:
            raise Unavailable(str(trouble), hint=WITHOUT)
        raise Unavailable(f"{names} cannot do that.", hint=WITHOUT)

    async def _shown(self, berth: Berth, path: Path) -> LanguageServer:
        server = await berth.ready()
        await self._service.outside.bring(server)
        if path not in server.open:
            server.show(path, await asyncio.to_thread(look, path))
        await server.reports.idle(BUSY_SECONDS)
        return server

    async def _settled(self, berth: Berth, paths: Sequence[Path]) -> list[Problem]:
        async with berth.turn:
            server = await berth.ready()
            try:
                async with asyncio.timeout(SETTLE_SECONDS):
                    for path in paths:
                        await self._shown(berth, path)
                        await server.settle(path)
            except TimeoutError:
                raise NoAnswer(f"not done within {SETTLE_SECONDS:.0f} s") from None
            wanted = set(paths)
            return [problem for problem in server.problems() if problem.path in wanted]

    async def _of_project(self, root: Path) -> list[tuple[Berth, Path]]:
        """A server and one of its files for each of the commonest kinds of files."""
        service = self._service
        files = await asyncio.to_thread(_files, root, service.servers.finder.suffixes)
        counts = Counter(path.suffix.lower() for path in files)
        found: dict[Berth, Path] = {}
        for suffix, _ in counts.most_common(6):
            path = next(path for path in files if path.suffix.lower() == suffix)
            try:
                for berth in await service.berths(path):
                    found.setdefault(berth, path)
            except Unavailable:
                continue
        return list(found.items())


async def settled(server: LanguageServer, method: str, params: dict[str, Any]) -> Any:
    """An answer about the whole project; a server that is young is asked until it says the same twice.

    It may still read the project, and answers from the part that it knows. Raises ServerError.
    """
    told = await server.ask(method, params)
    while time.monotonic() - server.process.began < YOUNG_SECONDS:
        await asyncio.sleep(AGAIN_SECONDS)
        await server.reports.idle(BUSY_SECONDS)
        again = await server.ask(method, params)
        if again == told and again:
            break
        told = again
    return told


def _files(path: Path, suffixes: frozenset[str]) -> list[Path]:
    if not path.is_dir():
        return [path]
    wanted = (path / name for name in list_files(path).files if Path(name).suffix.lower() in suffixes)
    return [one for one in wanted if one.is_file()]  # git lists deleted ones, too


def _places(server: LanguageServer, told: Any) -> list[Place]:
    """Locations and links as places; reads the files, blocks."""
    found: dict[tuple[Path, int], Place] = {}
    texts: dict[Path, Text] = {path: document.text for path, document in server.open.items()}
    for one in told if isinstance(told, list) else [told]:
        if not isinstance(one, dict):
            continue
        path = path_of(str(one.get("uri") or one.get("targetUri")))
        spread = one.get("range") or one.get("targetSelectionRange")
        if path is None or not isinstance(spread, dict):
            continue
        if path not in texts:
            texts[path] = Text(look(path).text or "")
        line = int(spread.get("start", {}).get("line", 0)) + 1
        found.setdefault((path, line), Place(path, line, texts[path].line(line)))
    return sorted(found.values(), key=lambda place: (str(place.path), place.line))


def _symbols(told: Any, path: Path, depth: int = 0) -> Iterator[Symbol]:
    for one in told if isinstance(told, list) else ():
        if not isinstance(one, dict):
            continue
        location = one.get("location")
        spread = one.get("selectionRange") or (location or {}).get("range") or {}
        at = path_of(str(location.get("uri"))) if isinstance(location, dict) else path
        if at is None:
            continue
        number = one.get("kind")
        kind = _KINDS[number] if isinstance(number, int) and 0 < number < len(_KINDS) else "symbol"
        line = int(spread.get("start", {}).get("line", 0)) + 1
        yield Symbol(str(one.get("name")), kind, at, line, depth)
        yield from _symbols(one.get("children"), path, depth + 1)


def _words(contents: Any) -> str:
    if isinstance(contents, dict):
        return str(contents.get("value", ""))
    if isinstance(contents, list):
        return "\n".join(_words(one) for one in contents)
    return contents if isinstance(contents, str) else ""


def sorted_symbols(symbols: Iterable[Symbol], query: str) -> list[Symbol]:
    """The best first: those of exactly that name, then those that begin with it."""
    low = query.lower()

    def rank(symbol: Symbol) -> tuple[bool, bool, str, int]:
        name = symbol.name.lower().partition("(")[0]
        return (name != low, not name.startswith(low), str(symbol.path), symbol.line)

    return sorted(set(symbols), key=rank)


_KINDS = (
    "", "file", "module", "namespace", "package", "class", "method", "property", "field", "constructor",
    "enum", "interface", "function", "variable", "constant", "string", "number", "boolean", "array", "object",
    "key",    "null", "member", "struct", "event", "operator", "type parameter",
)  # fmt: skip
