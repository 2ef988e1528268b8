"""What becomes of words that were typed: a turn, a command, a shell line; one at a time, the rest queued."""

import asyncio
import contextlib
import re
import time
from collections.abc import Coroutine
from typing import Any

from loomkin.commands.command import CommandResult, Look, Then, find, unknown
from loomkin.errors import LoomkinError
from loomkin.project.jobs import JobTable
from loomkin.project.secrets import without_keys
from loomkin.records.dataclass import dataclass, field
from loomkin.records.mail import PERSON, SYSTEM
from loomkin.records.message import FROM_FILES
from loomkin.records.regex import pattern
from loomkin.ui.repl_desk import Desk, Face, Start
from loomkin.ui.repl_shell import run_for_person, wants_terminal
from loomkin.ui.repl_team import Watch, addressed, go_on, stop_everybody
from loomkin.ui.transcript import Block, Kind
from loomkin.ui.transcripts import Transcripts

ECHOED_LINES = 12
ECHOED_CHARACTERS = 2000
RECALL = "Your words are in the history: press Up to send them again."
NO_SCREEN = (
    "{program} draws on a terminal, and a command behind `!` gets none: run it in another window. "
    "Ctrl+G writes your prompt in your editor."
)
_COMMAND = pattern(r"/([A-Za-z?][\w-]*)(?:\s+(.*))?$", re.DOTALL)


@dataclass(slots=True)
class Work:
    """Runs what was typed for one session at a time; words that come before it is open wait for it."""

    face: Face
    start: Start
    transcript: Transcripts = field(default_factory=Transcripts)
    queue: list[str] = field(default_factory=list)
    ended_at: float = 0.0
    begun_at: float = 0.0
    _desk: Desk | None = None
    _task: "asyncio.Task[None] | None" = None
    _steered: list[str] = field(default_factory=list)
    _watch: Watch = field(init=False)
    _resting: bool = False
    _errand: "asyncio.Task[None] | None" = None

    def __post_init__(self) -> None:
        self._watch = Watch(self.start, self._woken)

    @property
    def desk(self) -> Desk | None:
        """The open session, or None while there is none."""
        return self._desk

    @property
    def running(self) -> bool:
        """Whether a turn or a command of the person runs."""
        return self._task is not None and not self._task.done()

    def attach(self, desk: Desk) -> None:
        """Go on in this session, with what was typed before it was open."""
        self._desk = desk
        self.transcript.begin(desk.context.session.agent.name)
        self._resting = desk.context.session.facts.resumed
        self._next()

    def detach(self) -> None:
        """The session is about to close."""
        self._watch.end()
        self._desk = None

    def submit(self, text: str) -> None:
        """Take words: at once where nothing runs, else in the queue; commands that may do not wait."""
        named = addressed(self._desk.context.session, text) if self._desk is not None else None
        if named is not None:
            text = f"/tell {named[0]} {named[1]}"
        command = _COMMAND.match(text)
        if command and self._desk is not None and not (self.running and self._waits(command[1])):
            work = self._command(self._desk, command[1], (command[2] or "").strip())
            self._errand = self.start(f"/{command[1]}", work)
            return
        if command and self._desk is not None:
            self.face.show(Block(Kind.WARNING, f"/{command[1]} waits until no turn runs: press Esc first."))
            self.face.give_back(text)
            return
        self.queue.append(text)
        if not self.running:
            self._next()
        self.face.changed()

    def steer(self, text: str) -> None:
        """Words for the very next model call; where no turn runs they begin one."""
        if self._desk is None or not self.running:
            self.submit(text)
            return
        self._steered.append(text)
        self._desk.context.session.steer(text)
        self.face.changed()

    @property
    def steered(self) -> list[str]:
        """What was said to the running turn and has not reached the model."""
        waiting = self._desk.context.session.agent.steering.waiting if self._desk else ()
        self._steered = [text for text in self._steered if text in waiting]
        return self._steered

    def recall(self) -> str | None:
        """The words queued last, no longer queued."""
        text = self.queue.pop() if self.queue else None
        self.face.changed()
        return text

    def interrupt(self) -> bool:
        """Stop what runs; what was queued or not delivered goes back to the input line."""
        if self._task is None or self._task.done():
            return self._errand is not None and self._errand.cancel()
        self._resting = True  # until the person says how to go on
        unsent = [*self._take_back(), *self.queue]
        self.queue.clear()
        if unsent:
            self.face.give_back("\n".join(unsent))
        self._task.cancel()
        return True

    def interrupt_all(self) -> bool:
        """Stop the turns of the whole team; False where nobody was at work."""
        if self._desk is None:
            return False
        self._resting = True
        names = stop_everybody(self._desk.context.session)
        if names:
            self.start("stopped", self._stopped(self._desk, ", ".join(names)))
        return self.interrupt() or bool(names)

    async def _stopped(self, desk: Desk, names: str) -> None:
        await self.wait()
        desk.context.session.note(f"The person stopped the turns of {names}; they wait for new words.")
        self.face.show(Block(Kind.WARNING, f"Stopped the turns of {names}; held until your next words."))

    async def wait(self) -> None:
        """Return when nothing runs."""
        if self._task is not None:
            await asyncio.wait([self._task])

    def _take_back(self) -> list[str]:
        steering = self._desk.context.session.agent.steering if self._desk else None
        found: list[str] = []
        while steering is not None and (text := steering.take_back()) is not None:
            found.insert(0, text)
        self._steered.clear()
        return found

    def _waits(self, name: str) -> bool:
        assert self._desk is not None
        command = find(self._desk.context.commands, name)
        return command is not None and command.idle

    def _next(self) -> None:
        if self._desk is None or self.running:
            return
        if not self.queue:
            if not self._resting:
                self._watch.begin(self._desk.context.session.company)
            return
        text = self.queue.pop(0)
        command = _COMMAND.match(text)
        if command:
            self.start(f"/{command[1]}", self._command(self._desk, command[1], (command[2] or "").strip()))
            return
        if not text.startswith(("!", FROM_FILES)):
            while self.queue and not self.queue[0].startswith(("!", "/", FROM_FILES)):
                text += "\n\n" + self.queue.pop(0)
        self._begin(self._do(self._desk, text))

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        self._watch.end()
        self._resting = False
        self.begun_at = time.monotonic()
        self._task = self.start("turn", work)
        self._task.add_done_callback(self._done)

    def _woken(self) -> None:
        """Teammates have something to say, and the agent has nothing else to do."""
        if self._desk is not None and not self.running:
            self._begin(self._do(self._desk, ""))
            self.face.changed()

    def _done(self, task: "asyncio.Task[None]") -> None:
        self.ended_at = time.monotonic()
        if self._task is task:
            self._task = None
        self.queue[:0] = self._take_back()  # said too late for the last model call
        self._next()
        self.face.changed()

    async def _do(self, desk: Desk, text: str) -> None:
        error: LoomkinError | None = None
        stopped = False
        try:
            if text.startswith("!") and text[1:].strip():
                await self._shell(desk, text[1:].strip())
            elif text:
                error = await self._turn(desk, text)
            else:
                error = (await desk.attend()).error
            await desk.context.scribe.flush()
        except asyncio.CancelledError:
            stopped = True
            with contextlib.suppress(LoomkinError):
                await desk.context.scribe.flush()
        except LoomkinError as raised:
            error = raised
        self.face.show(*self.transcript.settle())
        if stopped:
            others = " Teammates go on; Esc twice stops all." if desk.context.session.company else ""
            self.face.show(Block(Kind.WARNING, f"Interrupted. What was done so far stays.{others}"))
        if error is not None:
            self.face.show(Block(Kind.ERROR, str(error)), *([Block(Kind.NOTICE, RECALL)] if text else []))

    async def _turn(self, desk: Desk, text: str) -> LoomkinError | None:
        self.face.show(Block(Kind.PERSON, _shortened(text)))
        self.transcript.expect(text)
        go_on(desk.context.session)
        return (await desk.send(text)).error

    async def _shell(self, desk: Desk, command: str) -> None:
        self.face.show(Block(Kind.PERSON, f"! {command}"))
        if program := wants_terminal(command):
            self.face.show(Block(Kind.WARNING, NO_SCREEN.format(program=program)))
            return

        def shown(text: str) -> None:
            self.transcript.run_output(text)
            self.face.changed()

        async with JobTable() as jobs:
            ran = await run_for_person(command, desk.shell, jobs, shown)
        self.transcript.end_output()
        self.face.show(Block(Kind.OUTPUT, ran.shown))
        await self._tell(desk, ran.told, PERSON)

    async def _tell(self, desk: Desk, text: str, sender: str) -> None:
        """Put what the screen shows already into the conversation."""
        self.transcript.expect(text)
        await desk.context.session.add_context(text, sender)

    async def _command(self, desk: Desk, name: str, argument: str) -> None:
        command = find(desk.context.commands, name)
        self.face.show(Block(Kind.PERSON, f"/{name} {argument}".strip()))
        if command is None:
            self.face.show(Block(Kind.ERROR, unknown(desk.context.commands, name)))
        else:
            try:
                result = await command.run(desk.context, argument)
            except LoomkinError as error:
                self.face.show(Block(Kind.ERROR, str(error)))
            except asyncio.CancelledError:
                self.face.show(Block(Kind.WARNING, f"Interrupted /{name}."))
                raise
            else:
                if result.text:
                    self.face.show(Block(_KINDS[result.look], without_keys(result.text)))
                if result.told:
                    await self._tell(desk, result.told, SYSTEM)  # none of the person's own words
                self._resting = self._resting and not command.wakes
                self._then(result)
        self._next()
        self.face.changed()

    def _then(self, result: CommandResult) -> None:
        if result.then is Then.SEND:
            self.steer(result.argument)
        elif result.then is Then.DRAFT:
            self.face.give_back(result.argument)
        elif result.then is Then.FOCUS:
            self.transcript.focus = result.argument
        elif result.then is not Then.STAY:
            self.face.carry_out(result)


def _shortened(text: str) -> str:
    """The person's words as the scrollback keeps them: a long paste by its beginning, no code of orders."""
    if text.startswith(FROM_FILES):
        text = text.partition("\n\n")[0]
    lines = text.split("\n")
    if len(lines) <= ECHOED_LINES and len(text) <= ECHOED_CHARACTERS:
        return text
    kept = "\n".join(lines[:ECHOED_LINES])[:ECHOED_CHARACTERS]
    return f"{kept}\n… {len(text) - len(kept)} more characters"


_KINDS = {Look.PLAIN: Kind.PLAIN, Look.MARKDOWN: Kind.ANSWER, Look.DIFF: Kind.DIFF}
