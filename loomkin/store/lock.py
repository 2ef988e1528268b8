"""One process a session: a file lock that the system lets go when its holder dies."""

import contextlib
import fcntl
import os
from pathlib import Path

from loomkin.errors import StoreError


class SessionLock:
    """Held from creation until `release`, or until the process ends in whatever way."""

    def __init__(self, folder: Path, session: str) -> None:
        """Take the lock; raises StoreError where another process has it, naming that process."""
        self._path = folder / f"{session}.lock"
        try:
            self._file = self._take(session)
        except OSError as error:
            raise StoreError(
                f"Cannot lock the session: {self._path}: {error.strerror}.",
                hint="Make the folder writable for you, and see that the disk has room.",
            ) from error
        with contextlib.suppress(OSError):  # on a full disk the lock holds, only nobody learns whose it is
            os.ftruncate(self._file, 0)
            os.write(self._file, f"{os.getpid()}\n".encode())

    def _take(self, session: str) -> int:
        while True:
            file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                holder = os.read(file, 32).decode("ascii", "replace").strip()
                os.close(file)
                raise StoreError(
                    f"Session {session} is in use by {f'process {holder}' if holder else 'another process'}.",
                    hint="End that one first, or go on beside it with --fork-session.",
                ) from error
            # the holder before may have taken the file away between our opening and our locking it
            if self._stands(file):
                return file
            os.close(file)

    def _stands(self, file: int) -> bool:
        try:
            return os.path.samestat(os.stat(self._path), os.fstat(file))
        except FileNotFoundError:
            return False

    def release(self) -> None:
        """Let go, and take the file away."""
        self._path.unlink(missing_ok=True)
        os.close(self._file)


def holder(folder: Path, session: str) -> int | None:
    """The process that works in a session now, None where none does; takes no lock that others would meet."""
    path = folder / f"{session}.lock"
    try:
        process = int(path.read_text())
        os.kill(process, 0)
    except PermissionError:
        return process  # it is alive and another user's
    except (OSError, ValueError, OverflowError):
        return None
    return None if _is_free(path) else process


def _is_free(path: Path) -> bool:
    """Whether nobody holds the lock though its file names a living process: the number was given anew."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(file)
    return True
