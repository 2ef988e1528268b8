"""Files are replaced whole or not at all, and only while they are still what the writer read."""

import errno
import os
import stat
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from enum import StrEnum
from pathlib import Path

from loomkin.project.edit_lock import ChangedError, exclusive
from loomkin.project.staging import Staged
from loomkin.records.dataclass import dataclass

_NO_LINKS = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)


@dataclass(frozen=True, slots=True)
class Change:
    """One file's step: `before` is None for a file that must not exist, `after` is None to delete it.

    `path` is resolved (no symlink); `mode` is given to a new file, None for the usual one.
    """

    path: Path
    before: bytes | None
    after: bytes | None
    mode: int | None = None


class FailureKind(StrEnum):
    """Why nothing was written."""

    CHANGED = "changed"
    READ_ONLY = "read_only"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Failure:
    """Nothing was written; `reason` is what the system said about `path`."""

    kind: FailureKind
    path: Path
    reason: str


def commit(changes: Sequence[Change], *, durable: bool = True) -> Failure | None:
    """Make all changes or none; None means that all are made.

    Every file is locked against other writers of this program, staged as a temporary file beside its
    target, compared with what was read, and renamed over it. What was already renamed when a later step
    fails is put back. Mode, owner and extended attributes stay; a hard-linked file is written in place.
    `durable` waits until the disk has it.
    """
    for change in changes:
        if change.before is not None and not is_writable(change.path):
            return Failure(FailureKind.READ_ONLY, change.path, "the file is read-only")
    work = _Work(durable)
    try:
        with ExitStack() as held:
            for change in sorted(changes, key=lambda change: change.path):
                work.current = change.path
                held.enter_context(exclusive(change.path, change.before is not None))
            work.stage(changes)
            work.perform()
        return None
    except ChangedError:
        kind, reason = FailureKind.CHANGED, "the file changed while it was being written"
    except OSError as error:
        kind, reason = FailureKind.SYSTEM, error.strerror or str(error)
    work.discard()
    return Failure(kind, work.current, reason)


class _Work:
    """The steps of one commit, and the folders made for it."""

    def __init__(self, durable: bool) -> None:
        self.durable = durable
        self.current = Path()
        self.steps: list[_Step] = []
        self.folders: list[Path] = []

    def stage(self, changes: Sequence[Change]) -> None:
        """Write every new content beside its target."""
        for change in changes:
            self.current = change.path
            self.folders += _make_parents(change.path)
            self.steps.append(_Step(change, _stage(change, self.durable)))

    def perform(self) -> None:
        """Put everything in place; if one step fails, take back those before it and raise."""
        try:
            for step in self.steps[1:]:
                self.current = step.change.path
                step.verify()
            for step in self.steps:
                self.current = step.change.path
                step.perform(self.durable)
        except (ChangedError, OSError):
            for step in reversed(self.steps):
                step.undo()
            raise

    def discard(self) -> None:
        """Remove temporary files and folders."""
        for step in self.steps:
            step.discard()
        for folder in reversed(self.folders):
            with suppress(OSError):
                folder.rmdir()


class _Step:
    """A change on its way: staged, then performed, undone if a later one fails."""

    def __init__(self, change: Change, staged: Staged | None) -> None:
        self.change = change
        self.staged = staged
        self.done = False
        self.mode = change.mode if change.before is None else os.stat(change.path).st_mode

    def verify(self) -> None:
        """Raise `ChangedError` unless the file is still what was read."""
        try:
            with open(self.change.path, "rb", buffering=0) as file:
                now: bytes | None = file.read()
        except FileNotFoundError:
            now = None
        if now != self.change.before:
            raise ChangedError

    def perform(self, durable: bool) -> None:
        """Put the new content in place."""
        path, after = self.change.path, self.change.after
        self.verify()
        if after is None:
            os.unlink(path)
        elif self.staged is None:
            self.done = True
            _write_in_place(path, after, durable)
        elif self.change.before is None:
            _publish(self.staged)
        else:
            self.staged.place_over()
        self.done = True
        if durable:
            _sync_folder(path.parent)

    def undo(self) -> None:
        """Put the old content back if the step was made."""
        path, before = self.change.path, self.change.before
        if not self.done:
            return
        with suppress(OSError):
            if before is None:
                os.unlink(path)
            elif path.exists():
                _write_in_place(path, before, True)
            else:
                back = _stage(Change(path, None, before, self.mode), True)
                if back is not None:
                    _publish(back)

    def discard(self) -> None:
        """Drop what was staged and not placed."""
        if self.staged is not None:
            self.staged.discard()


def is_writable(path: Path) -> bool:
    """Whether a file may be written; a missing one may."""
    try:
        mode = os.stat(path).st_mode
    except OSError:
        return True
    # the superuser may write to everything; a file without any write bit is meant to stay as it is
    return bool(mode & 0o222) and os.access(path, os.W_OK)


def _make_parents(path: Path) -> list[Path]:
    missing: list[Path] = []
    folder = path.parent
    while not folder.exists():
        missing.append(folder)
        folder = folder.parent
    missing.reverse()
    for folder in missing:
        folder.mkdir(exist_ok=True)
    return missing


def _stage(change: Change, durable: bool) -> Staged | None:
    """Write the new content for its target; None where it must be written in place or not at all."""
    if change.after is None:
        return None
    old = None if change.before is None else os.stat(change.path)
    if old is not None and old.st_nlink > 1:
        return None
    try:
        staged = Staged(change.path)
    except PermissionError:
        if old is None:
            raise
        return None
    try:
        _write_all(staged.descriptor, change.after)
        if old is not None and not _dress(staged.descriptor, change.path, old):
            staged.discard()
            return None
        if old is None and change.mode is not None:
            os.fchmod(staged.descriptor, stat.S_IMODE(change.mode))
        if durable:
            os.fsync(staged.descriptor)
    except OSError:
        staged.discard()
        raise
    return staged


def _dress(descriptor: int, path: Path, old: os.stat_result) -> bool:
    """Give the new file the old one's owner, mode and attributes; False where the owner cannot be kept."""
    new = os.fstat(descriptor)
    if (new.st_uid, new.st_gid) != (old.st_uid, old.st_gid):
        try:
            os.fchown(descriptor, old.st_uid, old.st_gid)
        except PermissionError:
            return False
    if hasattr(os, "listxattr"):
        with suppress(OSError):
            for name in os.listxattr(path):
                os.setxattr(descriptor, name, os.getxattr(path, name))
    os.fchmod(descriptor, stat.S_IMODE(old.st_mode))
    return True


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def _write_in_place(path: Path, data: bytes, durable: bool) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        _write_all(descriptor, data)
        os.ftruncate(descriptor, len(data))
        if durable:
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _publish(staged: Staged) -> None:
    """Give a new file its name, which must be free."""
    try:
        staged.place_new()
    except FileExistsError:
        raise ChangedError from None
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        # a file system without hard links; the check before is all there is
        staged.place_anyhow()


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
