"""One writer at a time for a file, across threads and processes."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_WAIT = 5.0
_POLL = 0.001


class ChangedError(Exception):
    """The file is no longer what the writer read."""


@contextmanager
def exclusive(path: Path, exists: bool) -> Iterator[None]:
    """Hold the lock of the file that is at `path` now; a new file needs none, it is created exclusively."""
    if not exists:
        yield
        return
    while True:
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            raise ChangedError from None
        try:
            _lock(descriptor)
            if _same(descriptor, path):
                yield
                return
        finally:
            os.close(descriptor)


def _lock(descriptor: int) -> None:
    """Wait for the lock, at most 5 s; without it the comparison before the rename still holds."""
    deadline = time.monotonic() + _WAIT
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() > deadline:
                return
            time.sleep(_POLL)
        except OSError:
            # some network file systems have no locks
            return


def _same(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), os.stat(path))
    except FileNotFoundError:
        raise ChangedError from None
