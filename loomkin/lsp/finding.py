"""Which server does what for a file, where its program is, and which folder it works in."""

import json
import math
import os
import shutil
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from loomkin.config.settings import LspSettings, ServerSettings
from loomkin.lsp.table import KINDS, ServerKind
from loomkin.project.root import inside
from loomkin.records.dataclass import dataclass, replace

AGAIN_SECONDS = 10.0
_OWN = (".venv/bin", "venv/bin", "node_modules/.bin", "vendor/bin")


@dataclass(frozen=True, slots=True)
class Found:
    """A server that is installed: `command` begins with the program's whole path."""

    kind: ServerKind
    command: tuple[str, ...]


class Finder:
    """Finds servers in the project's `own` folders, where these are trusted, and on PATH."""

    def __init__(
        self, settings: LspSettings, root: Path, environ: Mapping[str, str], *, own: bool = True
    ) -> None:
        self._root = root
        self._own = _OWN if own else ()
        self._path = environ.get("PATH", os.defpath)
        self._settings = settings
        self.kinds = tuple(_kinds(settings.servers))
        self._found: dict[str, Found | None] = {}
        self._missed: dict[str, float] = {}

    @property
    def suffixes(self) -> frozenset[str]:
        """The file types for which there may be a server."""
        return frozenset(suffix for kind in self.kinds for suffix in kind.extensions)

    def kinds_for(self, path: Path) -> tuple[ServerKind, ...]:
        """Every server that knows this type of file, installed or not."""
        return tuple(kind for kind in self.kinds if path.suffix.lower() in kind.extensions)

    def installed(self, path: Path) -> tuple[Found, ...]:
        """The servers that are there for a file, one for each duty; asks the disk, the first time."""
        chosen: dict[str, Found] = {}
        for kind in self.kinds_for(path):
            if kind.work not in chosen and (found := self.find(kind)) is not None:
                chosen[kind.work] = found
        return tuple(chosen.values())

    def find(self, kind: ServerKind) -> Found | None:
        """Where a server is; what is not there is looked for again after a while."""
        known, now = self._found.get(kind.name), time.monotonic()
        if known is None and now - self._missed.get(kind.name, -math.inf) > AGAIN_SECONDS:
            known = next((found for words in kind.commands if (found := self._look(kind, words))), None)
            self._found[kind.name] = known
            self._missed[kind.name] = now
        return known

    def _look(self, kind: ServerKind, words: tuple[str, ...]) -> Found | None:
        if os.sep in words[0]:
            program = os.path.join(self._root, os.path.expanduser(words[0]))
            return Found(kind, (program, *words[1:])) if os.access(program, os.X_OK) else None
        own = os.pathsep.join(str(self._root / folder) for folder in self._own)
        program = (own and shutil.which(words[0], path=own)) or shutil.which(words[0], path=self._path) or ""
        if not program or (not self._own and inside(program, (self._root,))):
            return None  # a PATH may lead into the folder
        return Found(kind, (os.path.abspath(program), *words[1:]))

    def folder(self, kind: ServerKind, path: Path) -> Path:
        """The outermost folder around a file with a mark of the kind, else the project's."""
        if not path.is_relative_to(self._root):
            return path.parent
        around = [folder for folder in reversed(path.parents) if folder.is_relative_to(self._root)]
        marked = (folder for folder in around if any((folder / mark).exists() for mark in kind.roots))
        return next(marked, self._root)

    def told(self, kind: ServerKind) -> tuple[dict[str, Any], dict[str, Any]]:
        """What a server is told at its beginning, and when it asks for its settings."""
        settings = dict(kind.settings)
        places = (self._root / name / "bin/python" for name in (".venv", "venv"))
        python = next((place for place in places if os.access(place, os.X_OK)), None)
        if kind.work == "python types" and python is not None:
            settings = _merged(settings, {"python": {"pythonPath": str(python)}})
        changed = self._settings.servers.get(kind.name)
        own = _unfolded(changed.options) if changed is not None else {}
        return _merged(kind.options, own), _merged(settings, own)


def _kinds(servers: Mapping[str, ServerSettings]) -> Iterator[ServerKind]:
    """The person's own kinds, then those of the table as the person changed them."""
    known = {kind.name: kind for kind in KINDS}
    for name, own in servers.items():
        if name not in known and own.command and own.extensions and own.enabled:
            yield ServerKind(name, _dotted(own.extensions), (own.command,))
    for kind in KINDS:
        changed = servers.get(kind.name)
        if changed is None:
            yield kind
        elif changed.enabled:
            commands = (changed.command,) if changed.command else kind.commands
            yield replace(kind, commands=commands, extensions=_dotted(changed.extensions) or kind.extensions)


def _dotted(extensions: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f".{one.lstrip('.').lower()}" for one in extensions)


def _unfolded(options: Mapping[str, str]) -> dict[str, Any]:
    """`{"python.analysis.typeCheckingMode": "strict"}` as tables in tables; values are JSON or words."""
    tree: dict[str, Any] = {}
    for name, words in options.items():
        node = tree
        *parents, last = name.split(".")
        for parent in parents:
            below = node.setdefault(parent, {})
            node = below if isinstance(below, dict) else node
        try:
            node[last] = json.loads(words)
        except ValueError:
            node[last] = words
    return tree


def _merged(base: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    tree = dict(base)
    for name, value in more.items():
        before = tree.get(name)
        tree[name] = (
            _merged(before, value) if isinstance(before, Mapping) and isinstance(value, Mapping) else value
        )
    return tree
