"""Keeps an agent's knowledge of files fresh: what others changed is told once, before its next step."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TypeVar

from loomkin.project.head import commit_of
from loomkin.project.look import look, moved
from loomkin.project.root import Root
from loomkin.project.sight import News, Sight
from loomkin.records.message import Message
from loomkin.records.permission import Access, ToolUse
from loomkin.tooling.tool import Fail, Ok

T = TypeVar("T")
MANY = 40
"""Files that are looked at on the event loop's own thread: with so few a thread would cost more."""
COMMAND = 80
HOOK = "a hook of the person"
SINCE = "somebody since that session"
MOST_NAMES = 12
OWN = "Changed while it ran, and different from what you read: {names}. Read again what you still need."


class Freshness:
    """Looks at the files that one agent has seen; a solo agent needs no watcher for it."""

    def __init__(
        self,
        sight: Sight,
        agent: str,
        root: Root,
        shown: Callable[[Path], str],
        redact: Callable[[str], str],
        before: Sequence[Message] = (),
    ) -> None:
        """`before` is what the agent said and heard in an earlier process."""
        self._sight = sight
        self._agent = agent
        self._root = root
        self._shown = shown
        self._redact = redact
        self._commit = ""
        self._before = before

    async def news(self) -> str:
        """What others did since to the files that the agent read, in words; empty where nothing."""
        if self._before:
            earlier, self._before = self._before, ()
            await asyncio.to_thread(self._restore, earlier)
        paths = self._sight.files_of(self._agent)
        if not paths:
            return ""
        before, self._commit = self._commit, commit_of(self._root)
        await self._look(paths)
        news = self._sight.news(self._agent)
        if not news:
            return ""
        git = ""
        if before not in ("", self._commit):
            git = f"by git, which went from {before[:8]} to {self._commit[:8]}"
        return await asyncio.to_thread(self._told, news, git)

    def _restore(self, messages: Sequence[Message]) -> None:
        """Know again what the agent had seen, and notice what became of it since."""
        from loomkin.tooling.seen_before import seen_before  # heavy: late on purpose

        sight, agent, before = self._sight, self._agent, seen_before(messages)
        if not any(map(os.path.exists, (self._root.path / path for path in before.seen))):
            return  # another place: the session was carried over
        with sight.at_work.running(SINCE, ""):
            paths = {
                path: sight.knew(agent, self._root.path / path, sha) for path, sha in before.seen.items()
            }
            for path, sha in before.told.items():
                if path in paths:
                    sight.notice(paths[path], sha, None)
                    sight.heard(agent, paths[path])
            look(sight, paths.values())

    def _told(self, news: Sequence[News], git: str) -> str:
        from loomkin.project.look_words import told  # heavy: late on purpose

        return self._redact(told(news, self._sight, self._root.path, self._shown, git))

    async def around(self, use: ToolUse, work: Callable[[], Awaitable[Ok | Fail]]) -> Ok | Fail:
        """Do what may write; what a command changed is put down to the agent, and said in its result."""
        if use.access is Access.WRITE:
            with self._sight.writing(use.writes):
                return await work()
        if use.access is not Access.EXECUTE:
            return await work()
        await self._look(self._sight.files())
        known = {path: self._sight.newest(path) for path in self._sight.files_of(self._agent)}
        with self._sight.at_work.running(self._agent, _short(use.command)):
            result = await work()
            await self._look(self._sight.files())
        self._commit = commit_of(self._root) if known else ""
        changed = [path for path, sha in known.items() if self._sight.newest(path) != sha]
        return result.with_words([self._words(changed)]) if changed else result

    async def hooked(self, work: Callable[[], Awaitable[T]]) -> T:
        """Let hooks of the person run, such as a formatter; what they change is put down to them."""
        await self._look(self._sight.files())
        with self._sight.at_work.running(HOOK, ""):
            done = await work()
            await self._look(self._sight.files())
        return done

    async def _look(self, files: Sequence[Path]) -> None:
        """Notice what became of files: many are asked for, and all that moved are read, in a thread."""
        many = len(files) > MANY
        found = await asyncio.to_thread(moved, self._sight, files) if many else moved(self._sight, files)
        if found:
            await asyncio.to_thread(look, self._sight, found)

    def _words(self, changed: Sequence[Path]) -> str:
        names = ", ".join(self._shown(path) for path in sorted(changed)[:MOST_NAMES])
        more = f" and {len(changed) - MOST_NAMES} more" if len(changed) > MOST_NAMES else ""
        return OWN.format(names=names + more)


def _short(command: str) -> str:
    line = command.strip().partition("\n")[0]
    return line if len(line) <= COMMAND else f"{line[: COMMAND - 1]}…"
