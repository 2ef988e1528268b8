"""What a living session makes of changes of files: whose they are, who is told, and what they order."""

import asyncio
import os
import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path

from loomkin.config.settings import WatchSettings
from loomkin.project.ai_comments import AiComment, Wish, ai_comments
from loomkin.project.ai_order import headline, order
from loomkin.project.census import Change, Kind
from loomkin.project.look import look
from loomkin.project.root import find_root
from loomkin.project.sight import Sight
from loomkin.project.watch import Batch, Watcher
from loomkin.records.dataclass import dataclass, replace
from loomkin.records.event import NoticeGiven
from loomkin.runtime.recorder import Scribe
from loomkin.workspace.comment_watch import CommentWatch, standing
from loomkin.workspace.house import House

MOST_BATCHES = 16
MOST_ORDERS = 50
MOST_NAMES = 4
WRITE_SECONDS = 5.0
TOO_WIDE = "No files are watched here: this is no repository, and your home folder lies in it."


@dataclass(frozen=True, slots=True)
class Order:
    """What the person ordered in comments of files; `headline` is one line of it."""

    text: str
    headline: str


class Watching:
    """Looks after the files of a session's repository while it lives.

    With `comments` the AI comments that the person saves become orders, which `next` gives out.
    """

    def __init__(
        self, house: House, scribe: Scribe, sight: Sight, renew: Callable[[], None], settings: WatchSettings
    ) -> None:
        self._root = house.workplace.root
        self._redact = house.redactor.redact
        self._scribe = scribe
        self._sight = sight
        self._renew = renew
        self.comments = settings.comments
        self._wanted = asyncio.Event()
        if settings.enabled or settings.comments:
            self._wanted.set()
        self.watcher: Watcher | None = None
        self._batches: deque[Batch] = deque()
        self._orders: deque[list[AiComment]] = deque()
        self._stirred = asyncio.Event()
        self._ordered = asyncio.Event()
        self._awaited = False
        self._begun = asyncio.Event()
        self._seen = CommentWatch(self._root)

    async def run(self) -> None:
        """Watch until cancelled; where the settings say no, once orders in comments are asked for."""
        await self._wanted.wait()
        if too_wide(self._root):
            if self.comments:
                self._say(TOO_WIDE, "warning")
            self._begun.set()
            await asyncio.Event().wait()
        loop = asyncio.get_running_loop()

        def told(batch: Batch) -> None:
            loop.call_soon_threadsafe(self._take, batch)

        def warned(text: str) -> None:
            loop.call_soon_threadsafe(self._scribe.record, NoticeGiven(text, "warning"))

        self.watcher = watcher = Watcher(self._root, told, warned)
        watcher.start()
        self._begun.set()
        try:
            while True:
                await self._stirred.wait()
                self._stirred.clear()
                while self._batches:
                    await self._look_into(self._batches.popleft())
        finally:
            self._begun.clear()
            self.watcher = None
            await asyncio.to_thread(watcher.stop)

    async def ready(self) -> None:
        """Return when changes from now on are noticed."""
        await self._begun.wait()
        if self.watcher is not None:
            await asyncio.to_thread(self.watcher.ready.wait)

    @property
    def polls(self) -> bool:
        """Whether files are looked at from time to time, as there are no events."""
        return self.watcher is not None and self.watcher.polls

    @property
    def files(self) -> int:
        """How many files are watched."""
        return self.watcher.files if self.watcher is not None else 0

    @property
    def wanted(self) -> bool:
        """Whether files are watched, or will be in a moment."""
        return self._wanted.is_set()

    def heed(self, on: bool) -> None:
        """Take AI comments for orders from now on, or no more; those saved until now are none."""
        self.comments = on
        if on:
            self._wanted.set()

    async def next(self) -> Order:
        """The next order, as soon as there is one; what the person took back meanwhile is none."""
        while True:
            while not self._orders:
                self._ordered.clear()
                self._awaited = True
                await self._ordered.wait()
                self._awaited = False
            given = self._orders.popleft()
            order = await asyncio.to_thread(self._worded, given)
            if order is not None:
                return order
            self._say(f"{headline(given)}: the comment is gone, and the order with it.")

    def _take(self, batch: Batch) -> None:
        if len(self._batches) >= MOST_BATCHES:
            last = self._batches.pop()
            kinds = {one.path: one for one in (*last.changes, *batch.changes)}
            batch = replace(batch, changes=tuple(kinds.values()), before=last.before)
        self._batches.append(batch)
        self._stirred.set()

    async def _look_into(self, batch: Batch) -> None:
        heeded = self.comments
        if batch.by_git and batch.after.head not in ("", batch.before.head):
            self._say(f"git went from {batch.before.place} to {batch.after.place}: {_count(batch.changes)}.")
        await asyncio.to_thread(self._renew)
        theirs, maybe = await asyncio.to_thread(self._sort, batch)
        if theirs and not batch.by_git:
            self._mention(theirs)
        files = await asyncio.to_thread(self._seen.read, maybe)
        if not heeded:
            await asyncio.to_thread(self._seen.pass_over, files)
            return
        gone = [one.path for one in batch.changes if one.kind is Kind.DELETED]
        found = await self._seen.new(files, gone, {one.path for one in theirs})
        if found.held:
            who = "git" if batch.by_git else "an agent's command"
            text = f"{headline(found.held)}: {who} was at work when this was saved, so it may not be yours."
            self._say(f"{text} Save the file again to order it.", "warning")
        if found.known:
            text = f"{headline(found.known)}: git has exactly this text of the file, so it may not be yours."
            self._say(f"{text} Change a word and save the file again to order it.", "warning")
        if found.orders:
            self._give(found.orders)

    def _sort(self, batch: Batch) -> tuple[list[Change], list[Change]]:
        """The changes that are the person's, and those that no tool of an agent made."""
        self._sight.settle([self._root / one.path for one in batch.changes], WRITE_SECONDS)
        seen = set(self._sight.files())
        look(self._sight, [path for one in batch.changes if (path := self._root / one.path) in seen])
        maybe = [one for one in batch.changes if not self._made_here(one.path)]
        return ([] if batch.by_git else [one for one in maybe if not self._by_command(one.path)]), maybe

    def _by_command(self, path: str) -> bool:
        """Whether the file was last touched while a command of an agent ran."""
        try:
            touched = os.lstat(self._root / path).st_ctime
        except OSError:
            touched = time.time()
        return bool(self._sight.at_work.at(touched))

    def _made_here(self, path: str) -> bool:
        newest = self._sight.newest(self._root / path)
        return newest is not None and self._sight.made_here(self._root / path, newest)

    def _mention(self, theirs: Sequence[Change]) -> None:
        """Tell the person that agents know a file that they changed, in a line."""
        readers: dict[str, None] = {}
        names = []
        for one in theirs:
            found = self._sight.readers(self._root / one.path)
            if found:
                names.append(one.path)
                readers.update(dict.fromkeys(found))
        if names:
            more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
            who, shown = ", ".join(readers), ", ".join(names[:MOST_NAMES])
            self._say(f"You changed {shown}{more}; {who} will hear of it before the next step.")

    def _worded(self, ordered: Sequence[AiComment]) -> Order | None:
        """One order of the comments that stand still, with those that only go along."""
        files = self._seen.read([Change(path, Kind.MODIFIED) for path in {one.path: 0 for one in ordered}])
        texts = {file.path: file.text for file in files}
        now = [one for file in files for one in ai_comments(file.path, file.text)]
        comments = standing(ordered, now)
        if not comments:
            return None
        comments += [one for one in now if one.wish is Wish.ALONG]
        comments.sort(key=lambda one: (one.path, one.first))
        return Order(self._redact(order(comments, texts)), headline(comments))

    def _give(self, comments: list[AiComment]) -> None:
        if len(self._orders) < MOST_ORDERS:
            self._orders.append(comments)
            self._ordered.set()
            if not self._awaited:
                self._say(f"{headline(comments)}: this order waits until the turn before it has ended.")
            return
        self._seen.forget(comments)
        text = f"{headline(comments)}: {MOST_ORDERS} orders wait already; save it again later."
        self._say(text, "warning")

    def _say(self, text: str, level: str = "info") -> None:
        self._scribe.record(NoticeGiven(text, level))


def too_wide(root: Path) -> bool:
    """Whether a folder without git holds the person's home: nobody wants all of that watched."""
    home = Path.home()
    return find_root(root).git_dir is None and (root == home or root in home.parents)


def _count(changes: Sequence[Change]) -> str:
    return f"{len(changes)} file{'' if len(changes) == 1 else 's'} changed"
