"""Where hints of changes come from: the kernel's own events, or nothing but asking again and again.

On Linux watchdog's reader of inotify is used with one watch a folder, as its observer would watch whatever
git ignores, too, and keeps an overflow of the queue to itself.
"""

import os
from collections.abc import Iterable
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Protocol

from loomkin.project.watch_pending import Pending

if TYPE_CHECKING:
    from watchdog.observers.inotify_c import InotifyEvent, InotifyFD

GRACE = 2.0
GIT_NAMES = frozenset(
    ("HEAD", "index", "ORIG_HEAD", "MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "BISECT_LOG", "exclude")
)
"""Files of git's own folder that say that it did something."""


class Source(Protocol):
    """Watches folders and gives hints."""

    sees_all: bool

    def follow(self, folders: Iterable[str]) -> bool:
        """Watch these folders from now on and no others; whether one of them is new. Raises OSError."""
        ...

    def close(self) -> None:
        """Watch nothing any more."""
        ...


class InotifySource:
    """One watch a folder, read by one thread; what it is told of is passed on as hints."""

    sees_all = True

    def __init__(self, root: Path, git: Iterable[Path], pending: Pending) -> None:
        from watchdog.observers import inotify_c  # heavy: late on purpose

        _hush()
        flags: Any = inotify_c.InotifyConstants
        nothing: Any = 0
        _know(inotify_c.InotifyEvent(nothing, flags.IN_MOVE, 0, b""), inotify_c.InotifyFD)
        self._mask = (
            flags.IN_CLOSE_WRITE | flags.IN_MOVE | flags.IN_CREATE | flags.IN_DELETE | flags.IN_ATTRIB
            | flags.IN_ONLYDIR | flags.IN_DONT_FOLLOW | flags.IN_EXCL_UNLINK
        )  # fmt: skip
        self._top = os.fsencode(root)
        self._git = frozenset(os.fsencode(path) for path in git)
        self._pending = pending
        self._lock = Lock()
        self._folders: dict[bytes, Any] = {}
        self._names: dict[int, bytes] = {}
        self._moved: set[bytes] = set()
        self._reader: Any = inotify_c.InotifyFD()
        self._reader.start()

    def follow(self, folders: Iterable[str]) -> bool:
        wanted = {os.path.join(self._top, os.fsencode(name)).rstrip(b"/") for name in folders} | self._git
        with self._lock:
            moved, self._moved = self._moved, set()
        # a folder that was moved keeps its watch: the one under its old name goes first
        gone = [path for path in self._folders if path not in wanted or _lies_in(path, moved)]
        if gone:
            self._reader.remove_callbacks([(self._folders[path], path) for path in gone])
            with self._lock:
                for path in gone:
                    self._names.pop(self._folders.pop(path), None)
        new = False
        for path in wanted - self._folders.keys():
            try:
                watch = self._reader.add_callback(path, self._mask, self, path)
            except (FileNotFoundError, NotADirectoryError, PermissionError):
                continue
            if watch < 0:  # nobody may read it, and the library says no more than that
                self._reader.remove_callbacks([(watch, path)])
                continue
            new = True
            with self._lock:
                self._folders[path], self._names[watch] = watch, path
        return new

    def close(self) -> None:
        self._reader.stop()
        self._reader.join(GRACE)

    def on_event(self, event: "InotifyEvent") -> None:
        """An event of a folder."""
        with self._lock:
            folder = self._names.get(event.wd)
        if folder is None:
            return
        name = os.fsdecode(event.name)
        if folder in self._git:
            if name in GIT_NAMES:
                self._pending.hint(f"{GIT}{name}")
            return
        if event.is_directory and event.is_attrib:
            return
        if event.is_directory and (event.is_moved_from or event.is_moved_to):
            with self._lock:
                self._moved.add(os.path.join(folder, event.name))
        inner = os.fsdecode(folder[len(self._top) + 1 :])
        path = f"{inner}/{name}" if inner and name else inner or name
        self._pending.hint(f"{path}/" if event.is_directory else path)

    def on_watch_deleted(self, wd: int) -> None:
        """A folder is gone, and its watch with it."""
        with self._lock:
            path = self._names.pop(wd, None)
            if path is not None:
                self._folders.pop(path, None)
        if path == self._top:
            self._pending.hint("")

    def on_queue_overflow(self) -> None:
        """The kernel has thrown events away, those of folders that were moved perhaps."""
        with self._lock:
            self._moved.add(self._top)
        self._pending.everything()


class ObserverSource:
    """What watchdog offers on other systems: one stream of events for the whole tree."""

    sees_all = False

    def __init__(self, root: Path, git: Iterable[Path], pending: Pending) -> None:
        from watchdog.observers import Observer  # heavy: late on purpose

        _hush()
        self._top = str(root)
        self._git = tuple(str(path) for path in git)
        self._pending = pending
        self._observer: Any = Observer()
        handler: Any = self
        self._observer.schedule(handler, self._top, recursive=True)
        for path in self._git:
            if not path.startswith(f"{self._top}/"):
                self._observer.schedule(handler, path, recursive=False)
        self._observer.start()

    def follow(self, folders: Iterable[str]) -> bool:
        return False

    def close(self) -> None:
        self._observer.stop()
        self._observer.join(GRACE)

    def dispatch(self, event: Any) -> None:
        """An event of watchdog."""
        if event.event_type in ("opened", "closed_no_write"):
            return
        for path in {str(event.src_path), str(event.dest_path or event.src_path)}:
            folder, _, name = path.rpartition("/")
            if folder in self._git:
                if name in GIT_NAMES:
                    self._pending.hint(f"{GIT}{name}")
            elif path.startswith(f"{self._top}/") and f"{self._top}/.git/" not in path:
                inner = path[len(self._top) + 1 :]
                self._pending.hint(f"{inner}/" if event.is_directory else inner)


class NoSource:
    """No events at all: whoever waits looks at everything from time to time."""

    sees_all = False

    def follow(self, folders: Iterable[str]) -> bool:
        return False

    def close(self) -> None:
        """Nothing is open."""


GIT = "\0git/"
"""How hints about git's own files begin."""


def open_source(root: Path, git: Iterable[Path], pending: Pending) -> Source:
    """The best source that this system has; raises OSError or ImportError where it has none at the moment."""
    kind = InotifySource if os.uname().sysname == "Linux" else ObserverSource
    try:
        return kind(root, git, pending)
    except (AttributeError, TypeError) as error:
        raise ImportError(f"watchdog is not as it was: {error}") from error


def _lies_in(path: bytes, folders: set[bytes]) -> bool:
    """Whether a folder is one of some others or lies in one."""
    return any(path == one or path.startswith(one + b"/") for one in folders)


def _know(event: "InotifyEvent", reader: "type[InotifyFD]") -> None:
    """Ask the library for all that is used of it later, where nobody could answer for a lack of it."""
    _ = event.wd, event.name, event.is_directory, event.is_attrib, event.is_moved_from, event.is_moved_to
    _ = reader.add_callback, reader.remove_callbacks, reader.start, reader.stop, reader.join


def _hush() -> None:
    """Keep the library from writing on the person's terminal; what it has to say comes as hints."""
    import logging  # heavy: late on purpose

    logging.getLogger("watchdog").addHandler(logging.NullHandler())
    logging.getLogger("watchdog").propagate = False
