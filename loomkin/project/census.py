"""All files of a project with their times and sizes, to find out what changed since."""

import os
import stat
from collections.abc import Iterable, Iterator
from enum import StrEnum
from pathlib import Path

from loomkin.project.listing import list_files
from loomkin.records.dataclass import dataclass

MOST_IGNORED = 10_000
"""Names of ignored files that are remembered, so that nobody asks git again at each of their changes."""
Signature = tuple[int, int, int]


class Kind(StrEnum):
    """What became of a file."""

    CREATED = "created"
    MODIFIED = "modified"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class Change:
    """A file of the project, relative to its root, and what became of it."""

    path: str
    kind: Kind


class Census:
    """The files as they were when they were last counted; blocks, and serves one thread."""

    def __init__(self, root: Path) -> None:
        self._top = str(root)
        self._root = root
        self._known: dict[str, Signature] = {}
        self._ignored: set[str] = set()

    def __len__(self) -> int:
        return len(self._known)

    def __contains__(self, path: str) -> bool:
        return path in self._known

    def listed(self) -> tuple[str, ...]:
        """The files there are now, by their names; they count with `recount`."""
        return list_files(self._root).files

    def recount(self, files: Iterable[str]) -> list[Change]:
        """Count anew, as these are all files there are; what changed since."""
        before, self._known = self._known, {}
        for path in files:
            signature = self._signature(path)
            if signature is not None:
                self._known[path] = signature
        changes = [Change(path, Kind.DELETED) for path in before if path not in self._known]
        for path, signature in self._known.items():
            old = before.get(path)
            if old != signature:
                changes.append(Change(path, Kind.CREATED if old is None else Kind.MODIFIED))
        return changes

    def look(self, paths: Iterable[str]) -> Iterator[Change]:
        """What became of some files that were counted before."""
        for path in paths:
            before, now = self._known.get(path), self._signature(path)
            if before is None or before == now:
                continue
            if now is None:
                del self._known[path]
                yield Change(path, Kind.DELETED)
            else:
                self._known[path] = now
                yield Change(path, Kind.MODIFIED)

    def unknown(self, paths: Iterable[str]) -> set[str]:
        """Those of some paths that are there, were never counted, and are not known to be ignored."""
        found = {path for path in paths if path not in self._known and path not in self._ignored}
        return {path for path in found if os.path.lexists(f"{self._top}/{path}")}

    def add(self, paths: Iterable[str]) -> Iterator[Change]:
        """Count new files."""
        for path in paths:
            signature = self._signature(path)
            if signature is not None:
                self._known[path] = signature
                yield Change(path, Kind.CREATED)

    def ignore(self, paths: Iterable[str]) -> None:
        """These are there and no files of the project."""
        if len(self._ignored) > MOST_IGNORED:
            self._ignored.clear()
        self._ignored.update(path for path in paths if path not in self._known)

    def ask_again(self) -> None:
        """What is ignored may be other files now."""
        self._ignored.clear()

    def _signature(self, path: str) -> Signature | None:
        try:
            about = os.lstat(f"{self._top}/{path}")
        except OSError:
            return None
        if stat.S_ISDIR(about.st_mode):
            return None
        return about.st_mtime_ns, about.st_size, about.st_ino
