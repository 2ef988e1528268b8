"""What servers ask of us, all of it answered."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from loomkin.lsp.connection import UnknownMethod
from loomkin.lsp.documents import uri_of

_HEARD = ("client/unregisterCapability", "window/workDoneProgress/create", "window/showMessageRequest")


class Questions:
    """Answers a server's requests: its settings, its folder, and no to what it would do by itself."""

    def __init__(
        self,
        folder: Path,
        settings: Mapping[str, Any],
        gained: Callable[[str], None],
        refreshed: Callable[[], None],
    ) -> None:
        """`gained` hears of methods that it registers late, `refreshed` that its reports are out of date."""
        self._folder = folder
        self._settings = settings
        self._gained = gained
        self._refreshed = refreshed

    def __call__(self, method: str, params: Any) -> Any:
        """The answer; raises UnknownMethod."""
        given = params if isinstance(params, dict) else {}
        match method:
            case "workspace/configuration":
                items = given.get("items")
                return [self._section(item) for item in (items if isinstance(items, list) else ())]
            case "workspace/workspaceFolders":
                return [{"uri": uri_of(self._folder), "name": self._folder.name}]
            case "workspace/applyEdit":
                return {"applied": False, "failureReason": "loomkin changes files by its own tools only"}
            case "client/registerCapability":
                registrations = given.get("registrations")
                for one in registrations if isinstance(registrations, list) else ():
                    if isinstance(one, dict):
                        self._gained(str(one.get("method")))
            case "workspace/diagnostic/refresh":
                self._refreshed()
            case _ if method in _HEARD:
                return None
            case _:
                raise UnknownMethod(method)
        return None

    def _section(self, item: Any) -> Any:
        node: Any = self._settings
        for name in str(item.get("section") or "").split(".") if isinstance(item, dict) else ():
            if name:
                node = node.get(name) if isinstance(node, Mapping) else None
        return node
