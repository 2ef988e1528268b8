"""A model server in a thread of its own, and terminals in a repository, all closed at the end."""

import asyncio
import json
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.fakes.model_server import Entry, ModelServer
from tests.ui.repl_terminal import Terminal, environment


class Stage:
    """A repository, a scripted model, and the terminals opened on them."""

    def __init__(self, root: Path, server: ModelServer, loop: asyncio.AbstractEventLoop) -> None:
        self.root = root
        self.server = server
        self._loop = loop
        self._terminals: list[Terminal] = []

    def open(
        self, *words: str, columns: int = 80, rows: int = 24, environ: Mapping[str, str] | None = None
    ) -> Terminal:
        """A terminal with loomkin in it."""
        variables = {**environment(self.server), **(environ or {})}
        terminal = Terminal(list(words), self.root, variables, columns, rows)
        self._terminals.append(terminal)
        return terminal

    def ready(self, *words: str, **options: Any) -> Terminal:
        """A terminal whose session is open."""
        terminal = self.open(*words, **options)
        terminal.idle()
        return terminal

    def release(self, gate: str) -> None:
        """Open a gate of the script."""
        self._loop.call_soon_threadsafe(self.server.release, gate)

    def until_asked(self, times: int) -> None:
        """Wait until the model has been asked so many times."""
        self._await(self.server.until(lambda chats: len(chats) >= times))

    def until_agent(self, agent: str, times: int) -> None:
        """Wait until the model has been asked so many times by one agent."""
        self._await(self.server.until(lambda chats: sum(chat.agent == agent for chat in chats) >= times))

    def of(self, agent: str) -> list[str]:
        """All that each request of an agent says, oldest first."""
        return [json.dumps(chat.body, ensure_ascii=False) for chat in self.chats if chat.agent == agent]

    def until_gone(self, call: int) -> None:
        """Wait until the client has hung up on a call."""
        self._await(self.server.until(lambda chats: len(chats) > call and chats[call].ended > 0))

    @property
    def chats(self) -> list[Entry]:
        """The model calls so far."""
        return self.server.chats

    def said(self, call: int) -> str:
        """The words of all user messages in a model call, in their order."""
        messages = self.chats[call].body["messages"]
        return "\n".join(str(one["content"]) for one in messages if one["role"] == "user")

    def close(self) -> None:
        """End all terminals."""
        for terminal in self._terminals:
            terminal.close()

    def _await(self, work: Any) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(8)


@contextmanager
def stage(root: Path, steps: list[Mapping[str, Any]] | dict[str, list[Mapping[str, Any]]]) -> Iterator[Stage]:
    """A git repository in `root` and a server that plays the steps."""
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    (root / "calc.py").write_text("def mean(values):\n    return sum(values) / len(values) + 1\n")
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    server = ModelServer(script=steps)
    try:
        asyncio.run_coroutine_threadsafe(server.__aenter__(), loop).result(8)
        made = Stage(root, server, loop)
        try:
            yield made
        finally:
            made.close()
            asyncio.run_coroutine_threadsafe(server.__aexit__(None, None, None), loop).result(8)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


MakeStage = Callable[..., Stage]
