"""The real program on a real pseudo terminal, with the screen that a person would see."""

import os
import re
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pexpect
import pyte

from tests.fakes.model_server import ModelServer

SECONDS = 8.0
READY = "ask ·"


class Terminal:
    """A process on a terminal of `columns` x `rows`; `raw` is every byte it wrote."""

    def __init__(
        self, words: list[str], cwd: Path, environ: Mapping[str, str], columns: int = 80, rows: int = 24
    ) -> None:
        self.raw = b""
        self._history = pyte.HistoryScreen(columns, rows, history=5000, ratio=0.5)
        self._stream = pyte.ByteStream(self._history)
        self._process: Any = pexpect.spawn(
            sys.executable,
            ["-m", "loomkin", *words],
            cwd=str(cwd),
            env={"TERM": "xterm-256color", **os.environ, "PROMPT_TOOLKIT_NO_CPR": "1", **environ},
            dimensions=(rows, columns),
            timeout=SECONDS,
        )
        self._process.delaybeforesend = None

    @property
    def rows(self) -> list[str]:
        """What the screen shows."""
        return [line.rstrip() for line in self._history.display]

    @property
    def shown(self) -> str:
        """What the screen shows, as one text."""
        return "\n".join(self.rows)

    @property
    def everything(self) -> str:
        """The scrollback and the screen."""
        above = [
            "".join(line[column].data for column in range(self._history.columns)).rstrip()
            for line in self._history.history.top
        ]
        return "\n".join([*above, *self.rows])

    @property
    def text(self) -> str:
        """All that was written, without escape sequences."""
        return re.sub(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b.", "", self.raw.decode("utf-8", "replace"))

    @property
    def code(self) -> int | None:
        """The exit code, None while it runs."""
        return None if self._process.isalive() else self._process.exitstatus

    def send(self, keys: str) -> None:
        """Type."""
        self._process.send(keys)

    def read(self, seconds: float = 0.05) -> None:
        """Take in what was written meanwhile."""
        try:
            data = self._process.read_nonblocking(65536, seconds)
        except (pexpect.TIMEOUT, pexpect.EOF):
            return
        self.raw += data
        self._stream.feed(data)

    def until(self, holds: "str | Callable[[], bool]", seconds: float = SECONDS) -> None:
        """Read until a text is on the screen, or a condition holds."""
        end = time.monotonic() + seconds
        met = (lambda: holds in self.shown) if isinstance(holds, str) else holds
        while not met():
            if time.monotonic() > end:
                raise AssertionError(f"waited in vain for {holds!r} on this screen:\n{self.shown}")
            self.read()

    def idle(self) -> None:
        """Read until no turn runs."""
        self.until(lambda: re.match(r"(ask|edits|plan|auto|yolo)\b(?!.* \d+:\d\d)", self.last) is not None)

    @property
    def last(self) -> str:
        """The last row that is not empty."""
        return next((row for row in reversed(self.rows) if row), "")

    def settle(self, seconds: float = 0.4) -> None:
        """Read for a while."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.read()

    def ended(self, seconds: float = SECONDS) -> int | None:
        """Wait for the end; the exit code."""
        self.until(lambda: not self._process.isalive(), seconds)
        self.settle(0.1)
        return self.code

    def resize(self, columns: int, rows: int) -> None:
        """Change the size of the window."""
        self._history.resize(rows, columns)
        self._process.setwinsize(rows, columns)

    def close(self) -> None:
        """End the process, whatever it does."""
        self._process.close(force=True)


def environment(server: ModelServer) -> dict[str, str]:
    """The variables under which loomkin finds the fake model."""
    return {
        "OPENAI_BASE_URL": f"{server.url}/v1",
        "OPENAI_API_KEY": "key-for-tests",
        "LOOMKIN_MODEL": "openai/fake-model",
    }
