"""One process a session: a file lock that the system lets go when its holder dies."""

import fcntl
import os
from pathlib import Path

from loomkin.errors import StoreError


class SessionLock:
    """Held from creation until `release`, or until the process ends in whatever way."""

    def __init__(self, folder: Path, session: str) -> None:
        """Take the lock; raises StoreError where another process has it, naming that process."""
        self._path = folder / f"{session}.lock"
        self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.read(self._file, 32).decode("ascii", "replace").strip() or "another process"
            os.close(self._file)
            raise StoreError(
                f"Session {session} is in use by process {holder}.",
                hint="End that one first, or go on beside it with --fork-session.",
            ) from error
        os.ftruncate(self._file, 0)
        os.write(self._file, f"{os.getpid()}\n".encode())

    def release(self) -> None:
        """Let go, and take the file away."""
        self._path.unlink(missing_ok=True)
        os.close(self._file)
