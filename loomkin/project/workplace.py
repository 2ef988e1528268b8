"""The folders that agents work in, and how paths in them are read and shown."""

import os
from contextlib import suppress
from pathlib import Path

from loomkin.project.listing import shown_path
from loomkin.project.meant_path import meant_path
from loomkin.project.root import inside
from loomkin.project.text import sha_of
from loomkin.records.dataclass import dataclass
from loomkin.records.keeper import FileSeen

LARGEST = 10_000_000
"""Bytes of a file that is still looked into."""


@dataclass(frozen=True, slots=True)
class Workplace:
    """The repository, further folders that were allowed, and where loomkin keeps its own things."""

    root: Path
    extra: tuple[Path, ...]
    outputs: Path

    @property
    def roots(self) -> tuple[Path, ...]:
        """All folders in which work is done."""
        return (self.root, *self.extra)

    def resolve(self, cwd: Path, path: str) -> Path:
        """The file or folder that a path means for somebody in `cwd`; symlinks stay as they are."""
        return meant_path(cwd, path.strip() or ".", self.root)

    def seen(self, cwd: Path, name: str) -> FileSeen:
        """A file as it is now; without a hash where it cannot be read or lies outside."""
        path = self.resolve(cwd, name)
        sha = ""
        with suppress(OSError, ValueError):
            if inside(path, self.roots) and path.is_file() and path.stat().st_size <= LARGEST:
                sha = sha_of(path.read_bytes())
        return FileSeen(self.shown(path), sha)

    def shown(self, path: Path) -> str:
        """The path as people and models should see it: relative to the root where it lies inside."""
        for one, root in (
            (path, self.root),
            (Path(os.path.realpath(path)), Path(os.path.realpath(self.root))),
        ):
            if one.is_relative_to(root):
                return shown_path(str(one.relative_to(root)))
        return shown_path(str(path))
