"""The conversation for terminals that cannot move the cursor: lines in, lines out."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable

from loomkin.commands.command import CommandResult, Then
from loomkin.records.event import Event
from loomkin.ui.approvals import Approvals, Step, agent_of
from loomkin.ui.repl_box import box_lines
from loomkin.ui.repl_desk import Desk, Start
from loomkin.ui.repl_render import Painter
from loomkin.ui.repl_work import Work
from loomkin.ui.terminal import printable
from loomkin.ui.transcript import Block, Kind

WIDTH, HEIGHT = 80, 200
PROMPT = "> "


class PlainScreen:
    """Reads whole lines as the terminal gives them and prints what is finished; no colours, no keys."""

    def __init__(self, approvals: Approvals, start: Start) -> None:
        self._approvals = approvals
        self._painter = Painter(False)
        self._asked: object = None
        self._prompted = False
        self._leaving = False
        self._typed = b""
        self._unsubscribe: Callable[[], None] = lambda: None
        self._left: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._ended = asyncio.Event()
        self.work = Work(self, start)
        approvals.changed = self.changed

    async def run(self) -> None:
        """Read lines until `stop`."""
        loop = asyncio.get_running_loop()
        loop.add_reader(sys.stdin.fileno(), self._read)
        loop.add_signal_handler(signal.SIGINT, self._interrupt)
        try:
            await self._ended.wait()
        finally:
            loop.remove_reader(sys.stdin.fileno())
            loop.remove_signal_handler(signal.SIGINT)
            self.leave()

    async def painted(self) -> None:
        """Nothing to wait for."""

    async def frames(self) -> None:
        """Nothing moves here."""

    def attach(self, desk: Desk) -> None:
        """Show this session from now on."""
        self._unsubscribe = desk.bus.subscribe(self._take)
        self.work.attach(desk)
        self.changed()

    async def detach(self) -> None:
        """Stop what runs; the session is about to close."""
        self.work.interrupt()
        await self.work.wait()
        self._unsubscribe()
        self.work.detach()

    async def left(self) -> str:
        """The session that the person wants to go on with, empty to end."""
        wish = await self._left
        if wish:
            self._left = asyncio.get_running_loop().create_future()
        return wish

    def leave(self, session: str = "") -> None:
        """End, or go on with another session."""
        if not self._left.done():
            self._left.set_result(session)

    def unsent(self) -> str:
        """Words that were queued and never sent."""
        return "\n".join(self.work.queue)

    def stop(self) -> None:
        """Read no more."""
        self._ended.set()

    def show(self, *blocks: Block) -> None:
        """Print what is finished; the person's own words are on the screen already."""
        shown = [self._painter.paint(block, WIDTH) for block in blocks if block.kind is not Kind.PERSON]
        if shown:
            self._write("".join(shown))

    def give_back(self, text: str) -> None:
        """Show words that were not sent: a line cannot be given back here."""
        self._write(f"not sent: {printable(text)}\n")

    def changed(self) -> None:
        """Ask what waits, or say that words are welcome."""
        current = self._approvals.current
        if current is not None:
            if (current, current.step) != self._asked:
                self._asked = (current, current.step)
                lines = box_lines(current, self._approvals.others, WIDTH, HEIGHT, "an empty line")
                self._write("".join(f"{text}\n" for _, text in lines) + PROMPT)
                self._prompted = True
                self._approvals.appeared()
        elif not self.work.running and not self._prompted and self.work.desk is not None:
            self._write(PROMPT)
            self._prompted = True

    def carry_out(self, result: CommandResult) -> None:
        """Leave, or say what this terminal cannot do."""
        if result.then in (Then.QUIT, Then.RESUME):
            self.leave(result.argument)
        elif result.then is Then.COPY:
            self._write(f"{printable(result.argument)}\n")
        elif result.then is Then.EDIT:
            self._write("This terminal cannot hold an editor.\n")

    def _take(self, event: Event) -> None:
        desk = self.work.desk
        if desk is not None and event.session == desk.context.session.id:
            self.show(*self.work.transcript.take(event))
            self.changed()

    def _read(self) -> None:
        data = os.read(sys.stdin.fileno(), 65536)
        if not data:
            self.leave()
            return
        *lines, self._typed = (self._typed + data).split(b"\n")
        for line in lines:
            self._prompted = self._leaving = False
            self._line(line.decode("utf-8", "replace").rstrip("\r"))
            self.changed()

    def _line(self, line: str) -> None:
        current = self._approvals.current
        if current is not None and current.step is Step.WORDS:
            self._approvals.say(line)
        elif current is not None and not line.strip() and self._approvals.count > 1:
            self._approvals.turn()
        elif current is not None:
            word = line.strip().lower()
            if not self._approvals.press({"yes": "y", "no": "n"}.get(word, word)):
                self._asked = None
        elif line.strip():
            self.work.submit(line)

    def _interrupt(self) -> None:
        current = self._approvals.current
        if current is not None:
            self._approvals.decline(current)
            if agent_of(current) != self.work.transcript.own:
                return
        if self.work.interrupt():
            return
        if self._leaving:
            self.leave()
            return
        self._leaving = True
        self._write("Ctrl+C again (or Ctrl+D) to exit\n")
        self.changed()

    def _write(self, text: str) -> None:
        if self._prompted:
            text = "\n" + text
        self._prompted = False
        sys.stdout.write(text)
        sys.stdout.flush()
