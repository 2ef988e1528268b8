"""One running server: its documents, its problems, its answers."""

import asyncio
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from loomkin.lsp import documents
from loomkin.lsp.connection import Connection
from loomkin.lsp.documents import Document, OnDisk, uri_of
from loomkin.lsp.errors import Declined, NoAnswer, ServerError
from loomkin.lsp.hello import Abilities, introduction
from loomkin.lsp.positions import Text
from loomkin.lsp.problems import Problem, read_problems
from loomkin.lsp.process import ServerProcess
from loomkin.lsp.questions import Questions
from loomkin.lsp.reports import Reports
from loomkin.lsp.table import LANGUAGES, ServerKind

START_SECONDS, ANSWER_SECONDS, END_SECONDS = 45.0, 20.0, 1.0
MOST_OPEN = 64
ASKED_AGAIN = 20
CHANGED_MEANWHILE = (-32801, -32802)
CREATED, CHANGED, DELETED = 1, 2, 3


class LanguageServer:
    """Speaks with one server about the files of one folder."""

    def __init__(
        self,
        kind: ServerKind,
        folder: Path,
        process: ServerProcess,
        options: Mapping[str, Any],
        settings: Mapping[str, Any],
    ) -> None:
        """`options` are told at the beginning, `settings` when it asks."""
        self.kind = kind
        self.folder = folder
        self.process = process
        self.open: dict[Path, Document] = {}
        self.abilities = Abilities({})
        self.reports = Reports()
        self.searched: set[tuple[Path, str]] = set()  # whose users were opened: a file and a name in it
        self._options = options
        questions = Questions(folder, settings, self._gained, self._age_all)
        self._connection = Connection(process.stdout, process.stdin, self._heard, questions)

    async def run(self) -> None:
        """Read what the server says, until it ends."""
        await self._connection.run()

    async def begin(self) -> None:
        """Introduce each other; raises ServerError."""
        told = await self.ask("initialize", introduction(self.folder, self._options), START_SECONDS)
        self.abilities = Abilities(told)
        self._tell("initialized", {})

    async def ask(self, method: str, params: Any, seconds: float = ANSWER_SECONDS) -> Any:
        """A request; raises ServerError."""
        return await self._connection.request(method, params, seconds)

    async def bye(self) -> None:
        """Ask it to end by itself; whoever calls ends it anyhow."""
        with suppress(ServerError):
            await self._connection.request("shutdown", None, END_SECONDS)
            self._connection.notify("exit", None)

    def close(self, why: str) -> None:
        """Nobody is to wait for it any more."""
        self._connection.close(why)
        self.reports.end(why)

    def show(self, path: Path, now: OnDisk) -> Document | None:
        """Let the server have a file as it is now: opened, changed or closed; None where it is closed."""
        document = self.open.get(path)
        if now.text is None:
            self._shut(path)
            return None
        if document is None:
            return self._opened(path, now.text, now.stamp)
        self.open[path] = self.open.pop(path)  # what was used last stands last
        document.stamp = now.stamp
        if now.text != document.text.text:
            document.text, document.version = Text(now.text), document.version + 1
            self.reports.age(path)
            if self.abilities.hears_changes:
                named = {"uri": document.uri, "version": document.version}
                self._tell(
                    "textDocument/didChange", {"textDocument": named, "contentChanges": [{"text": now.text}]}
                )
        return document

    def saved(self, path: Path) -> None:
        """An open file was written."""
        if self.abilities.hears_saves and path in self.open:
            self._tell("textDocument/didSave", {"textDocument": {"uri": uri_of(path)}})

    def files_changed(self, changes: Iterable[tuple[Path, int]]) -> None:
        """Files came, changed or went, open or not."""
        told = [{"uri": uri_of(path), "type": kind} for path, kind in changes]
        if told:
            self._tell("workspace/didChangeWatchedFiles", {"changes": told})

    async def refresh(self, but: Collection[Path] = ()) -> bool:
        """Bring open files up to date with the disk, but for some; whether any had changed."""
        left = [document for path, document in self.open.items() if path not in but]
        found = await asyncio.to_thread(documents.changed, left)
        for path, now in found.items():
            self.show(path, now)
            self.saved(path)
        return bool(found)

    def problems(self) -> list[Problem]:
        """All that it last said of any file."""
        found: list[Problem] = []
        for path in self.reports.paths():
            document = self.open.get(path)
            text = document.text if document else Text("")
            found += read_problems(
                path, text, list(self.reports.of(path)), self.abilities.encoding, self.kind.name
            )
        return found

    async def settle(self, path: Path) -> None:
        """Wait until its problems are those of the version it has; the caller limits the time.

        Raises ServerError.
        """
        document = self.open.get(path)
        if document is None or document.checked == document.version:
            return
        version = document.version
        if not self.abilities.pulls:
            await self.reports.settled(path, version, lambda: self.abilities.pulls)
        if self.abilities.pulls:
            await self._pull(path)
        document.checked = version

    async def settle_others(self, but: Collection[Path], most: int, *, anew: bool = False) -> None:
        """Ask of the other open files, `anew` where a change may concern them; who pushes does so unasked."""
        if self.abilities.pulls:
            for path in [path for path in self.open if path not in but][-most:]:
                if anew:
                    self.open[path].checked = 0
                await self.settle(path)

    async def _pull(self, path: Path) -> None:
        for _ in range(ASKED_AGAIN):
            try:
                told = await self.ask("textDocument/diagnostic", {"textDocument": {"uri": uri_of(path)}})
            except Declined as error:
                if error.code not in CHANGED_MEANWHILE:
                    raise
                await asyncio.sleep(0.1)
                continue
            self.reports.pull(path, told)
            return
        raise NoAnswer("it never says which problems there are")

    def _opened(self, path: Path, text: str, stamp: documents.Stamp | None) -> Document:
        for oldest in list(self.open)[: max(0, len(self.open) - MOST_OPEN + 1)]:
            self._shut(oldest)
        suffix = path.suffix.lower()
        document = Document(
            path, LANGUAGES.get(suffix, suffix.lstrip(".") or "plaintext"), 1, Text(text), stamp
        )
        self.open[path] = document
        self.reports.forget(path)
        named = {"uri": document.uri, "languageId": document.language, "version": 1, "text": text}
        self._tell("textDocument/didOpen", {"textDocument": named})
        return document

    def _shut(self, path: Path) -> None:
        document = self.open.pop(path, None)
        if document is not None:
            self.reports.forget(path)
            self._tell("textDocument/didClose", {"textDocument": {"uri": document.uri}})

    def _heard(self, method: str, params: Any) -> None:
        if not isinstance(params, dict):
            return
        if method == "textDocument/publishDiagnostics":
            versions = {path: document.version for path, document in self.open.items()}
            self.reports.push(params, versions)
        elif method == "$/progress":
            self.reports.progress(str(params.get("token")), params.get("value"))

    def _gained(self, method: str) -> None:
        self.abilities.gain(method)
        self.reports.wake()

    def _age_all(self) -> None:
        for document in self.open.values():
            document.checked = 0

    def _tell(self, method: str, params: Any) -> None:
        self._connection.notify(method, params)
