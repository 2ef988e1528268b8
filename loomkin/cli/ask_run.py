"""One headless run: opens the house, works the requests off, and ends in a result and an exit code."""

import asyncio
import signal
import time
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import aclosing, suppress
from functools import partial
from typing import Any

from loomkin.agent.turn import Limits, Outcome, TurnEnd
from loomkin.app import Open, open_house, open_session
from loomkin.cli.ask_input import Requests as Lines
from loomkin.cli.flag_table import OutputFormat
from loomkin.errors import LoomkinError, StoreError, UsageError
from loomkin.records.dataclass import dataclass
from loomkin.records.event import Event
from loomkin.runtime.bus import Feed
from loomkin.ui.jsonl import follow, line_of
from loomkin.ui.plain import Detail, PlainLines
from loomkin.ui.result import Account, Ending, Structured, result_message
from loomkin.ui.stream_messages import StreamMessages, init_message, new_uuid
from loomkin.ui.terminal import Writer, heeded, one_line, printable, wants_color, wants_live
from loomkin.workspace.answer_schema import AnswerSchema
from loomkin.workspace.house import House
from loomkin.workspace.options import Options
from loomkin.workspace.session import Blocked

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
GRACE = 2.0
NAMED = ("as asked for", "from the settings")
"""Why a model was chosen, where the person knows it already."""


Requests = Callable[[Open], AsyncGenerator[str, None]]
"""Makes the requests of a run once its session is open."""
Reader = Callable[[Feed], Coroutine[Any, Any, None]]


@dataclass(frozen=True, slots=True)
class Shape:
    """How a run is told; `schema` is what the answer must fit."""

    format: OutputFormat = OutputFormat.TEXT
    partial: bool = False
    detail: Detail = Detail.WARNINGS
    schema: AnswerSchema | None = None


class Nobody:
    """The person of a headless run."""

    async def ask(self, question: str, options: tuple[str, ...], free: bool, agent: str) -> str | None:
        """Nobody answers."""
        return None


class Signals:
    """Cancels the running task at each signal; `number` is the first that came, 0 before."""

    def __init__(self, hurry: Callable[[], None]) -> None:
        self.number = 0
        self._hurry = hurry

    def listen(self) -> None:
        """Take the signals over for the rest of the loop's life."""
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None

        def stop(number: int) -> None:
            self.number = self.number or number
            self._hurry()
            task.cancel()

        for number in heeded(SIGNALS):
            loop.add_signal_handler(number, stop, number)

    def caught(self) -> bool:
        """Whether a cancellation came from a signal; if so it is dealt with and does not go on."""
        task = asyncio.current_task()
        if not self.number or task is None:
            return False
        while task.cancelling():
            task.uncancel()
        return True


async def one(prompt: str) -> AsyncGenerator[str, None]:
    """The only request of a run."""
    yield prompt


async def many(requests: Lines) -> AsyncGenerator[str, None]:
    """The requests of standard input, one after another."""
    try:
        while (request := await asyncio.to_thread(requests.next)) is not None:
            yield request
    finally:
        requests.give_up()


class Run:
    """Carries requests out in one session and shows them on two writers.

    The result of a single request comes when all is closed, so that the session can be taken up again at
    once; those of several come each after its request.
    """

    def __init__(self, shape: Shape, out: Writer, err: Writer) -> None:
        self._shape = shape
        self._out = out
        self._err = err
        self._account = Account()
        self._begun = time.monotonic()
        self._signals = Signals(self._hurry)
        self._stream: StreamMessages | None = None
        self._early: Feed | None = None
        self._codes: list[int] = []
        self._over = False

    async def __call__(self, options: Options, requests: Requests, *, several: bool) -> int:
        """Work until the requests end; the exit code is that of the first that failed."""
        self._signals.listen()
        try:
            ending = await self._guarded(options, requests, several)
            if ending is not None:
                await self._tell(ending)
        except BrokenPipeError:
            return max(self._codes, default=1)
        finally:
            self._out.give_up()
            self._err.give_up()
        return next((code for code in self._codes if code), 0)

    async def _guarded(self, options: Options, requests: Requests, several: bool) -> Ending | None:
        """The ending that has not been told yet."""
        ending: Ending | None = None
        try:
            async with open_house(options) as house:
                self._early = house.bus.feed()
                async with (
                    open_session(house, None, Nobody()) as opened,
                    aclosing(requests(opened)) as coming,
                ):
                    await self._announce(opened)
                    async for request in coming:
                        ending = await self._turn(opened, request)
                        if several:
                            await self._tell(ending)
                            ending = None
                        if self._over:
                            break
        except LoomkinError as error:
            if ending is None or ending.ok:
                reason = "hook_stopped" if isinstance(error, Blocked) else "error"
                ending = Ending.failed(error, ending.text if ending else "", reason=reason)
        except asyncio.CancelledError:
            if not self._signals.caught():
                raise
            ending = Ending.stopped(self._signals.number)
        if ending is None and not self._codes and not self._signals.number:
            return Ending.failed(UsageError("Standard input held no request."))
        return ending

    async def _turn(self, opened: Open, request: str) -> Ending:
        self._account = Account()
        house = opened.house
        leave = house.bus.subscribe(self._account.take)
        readers = self._readers(house)
        try:
            async with asyncio.TaskGroup() as group:
                for read, feed in readers:
                    group.create_task(read(feed))
                ending = await self._send(opened, request)
                for _, feed in readers:
                    feed.close()
        except BaseExceptionGroup as group_of_one:
            raise group_of_one.exceptions[0] from group_of_one
        finally:
            leave()
        return ending

    async def _send(self, opened: Open, request: str) -> Ending:
        settings = opened.house.loaded.settings.limits
        schema = self._shape.schema
        if schema is not None:
            schema.renew()
        try:
            limits = Limits(settings.max_turns, settings.timeout)
            end = await opened.session.send(request, limits, (schema,) if schema else ())
            await opened.house.journal.flush()
        except asyncio.CancelledError:
            if not self._signals.caught():
                raise
            self._over = True
            ending = Ending.stopped(self._signals.number)
        except LoomkinError as error:
            self._over = not isinstance(error, Blocked)
            ending = Ending.failed(error, reason="error" if self._over else "hook_stopped")
        else:
            return _ending(end, schema)
        with suppress(StoreError):
            await opened.house.journal.flush()
        return ending

    def _readers(self, house: House) -> list[tuple[Reader, Feed]]:
        early, self._early = self._early or house.bus.feed(), None
        readers: list[tuple[Reader, Feed]] = [(self._activity(house), early)]
        if self._stream is not None:
            lines = self._stream

            def text_of(event: Event) -> str:
                return "".join(map(line_of, lines.of(event)))

            readers.append((lambda feed: follow(feed, text_of, self._out), house.bus.feed()))
        return readers

    def _activity(self, house: House) -> Reader:
        ui, environ, detail = house.loaded.settings.ui, house.options.environ, self._shape.detail
        terminal = self._err.is_terminal
        if detail is Detail.WARNINGS and wants_live(ui.live, environ, terminal):
            from loomkin.ui.live import LiveView  # heavy: late on purpose

            show = LiveView(wants_color(ui.color, environ, terminal)).follow
        else:
            show = partial(follow, text_of=PlainLines(detail).of, writer=self._err)

        async def read(feed: Feed) -> None:
            try:
                await show(feed)
            except* (OSError, LoomkinError):
                pass  # who looked on is gone; the work is not
            async for _ in feed:
                pass

        return read

    async def _announce(self, opened: Open) -> None:
        chosen, session = opened.chosen, opened.session
        if self._shape.detail is not Detail.NOTHING:
            for warning in opened.warnings:
                await self.say(f"warning: {warning}")
            if chosen.why not in NAMED:
                await self.say(f"using {chosen.chain[0].id}: {chosen.why}")
        if self._shape.format is not OutputFormat.STREAM:
            return
        model, role = chosen.chain[0], session.facts.role
        self._stream = StreamMessages(str(model.id), {session.agent.name: role}, self._shape.partial)
        tools = session.agent.runner.toolbox.names
        place = (session.id, session.facts.cwd, str(model.id), session.gate.mode.value)
        init = init_message(*place, tools, role, bool(model.endpoint.api_key))
        await asyncio.to_thread(self._out.write, line_of({**init, "uuid": new_uuid()}))

    async def _tell(self, ending: Ending) -> None:
        if not ending.ok:
            if ending.text and self._shape.format is OutputFormat.TEXT:
                await self.say(f"said last: {one_line(ending.text, 500)}")
            for error in ending.errors:
                await self.say(error)
        if self._shape.format is not OutputFormat.TEXT:
            seconds = time.monotonic() - self._begun
            result = line_of(result_message(ending, self._account, seconds))
            await asyncio.to_thread(self._out.write, result)
        elif ending.ok:
            text = printable(ending.text) if self._out.is_terminal else ending.text
            await asyncio.to_thread(self._out.write, text.rstrip("\n") + "\n")
        self._begun = time.monotonic()
        self._codes.append(ending.code)

    async def say(self, text: str) -> None:
        """A line on standard error."""
        with suppress(BrokenPipeError, LoomkinError):
            await asyncio.to_thread(self._err.write, f"loomkin: {printable(text)}\n")

    def rests(self) -> None:
        """Nothing runs: what happened until now is not told with the next request."""
        if self._early is not None:
            self._early.close()
            self._early = None

    def interrupted(self) -> bool:
        """Whether a cancellation while nothing ran came from a signal; it is dealt with then."""
        return self._signals.caught()

    def _hurry(self) -> None:
        self._out.hurry(GRACE)
        self._err.hurry(GRACE)


def _ending(end: TurnEnd, schema: AnswerSchema | None) -> Ending:
    if end.outcome is not Outcome.DONE:
        error = end.error or LoomkinError(f"The agent stopped: {end.outcome.value}.")
        return Ending.failed(error, end.text, end.steps)
    if schema is None:
        return Ending.done(end.text, end.steps)
    if not schema.fits:
        return Ending.unfit(schema.problem, end.text, end.steps)
    return Ending.done(end.text, end.steps, Structured(schema.value))
