"""What loomkin and a server tell each other of themselves at the beginning."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from loomkin import __version__
from loomkin.lsp.documents import uri_of
from loomkin.lsp.positions import ENCODINGS

_STATIC = {"dynamicRegistration": False}
_CAPABILITIES = {
    "general": {"positionEncodings": list(ENCODINGS)},
    "textDocument": {
        "synchronization": {"dynamicRegistration": False, "didSave": True},
        "publishDiagnostics": {"versionSupport": True, "relatedInformation": False},
        "diagnostic": {"dynamicRegistration": True, "relatedDocumentSupport": True},
        "definition": {"dynamicRegistration": False, "linkSupport": True},
        "references": _STATIC,
        "hover": {"dynamicRegistration": False, "contentFormat": ["markdown", "plaintext"]},
        "rename": {"dynamicRegistration": False, "prepareSupport": True},
        "documentSymbol": {"dynamicRegistration": False, "hierarchicalDocumentSymbolSupport": True},
    },
    "workspace": {
        "applyEdit": False,
        "workspaceFolders": True,
        "configuration": True,
        "didChangeWatchedFiles": {"dynamicRegistration": True},
        "symbol": _STATIC,
        "workspaceEdit": {"documentChanges": True, "resourceOperations": [], "failureHandling": "abort"},
        "diagnostics": {"refreshSupport": True},
    },
    "window": {"workDoneProgress": True},
}  # fmt: skip


def introduction(folder: Path, options: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of `initialize`; a server ends itself when our process is gone."""
    uri = uri_of(folder)
    return {
        "processId": os.getpid(),
        "clientInfo": {"name": "loomkin", "version": __version__},
        "rootUri": uri,
        "rootPath": str(folder),
        "workspaceFolders": [{"uri": uri, "name": folder.name}],
        "capabilities": _CAPABILITIES,
        "initializationOptions": dict(options),
    }


class Abilities:
    """What a server said that it can do."""

    def __init__(self, told: Any) -> None:
        known = told.get("capabilities") if isinstance(told, dict) else None
        self._known: dict[str, Any] = known if isinstance(known, dict) else {}
        info = told.get("serverInfo") if isinstance(told, dict) else None
        self.version = str(info.get("version", "")) if isinstance(info, dict) else ""
        encoding = self._known.get("positionEncoding")
        self.encoding = encoding if encoding in ENCODINGS else "utf-16"
        self.pulls = bool(self._known.get("diagnosticProvider"))

    def can(self, provider: str) -> bool:
        """Whether it offers something, e.g. `definitionProvider`."""
        return self._known.get(provider) not in (None, False)

    @property
    def prepares_rename(self) -> bool:
        """Whether it can say beforehand if something can be renamed."""
        rename = self._known.get("renameProvider")
        return isinstance(rename, dict) and bool(rename.get("prepareProvider"))

    @property
    def hears_changes(self) -> bool:
        """Whether it wants to know of changes of open files."""
        sync = self._known.get("textDocumentSync")
        return bool(sync.get("change")) if isinstance(sync, dict) else bool(sync)

    @property
    def hears_saves(self) -> bool:
        """Whether it wants to know when a file was written."""
        sync = self._known.get("textDocumentSync")
        return isinstance(sync, dict) and bool(sync.get("save"))

    def gain(self, method: str) -> None:
        """It can do more than it said at first."""
        self.pulls = self.pulls or method == "textDocument/diagnostic"
