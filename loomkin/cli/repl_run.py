"""Joins the screen and the house: opens sessions one after another until the person leaves."""

import asyncio
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from loomkin.agent.history import INTERRUPTED
from loomkin.commands.command import Command, Context, load_commands
from loomkin.errors import LoomkinError
from loomkin.project.environment import child_environment
from loomkin.project.root import state_dir
from loomkin.project.secrets import Redactor, secret_values
from loomkin.records.dataclass import replace
from loomkin.records.message import Message, Role
from loomkin.runtime.recorder import Scribe
from loomkin.runtime.supervisor import Supervisor
from loomkin.store.known import newest_keepers
from loomkin.ui.approvals import Approvals
from loomkin.ui.repl import Screen, Setup
from loomkin.ui.repl_desk import Desk, Ended, Start
from loomkin.ui.repl_plain import PlainScreen
from loomkin.ui.repl_shell import PersonShell
from loomkin.ui.terminal import heeded, printable
from loomkin.ui.theme import about
from loomkin.ui.transcript import Block, Kind
from loomkin.workspace.options import Options

if TYPE_CHECKING:
    from loomkin.app import Open
    from loomkin.workspace.house import House
    from loomkin.workspace.session import Session

KNOWN = ("as asked for", "from the settings")
"""Why a model was chosen, where the person knows it already."""
GRACE = 0.5
ENDING = (signal.SIGTERM, signal.SIGHUP)


def converse(options: Options, color: bool, history: bool, plain: bool) -> int:
    """Run the conversation on this terminal, `plain` without moving the cursor; the exit code.

    Raises LoomkinError where no session can be opened.
    """
    setup = None if plain else setup_of(options, color, history)
    return asyncio.run(_Conversation(options, setup).run())


def setup_of(options: Options, color: bool, history: bool) -> Setup:
    """What the screen needs before the house is open."""
    state = state_dir(options.cwd)
    keep = history and options.persist
    redact = Redactor(secret_values(options.environ)).redact
    return Setup(options.cwd, options.environ, color, state / "history" if keep else None, redact, state)


class _Conversation:
    """One run of the program on a terminal."""

    def __init__(self, options: Options, setup: Setup | None) -> None:
        self._options = options
        self._setup = setup
        self._commands: Mapping[str, Command] = {}
        self._approvals = Approvals()
        self._session = ""
        self._code = 0

    async def run(self) -> int:
        """Until the person leaves, or the process is told to end."""
        async with Supervisor(self._crashed, GRACE) as supervisor:
            self._start = supervisor.start
            self._screen = screen = self._open_screen(supervisor.start)
            self._listen(screen.leave)
            shown = supervisor.start("screen", screen.run())
            frames = supervisor.start("frames", screen.frames())
            try:
                await self._work(screen)
            finally:
                screen.stop()
                await asyncio.wait([shown], timeout=GRACE)
                frames.cancel()
                if words := screen.unsent():
                    sys.stdout.write(f"Not sent: {printable(words)}\n")
        if self._session:
            sys.stdout.write(f"To go on with this session: loomkin -r {self._session}\n")
        return self._code

    def _open_screen(self, start: Start) -> Screen | PlainScreen:
        if self._setup is None:
            return PlainScreen(self._approvals, start)
        sys.stdout.write("\r")  # over the prompt that was there first
        sys.stdout.flush()
        return Screen(self._setup, self._approvals, start)

    async def _work(self, screen: Screen | PlainScreen) -> None:
        await screen.painted()
        # the services load while the person can type already
        await asyncio.to_thread(import_module, "loomkin.app")
        self._commands = await asyncio.to_thread(load_commands)
        from loomkin.app import open_house

        async with open_house(self._options) as house:
            wish, before = house.options.wish, ""
            while True:
                options = replace(house.options, wish=wish)
                try:
                    wanted = await self._one(replace(house, options=options), screen)
                except LoomkinError as error:
                    if not before:
                        raise
                    screen.show(Block(Kind.ERROR, str(error)))
                    wanted, before = before, ""
                else:
                    before = self._session
                if not wanted:
                    return
                wish = replace(wish, last=False, resume=wanted, fork=False, name="")

    async def _one(self, house: "House", screen: Screen | PlainScreen) -> str:
        """One session from its opening to its end; the id of the one to go on with."""
        from loomkin.app import open_session

        async with open_session(house, self._approvals, self._approvals) as opened:
            screen.show(*greeting(opened))
            screen.attach(desk_of(opened, self._commands))
            watch = self._start("watch", _watch(opened.session, screen))
            wanted = await screen.left()
            watch.cancel()
            await asyncio.wait([watch])
            await screen.detach()
            self._session = opened.session.id if opened.session.agent.transcript.messages else ""
        return wanted

    def _listen(self, leave: Callable[[], None]) -> None:
        def end(number: int) -> None:
            self._code = 128 + number
            leave()

        for number in heeded(ENDING):
            asyncio.get_running_loop().add_signal_handler(number, end, number)

    def _crashed(self, name: str, error: BaseException) -> None:
        words = f"A defect in loomkin ended {name}: {type(error).__name__}: {error}"
        self._screen.show(Block(Kind.ERROR, words))


async def _watch(session: "Session", screen: Screen | PlainScreen) -> None:
    """Watch the files while the conversation lasts; what the person orders in comments is as if typed."""
    await asyncio.to_thread(import_module, "loomkin.workspace.watching")
    assert session.watching is not None
    watching = session.watching()
    async with asyncio.TaskGroup() as group:
        group.create_task(watching.run())
        while True:
            order = await watching.next()
            screen.work.submit(order.text)


def desk_of(opened: "Open", commands: Mapping[str, Command]) -> Desk:
    """An open session as the screen sees it."""
    from loomkin.agent.turn import Limits

    house, session = opened.house, opened.session
    settings = house.loaded.settings
    limits = Limits(settings.limits.max_turns, settings.limits.timeout)
    scribe = Scribe(house.journal, session.id, session.facts.role)

    async def send(text: str) -> Ended:
        return await session.answer(text, limits)

    async def attend() -> Ended:
        assert session.company is not None
        return await session.company.turn(limits, ())

    keys = [row.api_key_env for row in settings.providers.values() if row.api_key_env]
    environ = child_environment(house.options.environ, session_id=session.id, secret_names=keys)
    shell = PersonShell(Path(session.facts.cwd), environ, house.workplace.outputs, house.redactor.redact)
    context = Context(session, house.database, scribe, house.chooser, commands)
    return Desk(context, send, attend, house.bus, shell, partial(newest_keepers, house.database))


def greeting(opened: "Open") -> list[Block]:
    """What the person should know of a session when it opens: warnings, the model found, where it stands."""
    blocks = [Block(Kind.WARNING, text) for text in opened.warnings]
    if opened.chosen.why not in KNOWN:
        blocks.append(Block(Kind.NOTICE, f"model {opened.chosen.chain[0].id}: {opened.chosen.why}"))
    session = opened.session
    messages = session.agent.transcript.messages
    if session.facts.resumed and messages:
        blocks.append(Block(Kind.NOTICE, f"going on with {session.id} {session.name}".rstrip()))
        blocks += last_exchange(messages)
    return blocks


def last_exchange(messages: Sequence[Message]) -> list[Block]:
    """What the person said last, what came of it, and the calls that were cut off on the way."""
    said = [
        at for at, one in enumerate(messages)
        if one.role is Role.USER and one.sender == "person" and one.text.strip() and not one.results
    ]  # fmt: skip
    since = messages[said[-1] :] if said else messages
    blocks = [Block(Kind.PERSON, since[0].text)] if said else []
    answers = [one.text for one in since if one.role is Role.ASSISTANT and one.text.strip()]
    blocks += [Block(Kind.ANSWER, answers[-1])] if answers else []
    cut = {result.call_id: result.text for one in since for result in one.results if result.is_error}
    for call in (call for one in since for call in one.calls):
        if cut.get(call.id) == INTERRUPTED:
            told = f"{call.name} {about(call.arguments)}".rstrip()
            blocks.append(Block(Kind.FAILED, f"{told}\n{INTERRUPTED}"))
    if len(since) == 1 and said:
        blocks.append(Block(Kind.NOTICE, "nothing came of it yet"))
    return blocks
