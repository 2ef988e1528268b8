"""Files that changed on disk without anybody telling: found by looking at their stamps before a question."""

import asyncio
from collections.abc import Collection
from pathlib import Path
from weakref import WeakKeyDictionary

from loomkin.lsp.documents import Stamp, look, stamp_of
from loomkin.lsp.server import CHANGED, CREATED, DELETED, LanguageServer
from loomkin.lsp.table import ServerKind
from loomkin.project.listing import list_files

MOST_FILES = 20_000
"""Files above which only the open ones are looked at: each costs some microseconds before every question."""

MOST_NEW = 20
"""Files that came and are opened: servers may take their time to notice them, but know open ones."""


class Outside:
    """Remembers for each server how the files of its languages looked when it was last told."""

    def __init__(self) -> None:
        self._known: WeakKeyDictionary[LanguageServer, dict[Path, Stamp]] = WeakKeyDictionary()

    async def bring(self, server: LanguageServer, but: Collection[Path] = ()) -> bool:
        """Tell a server what came, changed or went, but for some; whether anything did."""
        changes = await self._changes(server, but)
        server.files_changed(changes)
        came = [path for path, kind in changes if kind == CREATED and path not in server.open][:MOST_NEW]
        for path, now in zip(came, await asyncio.to_thread(lambda: [*map(look, came)]), strict=True):
            server.show(path, now)
        return await server.refresh(but) or bool(changes)

    async def _changes(self, server: LanguageServer, but: Collection[Path]) -> list[tuple[Path, int]]:
        """What differs from the last look; nothing at the first."""
        now = await asyncio.to_thread(_stamps, server.folder, server.kind)
        before = self._known.get(server)
        self._known[server] = now
        if before is None:
            return []
        found = [
            (path, CHANGED if path in before else CREATED) for path in now if now[path] != before.get(path)
        ]
        found += [(path, DELETED) for path in before if path not in now]
        return [(path, kind) for path, kind in found if path not in but]


def _stamps(folder: Path, kind: ServerKind) -> dict[Path, Stamp]:
    ends = (*kind.extensions, *kind.roots)
    names = [name for name in list_files(folder).files if name.endswith(ends)]
    if len(names) > MOST_FILES:
        return {}
    paths = (folder / name for name in names)
    return {path: stamp for path in paths if (stamp := stamp_of(path)) is not None}
