"""Watches the files of a project on a thread of its own and tells what changed, in batches."""

import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from loomkin.project.census import Census, Change
from loomkin.project.folders import folders, offered
from loomkin.project.git_moment import GitMoment, moment
from loomkin.project.root import find_root
from loomkin.project.watch_pending import QUIET, Hints, Pending
from loomkin.project.watch_sources import GIT, NoSource, Source, open_source
from loomkin.records.dataclass import dataclass

GRACE = 3.0
GIT_LONGEST = 10.0
"""Seconds for which changes wait while git holds its lock: they are its own most likely."""
ROUNDS = 5
"""How often folders that appear while others are listed are followed before the rest waits."""
MOST_ASKED = 200
"""New names that git is asked about one by one; with more of them everything is listed anew."""
MOST_FILES = 250_000
"""Files of the largest project that is watched: what is kept of each takes about 300 bytes."""
POLL_LEAST = 2.0
POLL_SHARE = 20
"""A look at everything may take one part in so many of the time where there are no events."""
SAFETY = 60.0
"""Seconds after which everything is looked at where events may be lost unseen."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What changed together, with git's state around it; `locked` says that git was still at work."""

    changes: tuple[Change, ...]
    before: GitMoment
    after: GitMoment
    locked: bool = False

    @property
    def by_git(self) -> bool:
        """Whether git did something meanwhile."""
        return self.before != self.after or self.locked


class Watcher:
    """Looks after one work tree; `told` is called on its own thread, `warned` once where it must poll."""

    def __init__(
        self,
        root: Path,
        told: Callable[[Batch], None],
        warned: Callable[[str], None],
        opens: Callable[..., Source] = open_source,
        pending: Pending | None = None,
        poll: float = POLL_LEAST,
    ) -> None:
        self._place = find_root(root)
        self._root = Path(os.path.realpath(root))
        self._told = told
        self._warned = warned
        self._opens = opens
        self._poll = poll
        self.pending = pending or Pending()
        self._census = Census(self._root)
        self._source: Source = NoSource()
        self._git = GitMoment()
        self._in_git = self._place.git_dir is not None and not self._place.bare
        self._cost = 0.0
        self.ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watcher", daemon=True)

    def start(self) -> None:
        """Begin; returns at once, `ready` is set when the first look is over."""
        self._thread.start()

    def stop(self) -> None:
        """End, within a bound."""
        self.pending.close()
        if self._thread.ident is not None:
            self._thread.join(GRACE)

    @property
    def files(self) -> int:
        """How many files are watched."""
        return len(self._census)

    @property
    def polls(self) -> bool:
        """Whether there are no events and everything is looked at from time to time."""
        return isinstance(self._source, NoSource)

    def _run(self) -> None:
        try:
            self._open()
            self._count()
            self._git = moment(self._place)
            self.ready.set()
            while not self.pending.is_closed():
                hints = self.pending.take(self._wait())
                if self.pending.is_closed():
                    return
                if not self._root.is_dir():
                    self._warned("The watched folder is gone: changes are noticed no more.")
                    self.pending.close()
                    return
                batch = self._settle(*self._calm(hints or Hints(frozenset(), True)))
                if batch.changes or batch.before != batch.after:
                    self._told(batch)
        finally:
            if not self.pending.is_closed():
                self._warned("What watches the files ended by a defect: changes are noticed no more.")
            self.ready.set()
            with suppress(OSError):
                self._source.close()

    def _open(self) -> None:
        place = self._place
        git = [place.git_dir] if self._in_git and place.git_dir is not None else []
        if place.common_dir is not None and git:
            git.append(place.common_dir / "info")
        try:
            self._source = self._opens(self._root, git, self.pending)
        except (OSError, ImportError) as error:
            self._give_up(error)

    def _give_up(self, error: Exception) -> None:
        """There are no events to be had: look at everything from time to time instead."""
        with suppress(OSError):
            self._source.close()
        self._source = NoSource()
        why = error.strerror or str(error) if isinstance(error, OSError) else str(error)
        self._warned(
            f"Files are watched by looking at them every few seconds, as the system gives no events ({why})."
            + (f" {_LIMIT}" if isinstance(error, OSError) and error.errno in (24, 28) else "")
        )

    def _count(self) -> list[Change]:
        """Look at everything; folders that are new are followed before their files are counted."""
        begun = time.monotonic()
        for _ in range(ROUNDS):
            files = self._census.listed()
            if len(files) > MOST_FILES:
                self._warned(f"Nothing is watched: there are more than {MOST_FILES:,} files.")
                self.pending.close()
                return []
            try:
                if not self._source.follow(folders(self._root, files)):
                    break
            except OSError as error:
                self._give_up(error)
                break
        changes = self._census.recount(files)
        self._cost = time.monotonic() - begun
        return changes

    def _wait(self) -> float | None:
        """Seconds after which everything is looked at without a hint."""
        if self._source.sees_all:
            return None
        return max(self._poll, POLL_SHARE * self._cost) if self.polls else SAFETY

    def _settle(self, hints: Hints, locked: bool) -> Batch:
        git = {path.removeprefix(GIT) for path in hints.paths if path.startswith(GIT)}
        paths = {path for path in hints.paths if not path.startswith(GIT)}
        now = moment(self._place)
        if git & {"exclude"} or any(path.endswith(".gitignore") for path in paths):
            self._census.ask_again()
        known = {path for path in paths if path in self._census}
        unknown = self._census.unknown(path for path in paths - known if not path.endswith("/"))
        anew = hints.all or bool(git) or any(path.endswith(("/", ".gitignore")) or not path for path in paths)
        new = offered(self._root, sorted(unknown)) if unknown and not anew and self._in_git else set()
        if anew or new is None or (unknown and not self._in_git) or len(unknown) > MOST_ASKED:
            changes = self._count()
        else:
            changes = [*self._census.look(known), *self._census.add(new)]
        self._census.ignore(unknown)
        before, self._git = self._git, now
        return Batch(tuple(changes), before, now, locked)

    def _calm(self, hints: Hints) -> tuple[Hints, bool]:
        """The hints with those that come until git has done its work, and whether it goes on even so.

        It holds the lock of its index while it writes files, and says what it did after that.
        """
        if self._place.git_dir is None:
            return hints, False
        lock, until = self._place.git_dir / "index.lock", time.monotonic() + GIT_LONGEST
        while _is_new(lock):
            if time.monotonic() > until or self.pending.is_closed():
                return hints, True
            more = self.pending.take(QUIET)
            if more is not None:
                hints = Hints(hints.paths | more.paths, hints.all or more.all)
        return hints, False


def _is_new(lock: Path) -> bool:
    """Whether a lock is there that is in use; a git that was killed leaves one behind for good."""
    try:
        return time.time() - lock.stat().st_mtime < GIT_LONGEST
    except OSError:
        return False


_LIMIT = "More at a time: sysctl fs.inotify.max_user_watches and max_user_instances."
