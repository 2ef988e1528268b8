"""The conversation on a terminal: finished blocks go into the scrollback, the rows below are live."""

import asyncio
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from prompt_toolkit.application import Application, run_in_terminal
from prompt_toolkit.application.current import set_app
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.output import ColorDepth

from loomkin.commands.command import CommandResult, Then
from loomkin.errors import LoomkinError
from loomkin.records.dataclass import dataclass
from loomkin.records.event import Event
from loomkin.ui import clipboard
from loomkin.ui.approvals import Approvals
from loomkin.ui.completer import WordCompleter
from loomkin.ui.editor import edit
from loomkin.ui.keys import bindings
from loomkin.ui.prompt_input import ProjectHistory, PromptInput
from loomkin.ui.repl_actions import KeyActions
from loomkin.ui.repl_desk import Desk, Start
from loomkin.ui.repl_layout import STYLE, Parts, build_layout
from loomkin.ui.repl_output import SteadyOutput
from loomkin.ui.repl_render import Painter, warm
from loomkin.ui.repl_resize import more_rows, wraps_anew
from loomkin.ui.repl_team import teammates
from loomkin.ui.repl_view import LiveView
from loomkin.ui.repl_work import Work
from loomkin.ui.transcript import Block, Kind

FRAME = 1 / 12
"""Seconds between two frames that nobody typed for."""
TICK = 1.0
QUIT = ""


@dataclass(frozen=True, slots=True)
class Setup:
    """What the screen needs before any session is open; `state` is where a copied text is kept."""

    cwd: Path
    environ: Mapping[str, str]
    color: bool
    history: Path | None
    redact: Callable[[str], str]
    state: Path


class Screen:
    """Owns the terminal; everything that is shown goes through it."""

    def __init__(self, setup: Setup, approvals: Approvals, start: Start) -> None:
        self._setup = setup
        self._start = start
        self._approvals = approvals
        self._painter = Painter(setup.color)
        self._pending: list[Block] = []
        self._dirty = asyncio.Event()
        self._painted = asyncio.Event()
        self._away = False
        self._unsubscribe: Callable[[], None] = lambda: None
        self._left: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._completer = WordCompleter(setup.cwd)
        self._draft = PromptInput(ProjectHistory(setup.history, setup.redact), self._completer)
        self._words = Buffer(multiline=False, name="words")
        self._output = SteadyOutput.open(setup.environ)
        self.work = Work(self, start)
        self._view = LiveView(self.work, approvals, self._draft)
        self._actions = KeyActions(
            self._draft,
            self._words,
            self.work,
            approvals,
            self._view,
            self.leave,
            self._open_editor,
            self._redraw,
        )
        self._app = self._application()
        self._draft.buffer.on_text_changed += lambda buffer: self._typed()
        approvals.changed = self._asked

    def _application(self) -> "Application[None]":
        view = self._view
        parts = Parts(view.preview, view.box, view.below, view.footer)
        self._regions = build_layout(
            parts, self._draft.buffer, self._words, lambda: self._actions.wording, self._output.get_size
        )
        app: Application[None] = Application(
            layout=self._regions.layout,
            key_bindings=bindings(self._actions),
            style=STYLE,
            color_depth=None if self._setup.color else ColorDepth.DEPTH_1_BIT,
            output=self._output,
            erase_when_done=True,
            before_render=lambda app: self._follow_width(),
            after_render=lambda app: self._rendered(),
        )
        app.ttimeoutlen = app.timeoutlen = 0.05
        redraw, app._on_resize = app._on_resize, lambda: self._resized(redraw)  # type: ignore[method-assign]
        return app

    def _resized(self, redraw: Callable[[], None]) -> None:
        """Erase what was drawn, also the rows that the terminal made of it by itself, and draw again."""
        with self._output.frame():
            self._follow_width()
            redraw()

    def _follow_width(self) -> None:
        """Go up to where what was drawn begins now, if the terminal wrapped it anew.

        A frame may be due after the width has changed and before its signal is heard.
        """
        renderer, columns = self._app.renderer, self._output.get_size().columns
        drawn, size = renderer.last_rendered_screen, renderer._last_size
        if drawn is None or size is None or size.columns == columns or not wraps_anew(self._setup.environ):
            return
        self._output.cursor_up(more_rows(drawn, renderer._cursor_pos, columns))

    async def run(self) -> None:
        """Show the input line and take keys until `stop`; the terminal is as before afterwards."""
        try:
            await self._app.run_async(set_exception_handler=False)
        except EOFError:
            pass  # the terminal is gone
        finally:
            self.leave()

    async def painted(self) -> None:
        """Return when the input line is there."""
        await self._painted.wait()

    async def frames(self) -> None:
        """Print what is finished and keep the live rows true, at most twelve times a second."""
        while True:
            try:
                async with asyncio.timeout(TICK if self.work.running or self._view.moving else None):
                    await self._dirty.wait()
            except TimeoutError:
                pass
            self._dirty.clear()
            self._draw()
            await asyncio.sleep(FRAME)

    def attach(self, desk: Desk) -> None:
        """Show this session from now on, and begin with what was typed already."""
        self._view.begin()
        self._completer.know(
            desk.context.commands,
            lambda command: command.choices(desk.context),
            lambda: teammates(desk.context.session),
            desk.keepers,
        )
        self._unsubscribe = desk.bus.subscribe(self._take)
        self.work.attach(desk)
        self._start("warm", asyncio.to_thread(warm))
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

    def unsent(self) -> str:
        """Words that were typed and never sent; the history has them from now on."""
        words = "\n".join([*self.work.queue, *([self._draft.whole] if self._draft.text else [])])
        self._draft.remember(words)
        return words

    def stop(self) -> None:
        """Print what is left and give the terminal back."""
        if self._app.is_running:
            self._draw()
            self._output.close()
            self._app.exit()

    def show(self, *blocks: Block) -> None:
        """Print what is finished, once."""
        self._pending += blocks
        self._dirty.set()

    def give_back(self, text: str) -> None:
        """Put words into the input line, before the draft."""
        self._draft.give_back(text)

    def changed(self) -> None:
        """Draw the live rows again, soon."""
        self._dirty.set()

    def carry_out(self, result: CommandResult) -> None:
        """Do what only the screen can."""
        match result.then:
            case Then.QUIT:
                self.leave()
            case Then.RESUME:
                self.leave(result.argument)
            case Then.COPY:
                self._copy(result.argument)
            case Then.EDIT:
                self._start("editor", self._edit(result.argument or self._draft.whole))
            case Then.STAY | Then.SEND | Then.FOCUS | Then.DRAFT:
                pass

    def leave(self, session: str = QUIT) -> None:
        """End, or go on with another session."""
        if not self._left.done():
            self._left.set_result(session)

    def _take(self, event: Event) -> None:
        desk = self.work.desk
        if desk is None or event.session != desk.context.session.id:
            return
        self._view.take(event)
        if blocks := self.work.transcript.take(event):
            self.show(*blocks)
        self._dirty.set()

    def _rendered(self) -> None:
        self._painted.set()
        self._approvals.appeared()

    def _asked(self) -> None:
        layout = self._regions.layout
        wanted = self._regions.words if self._actions.wording else self._regions.input
        if layout.current_window is not wanted:
            if wanted is self._regions.words:
                self._words.reset()
            layout.focus(wanted)
        self._app.invalidate()

    def _draw(self) -> None:
        app = self._app
        if self._away or not app.is_running:
            return
        if not self._pending:
            app.invalidate()
            return
        width = self._output.get_size().columns
        text = "".join(self._painter.paint(block, width) for block in self._pending)
        self._pending.clear()
        with self._output.frame():
            self._follow_width()
            app.renderer.erase()
            self._output.write_raw(text.replace("\n", "\r\n"))
            app._redraw()  # `invalidate` would draw after the frame has gone out, which flickers

    def _redraw(self) -> None:
        self._follow_width()
        self._app.renderer.erase()
        self._app.invalidate()

    def _typed(self) -> None:
        self._view.keys_shown = self._view.leaving = False
        self._approvals.typed()

    def _open_editor(self) -> None:
        self._start("editor", self._edit(self._draft.whole))

    async def _edit(self, draft: str) -> None:
        self._away = True
        try:
            with set_app(self._app):
                work = run_in_terminal(partial(edit, draft, self._setup.environ), in_executor=True)
            self._draft.replace(await work)
        except LoomkinError as error:
            self.show(Block(Kind.ERROR, str(error)))
        finally:
            self._away = False
            self.changed()

    def _copy(self, text: str) -> None:
        sequence = clipboard.osc52(text, self._setup.environ)
        try:
            where = f" It is in {clipboard.keep(text, self._setup.state)} too."
        except OSError:
            where = ""
        if sequence:
            self._output.write_raw(sequence)
            self._output.flush()
        said = f"Copied {len(text)} characters." if sequence else "Too long for the terminal's clipboard."
        self.show(Block(Kind.NOTICE, said + where))
