"""Keeps an agent's knowledge of files fresh: what others changed is told once, before its next step."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from loomkin.project.head import commit_of
from loomkin.project.look import look
from loomkin.project.root import find_root
from loomkin.project.sight import Sight
from loomkin.records.permission import Access, ToolUse
from loomkin.tooling.tool import Fail, Ok

MANY = 40
"""Files that are looked at on the event loop's own thread: with so few a thread would cost more."""
COMMAND = 80
MOST_NAMES = 12
OWN = "Changed while it ran, and different from what you read: {names}. Read again what you still need."


class Freshness:
    """Looks at the files that one agent has seen; a solo agent needs no watcher for it."""

    def __init__(
        self,
        sight: Sight,
        agent: str,
        root: Path,
        shown: Callable[[Path], str],
        redact: Callable[[str], str],
    ) -> None:
        self._sight = sight
        self._agent = agent
        self._root = find_root(root)
        self._shown = shown
        self._redact = redact
        self._commit = ""

    async def news(self) -> str:
        """What others did since to the files that the agent read, in words; empty where nothing."""
        paths = self._sight.files_of(self._agent)
        if not paths:
            return ""
        if len(paths) > MANY:
            return await asyncio.to_thread(self._news, paths)
        return self._news(paths)

    def _news(self, paths: Sequence[Path]) -> str:
        before, self._commit = self._commit, commit_of(self._root)
        look(self._sight, paths)
        news = self._sight.news(self._agent)
        if not news:
            return ""
        from loomkin.project.look_words import told  # heavy: late on purpose

        git = ""
        if before not in ("", self._commit):
            git = f"by git, which went from {before[:8]} to {self._commit[:8]}"
        return self._redact(told(news, self._sight, self._root.path, self._shown, git))

    async def around(self, use: ToolUse, work: Callable[[], Awaitable[Ok | Fail]]) -> Ok | Fail:
        """Do what may write; what a command changed is put down to the agent, and said in its result."""
        if use.access is Access.WRITE:
            with self._sight.writing(use.writes):
                return await work()
        files = self._sight.files() if use.access is Access.EXECUTE else []
        if not files:
            return await work()
        await self._look(files)
        known = {path: self._sight.newest(path) for path in self._sight.files_of(self._agent)}
        with self._sight.at_work.running(self._agent, _short(use.command)):
            result = await work()
            await self._look(files)
        changed = [path for path, sha in known.items() if self._sight.newest(path) != sha]
        if not changed:
            return result
        return result.with_words([self._words(changed)])

    async def _look(self, files: Sequence[Path]) -> None:
        if len(files) > MANY:
            await asyncio.to_thread(look, self._sight, files)
        else:
            look(self._sight, files)

    def _words(self, changed: Sequence[Path]) -> str:
        names = ", ".join(self._shown(path) for path in changed[:MOST_NAMES])
        more = f" and {len(changed) - MOST_NAMES} more" if len(changed) > MOST_NAMES else ""
        return OWN.format(names=names + more)


def _short(command: str) -> str:
    line = command.strip().partition("\n")[0]
    return line if len(line) <= COMMAND else f"{line[: COMMAND - 1]}…"
