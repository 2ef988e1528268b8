"""The terminal's output as one writer: frames go out whole, and nothing can clear the screen."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from prompt_toolkit.output.vt100 import Vt100_Output


class SteadyOutput(Vt100_Output):
    """A terminal to which erasing, printing and drawing go as one piece, so that nothing flickers.

    Bracketed paste stays on between frames: a paste that arrives just then must not be taken for typing.
    """

    _keeps_erased = False
    _held = False
    _closing = False

    @staticmethod
    def open(environ: Mapping[str, str]) -> "SteadyOutput":
        """The process's own terminal; the cursor's place is never asked for."""
        found = SteadyOutput.from_pty(sys.stdout, enable_bell=False)
        assert isinstance(found, SteadyOutput)
        found._keeps_erased = bool(environ.get("TMUX"))
        return found

    @property
    def responds_to_cpr(self) -> bool:
        """Never: an answer that comes late or by another way would be taken for typing."""
        return False

    @contextmanager
    def frame(self) -> Iterator[None]:
        """Hold all that is written until the end, then write it at once."""
        self._held = True
        try:
            yield
        finally:
            self._held = False
            self.flush()

    def close(self) -> None:
        """The next reset of the terminal is the last."""
        self._closing = True

    def flush(self) -> None:
        """Write what is held back, unless a frame is being made."""
        if not self._held:
            super().flush()

    def erase_down(self) -> None:
        """Erase from the cursor on; tmux would keep a whole screen that is erased in its scrollback."""
        if self._keeps_erased:
            rows = self.get_size().rows
            self.write_raw("\x1b7\x1b[K" + "\x1b[B\x1b[2K" * (rows - 1) + "\x1b8")
        super().erase_down()

    def erase_screen(self) -> None:
        """Nothing: the screen holds what the person may want to read again."""

    def disable_bracketed_paste(self) -> None:
        """Only at the end."""
        if self._closing:
            super().disable_bracketed_paste()
