"""The standard streams: what they are connected to, and writing that waits but can be given up."""

import errno
import os
import select
import signal
from collections.abc import Iterable, Mapping

from loomkin.errors import LoomkinError
from loomkin.records.regex import pattern

ATOMIC = 4096
"""Bytes that a pipe takes at once when it is ready at all (PIPE_BUF)."""
TICK = 0.2
_NAMES = {1: "standard output", 2: "standard error"}
_GONE = (errno.EPIPE, errno.ECONNRESET, errno.EBADF, errno.EIO)
_CONTROL = pattern(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # CSI, such as colours
    r"|\x1b[\]P_^X][^\x07\x1b\n]*(?:\x07|\x1b\\)?"  # strings to the terminal, such as its title
    r"|[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]"
)
_HIDING = pattern(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]"
)


class Writer:
    """Hands whole texts to a file descriptor, as fast as its reader takes them."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._patience: float | None = None
        self._given_up = False

    @property
    def is_terminal(self) -> bool:
        """Whether a terminal is at the other end."""
        try:
            return os.isatty(self._descriptor)
        except OSError:
            return False

    def write(self, text: str) -> None:
        """Return when all of it is handed over; blocks.

        Raises BrokenPipeError where nobody reads, LoomkinError where it cannot be written (a full disk).
        """
        left = memoryview(text.encode("utf-8", "replace"))
        waited = 0.0
        while left and not self._given_up:
            try:
                if select.select([], [self._descriptor], [], TICK)[1]:
                    left = left[os.write(self._descriptor, left[:ATOMIC]) :]
                    waited = 0.0
                    continue
            except BlockingIOError:
                pass
            except OSError as error:
                if error.errno in _GONE:
                    raise BrokenPipeError(error.errno, error.strerror) from error
                name = _NAMES.get(self._descriptor, f"descriptor {self._descriptor}")
                raise LoomkinError(
                    f"Cannot write to {name}: {error.strerror}.",
                    hint="The session is kept: continue with `-c`.",
                ) from error
            waited += TICK
            self._given_up = self._patience is not None and waited >= self._patience

    def hurry(self, patience: float) -> None:
        """From now on give up where the reader takes nothing for `patience` seconds."""
        self._patience = patience

    def give_up(self) -> None:
        """Drop what is being written, and all that comes; a thread that waits is freed."""
        self._given_up = True


def hold_standard_streams() -> None:
    """Fill the places of closed standard streams, so that no file opened later is taken for one of them."""
    for descriptor, way in enumerate((os.O_RDONLY, os.O_RDONLY, os.O_RDWR)):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, way)


def heeded(signals: Iterable[signal.Signals]) -> list[signal.Signals]:
    """The signals that the caller of this process does not want ignored, as `nohup` does with SIGHUP."""
    return [number for number in signals if signal.getsignal(number) is not signal.SIG_IGN]


def printable(text: str) -> str:
    """The text without anything a terminal would obey or turn round; tabs and line ends stay."""
    return _CONTROL.sub("", text)


def legible(text: str) -> str:
    """The text with every character visible that could hide others; for what a person decides on."""
    return _HIDING.sub(lambda found: _visible(ord(found[0])), text.replace("\r\n", "\n"))


def _visible(code: int) -> str:
    return chr(0x2400 + code) if code < 0x20 else "␡" if code == 0x7F else f"<U+{code:04X}>"


def one_line(text: str, most: int) -> str:
    """The text in one printable line of at most `most` characters."""
    line = " ".join(printable(text[: most * 8]).split())
    return line if len(line) <= most else line[: most - 1] + "…"


def wants_color(setting: str, environ: Mapping[str, str], terminal: bool) -> bool:
    """Whether to colour: the setting, else NO_COLOR (https://no-color.org) and what the stream is."""
    if setting != "auto":
        return setting == "always"
    return terminal and not environ.get("NO_COLOR") and environ.get("TERM") != "dumb"


def wants_live(setting: bool, environ: Mapping[str, str], terminal: bool) -> bool:
    """Whether a view that repaints itself has a place to do so."""
    return setting and terminal and environ.get("TERM", "dumb") != "dumb"
