"""A new content on its way to a name: written whole before it has one, so that a crash leaves no litter."""

import os
from contextlib import suppress
from pathlib import Path

_NEW_FILE_MODE = 0o666
_NAMELESS = getattr(os, "O_TMPFILE", 0)


class Staged:
    """A file that has no name yet where the system can do that (Linux), else a hidden temporary one.

    `descriptor` takes the content. Raises PermissionError where the folder takes no new file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._name = ""
        self.descriptor = self._nameless()
        if self.descriptor < 0:
            self._name = self._temporary()
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
            self.descriptor = os.open(self._name, flags, _NEW_FILE_MODE)

    def place_over(self) -> None:
        """Take the place of the file at the path, in one step."""
        if not self._name:
            name = self._temporary()
            self._link(name)
            self._name = name
        os.replace(self._name, self._path)
        self._name = ""
        self.close()

    def place_new(self) -> None:
        """Take the path's name, which must be free: raises FileExistsError where it is not, else OSError."""
        if not self._name:
            self._link(str(self._path))
        else:
            os.link(self._name, self._path)
            os.unlink(self._name)
            self._name = ""
        self.close()

    def place_anyhow(self) -> None:
        """Take the path's name on a file system without hard links."""
        os.rename(self._name, self._path)
        self._name = ""
        self.close()

    def discard(self) -> None:
        """Drop the content; nothing happens once it was placed."""
        if self._name:
            with suppress(OSError):
                os.unlink(self._name)
            self._name = ""
        self.close()

    def close(self) -> None:
        """Let go of the descriptor."""
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1

    def _nameless(self) -> int:
        if not _NAMELESS or not os.path.isdir("/proc/self/fd"):
            return -1
        try:
            return os.open(self._path.parent, _NAMELESS | os.O_WRONLY | os.O_CLOEXEC, _NEW_FILE_MODE)
        except PermissionError:
            raise
        except OSError:
            return -1

    def _link(self, name: str) -> None:
        # the descriptor, unused with an absolute path, makes Python call linkat, which alone follows links
        source = f"/proc/self/fd/{self.descriptor}"
        os.link(source, name, src_dir_fd=self.descriptor, follow_symlinks=True)

    def _temporary(self) -> str:
        return os.path.join(self._path.parent, f".{self._path.name[:100]}.{os.urandom(6).hex()}.tmp")
