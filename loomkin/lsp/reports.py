"""What a server reported of files, by itself or when asked, and whether that is its last word."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from loomkin.lsp.documents import path_of
from loomkin.lsp.errors import Gone
from loomkin.records.dataclass import dataclass

QUIET_SECONDS = 0.3
"""How long a server that names no versions must be silent until its word counts as the last."""

QUIET_VERSIONED = 0.05
MOST_FILES = 2000


@dataclass(slots=True)
class _Pushed:
    """What came unasked of one file; `fresh` until the file is changed."""

    of: int | None = None
    raw: Any = None
    fresh: bool = False


class Reports:
    """Raw diagnostics by file; `ended` says that none will come any more."""

    def __init__(self) -> None:
        self._pushed: dict[Path, _Pushed] = {}
        self._pulled: dict[Path, Any] = {}
        self._news = asyncio.Event()
        self._count = 0
        self._busy: set[str] = set()
        self._ended = ""

    def paths(self) -> set[Path]:
        """The files of which there is a report."""
        return {*self._pushed, *self._pulled}

    def of(self, path: Path) -> Iterator[Any]:
        """All that is reported of a file."""
        pushed = self._pushed.get(path)
        for raw in (pushed.raw if pushed else None, self._pulled.get(path)):
            yield from raw if isinstance(raw, list) else ()

    def forget(self, path: Path) -> None:
        """The file is closed, or opened anew."""
        self._pushed.pop(path, None)
        self._pulled.pop(path, None)

    def age(self, path: Path) -> None:
        """What was pushed of a file until now is of an earlier version."""
        if (pushed := self._pushed.get(path)) is not None:
            pushed.fresh = False

    def push(self, params: Mapping[str, Any], version_of: Mapping[Path, int]) -> None:
        """Take a notification; one of an earlier version than the file has says nothing any more."""
        path, version = path_of(str(params.get("uri"))), params.get("version")
        if path is None or (path not in self._pushed and len(self._pushed) >= MOST_FILES):
            return
        self._count += 1
        of = version if isinstance(version, int) else None
        if of is not None and of < version_of.get(path, 0):
            return
        self._pushed[path] = _Pushed(of, params.get("diagnostics"), True)
        self._news.set()

    def pull(self, path: Path, told: Any) -> None:
        """Take an answer, and what it says of related files."""
        if not isinstance(told, dict):
            return
        related = told.get("relatedDocuments")
        reports = {path: told}
        for uri, report in (related if isinstance(related, dict) else {}).items():
            if (other := path_of(str(uri))) is not None and isinstance(report, dict):
                reports[other] = report
        for one, report in reports.items():
            if report.get("kind") != "unchanged":
                self._pulled[one] = report.get("items")

    def progress(self, token: str, value: Any) -> None:
        """The server begins or ends something that takes time."""
        kind = value.get("kind") if isinstance(value, dict) else ""
        if kind == "begin" and len(self._busy) < 100:
            self._busy.add(token)
        elif kind == "end":
            self._busy.discard(token)
            self._count += 1
            self._news.set()

    def end(self, why: str) -> None:
        """Nothing will come any more."""
        self._ended = self._ended or why
        self._news.set()

    def wake(self) -> None:
        """Let those who wait look again."""
        self._news.set()

    async def settled(self, path: Path, version: int, asked: Callable[[], bool]) -> None:
        """Return when what was pushed of a file is of this version and nothing follows; raises Gone.

        Also when the server says meanwhile that it wants to be `asked`.
        """
        while not asked():
            pushed = self._pushed.get(path)
            if pushed and pushed.fresh and (pushed.of is None or pushed.of >= version) and not self._busy:
                seen = self._count
                await self._until_news(QUIET_SECONDS if pushed.of is None else QUIET_VERSIONED)
                if self._count == seen:
                    return
            else:
                await self._until_news(None)

    async def idle(self, seconds: float) -> None:
        """Wait while the server says that it is busy, at most so long; raises Gone."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self._busy:
                    await self._until_news(None)

    async def _until_news(self, seconds: float | None) -> None:
        if self._ended:
            raise Gone(self._ended)
        self._news.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._news.wait()
