"""What the live rows show at this moment."""

import time

from prompt_toolkit.data_structures import Size

from loomkin.commands.help import KEYS
from loomkin.records.event import Event, MessageAdded, ModelChanged, UsageRecorded, WindowCleared
from loomkin.records.keeper_event import KeeperMade
from loomkin.ui.agent_rows import doing_now, is_busy
from loomkin.ui.approvals import Approvals
from loomkin.ui.prompt_input import PromptInput
from loomkin.ui.repl_box import Line, box_lines, wrap
from loomkin.ui.repl_footer import Footing, agent_lines, footer_text
from loomkin.ui.repl_layout import Rows, menu_lines
from loomkin.ui.repl_work import Work
from loomkin.ui.state import ViewState, reduce
from loomkin.ui.terminal import one_line

_FILLS = (MessageAdded, UsageRecorded, KeeperMade, WindowCleared, ModelChanged)


class LiveView:
    """Reads the session's reduced state, the work under way, the draft and the question.

    `keys_shown` shows the keys, `leaving` that Ctrl+C ends now, `browsing` that arrows chose a completion.
    """

    def __init__(self, work: Work, approvals: Approvals, draft: PromptInput) -> None:
        self._work = work
        self._approvals = approvals
        self._draft = draft
        self._state = ViewState()
        self._window: int | None = None
        self._filled = False
        self.keys_shown = False
        self.leaving = False
        self.browsing = False

    def begin(self) -> None:
        """Another session: nothing is known of it yet."""
        self._state, self._window, self._filled = ViewState(), None, False

    def take(self, event: Event) -> None:
        """Follow an event."""
        self._state = reduce(self._state, event)
        if isinstance(event.fact, _FILLS):
            self._filled = True

    def _share(self) -> int | None:
        """How full the window is, as /context has it; measured again where something was said or went."""
        if self._filled and self._work.desk is not None:
            self._filled = False
            self._window = self._work.desk.context.session.zones().percent
        return self._window

    def preview(self, size: Size) -> list[Line]:
        """What is under way; a question needs the rows more."""
        if self._approvals.count:
            return []
        lines = self._work.transcript.preview(Rows(size.rows).preview)
        return [("preview", _clip(line, size.columns)) for line in lines]

    def box(self, size: Size) -> list[Line]:
        """The question that waits."""
        current = self._approvals.current
        if current is None:
            return []
        rows, typing = Rows(size.rows).box, bool(self._draft.text)
        return box_lines(current, self._approvals.others, size.columns - 1, rows, typing=typing)

    def below(self, size: Size) -> list[Line]:
        """Completions, keys, and what is queued."""
        lines = menu_lines(self._draft.buffer, size)
        if self.leaving:
            lines.append(("keys", _clip("Ctrl+C again (or Ctrl+D) to exit", size.columns)))
        if self.keys_shown:
            width = max(len(keys) for keys, _ in KEYS)
            shown = [_clip(f"{keys:<{width}}  {what}", size.columns) for keys, what in KEYS]
            lines += [("quiet", line) for line in shown[: Rows(size.rows).keys]]
        waiting = [f"⇢ {text}" for text in self._work.steered] + [f"↳ {text}" for text in self._work.queue]
        most = 3 if size.rows > 15 else 1
        lines += [("quiet", _clip(one_line(text, 400), size.columns)) for text in waiting[:most]]
        return lines

    def footer(self, size: Size) -> list[Line]:
        """The last rows: at most eight, fewer on a low screen."""
        last = ("footer", footer_text(self._footing(), size.columns - 1) or " ")
        lines = agent_lines(self._state, time.time(), size.columns - 1, Rows(size.rows).agents)
        return [*(("footer", line) for line in lines), last]

    @property
    def moving(self) -> bool:
        """Whether any agent is in the middle of something, so that times go on."""
        return any(is_busy(agent) for agent in self._state.present)

    def _footing(self) -> Footing:
        desk, state = self._work.desk, self._state
        if desk is None:
            return Footing(doing="opening", queued=len(self._work.queue))
        session = desk.context.session
        running = self._work.running
        return Footing(
            mode=session.gate.mode.value,
            model=session.agent.model.spec.id,
            window=self._share(),
            tokens=state.tokens,
            cost=state.cost,
            unpriced=state.unpriced,
            seconds=time.monotonic() - self._work.begun_at if running else None,
            doing=self._doing(session.agent.name) if running else "",
            queued=len(self._work.queue) + len(self._work.steered),
            waiting=self._approvals.count,
        )

    def _doing(self, name: str) -> str:
        return "" if len(self._state.present) > 1 else doing_now(self._state.agent(name), time.time())


def _clip(line: str, columns: int) -> str:
    return wrap(line.expandtabs(4), max(columns - 1, 1))[0]
