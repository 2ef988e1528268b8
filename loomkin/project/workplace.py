"""The folders that agents work in, and how paths in them are read and shown."""

import errno
import os
from contextlib import suppress
from pathlib import Path

from loomkin.errors import NotFoundError
from loomkin.project.listing import shown_path
from loomkin.project.meant_path import meant_path
from loomkin.project.root import inside
from loomkin.project.text import sha_of
from loomkin.records.dataclass import dataclass
from loomkin.records.keeper import FileSeen

LARGEST = 10_000_000
"""Bytes of a file that is still looked into."""

SHOWN = 80
"""Characters of an impossible path that are repeated."""


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
        """The file or folder that a path means for somebody in `cwd`; symlinks stay as they are.

        Raises NotFoundError where nothing can have such a name.
        """
        full = meant_path(cwd, path.strip() or ".", self.root)
        why = _unusable(full)
        if why:
            begin = "".join(one if one.isprintable() else ascii(one)[1:-1] for one in path.strip()[:SHOWN])
            more = "…" if len(path) > SHOWN else ""
            raise NotFoundError(f"Nothing can be called {begin}{more}: {why}.", hint="Check the path.")
        return full

    def no_folder(self, path: Path) -> str:
        """What is said where a folder is wanted and the path is none."""
        shown = self.shown(path)
        if path.exists():
            return f"{shown} is not a folder. Read it with file_read, or name its folder."
        return f"There is no folder {shown}. Look with directory_list."

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


def _unusable(path: Path) -> str:
    """Why no file can have this path, or nothing."""
    try:
        os.lstat(path)
    except UnicodeEncodeError:
        return "it has half a character"
    except ValueError:
        return "it has a NUL character"
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            return f"it is too long ({len(path.name)} characters in its last name, {len(str(path))} in all)"
    return ""
