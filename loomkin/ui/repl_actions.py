"""What the keys do."""

import time
from collections.abc import Callable

from prompt_toolkit.buffer import Buffer
from prompt_toolkit.completion import CompleteEvent

from loomkin.errors import LoomkinError
from loomkin.records.dataclass import dataclass
from loomkin.records.permission import Mode
from loomkin.ui.approvals import Approvals, Step, agent_of
from loomkin.ui.prompt_input import PromptInput
from loomkin.ui.repl_box import is_diff, whole_text
from loomkin.ui.repl_view import LiveView
from loomkin.ui.repl_work import Work
from loomkin.ui.transcript import Block, Kind

JUST = 1.0
"""Seconds after the end of a turn in which Ctrl+C was meant for the turn."""
CYCLE = (Mode.ASK, Mode.EDITS, Mode.PLAN)


@dataclass(slots=True)
class KeyActions:
    """Every action of a key, on the draft, the work or the question; `words` is the answer being typed."""

    draft: PromptInput
    words: Buffer
    work: Work
    approvals: Approvals
    view: LiveView
    leave: Callable[[], None]
    open_editor: Callable[[], None]
    redraw: Callable[[], None]
    escaped: float = float("-inf")

    @property
    def asking(self) -> bool:
        """A question waits for a key."""
        current = self.approvals.current
        return current is not None and current.step is Step.KEY

    @property
    def wording(self) -> bool:
        """A question waits for words."""
        current = self.approvals.current
        return current is not None and current.step is Step.WORDS

    @property
    def empty(self) -> bool:
        """Nothing is in the input line."""
        return not self.draft.text

    def enter(self) -> None:
        """Send, queue, answer, or take the chosen completion."""
        if self.wording:
            if not self.approvals.guarded and self.approvals.say(self.words.text):
                self.words.reset()
            return
        buffer = self.draft.buffer
        state = buffer.complete_state
        chosen = state is not None and state.current_completion is not None
        if chosen and self.view.browsing and not self.draft.text.startswith("/"):
            buffer.complete_state = None
            return
        if buffer.document.current_char in ("", "\n") and buffer.document.char_before_cursor == "\\":
            buffer.delete_before_cursor()
            self.newline()
            return
        if self.draft.text.strip():
            self.work.submit(self.draft.take())

    def newline(self) -> None:
        """One more line."""
        self.draft.buffer.insert_text("\n")

    def steer(self) -> None:
        """The draft, or what was queued first, goes into the very next model call."""
        if self.draft.text.strip():
            self.work.steer(self.draft.take())
        elif self.work.queue and self.work.running:
            self.work.steer(self.work.queue.pop(0))

    def escape(self) -> None:
        """Close what is open; decline; interrupt."""
        if self.draft.buffer.complete_state is not None and not self.approvals.count:
            self.draft.buffer.cancel_completion()
        elif self.view.keys_shown:
            self.view.keys_shown = False
        elif not self.approvals.back():
            self._stop()

    def _stop(self) -> None:
        """Decline the question and interrupt the own agent; once more within a second: the whole team."""
        again, self.escaped = time.monotonic() - self.escaped < JUST, time.monotonic()
        if again and self.work.interrupt_all():
            return
        current = self.approvals.current
        if current is not None:
            self.approvals.decline(current)
            if agent_of(current) != self.work.transcript.own:
                return  # whose call it was goes on without it, the others anyway
        if not self.work.interrupt() and self.view.moving:
            self.work.face.show(Block(Kind.NOTICE, "Esc again within a second stops the whole team's turns."))

    def control_c(self) -> None:
        """Clear the line, else interrupt, else end at the second time."""
        if self.wording and self.words.text:
            self.words.reset()
        elif not self.empty:
            self.draft.take()
        elif self.work.running:
            self.work.interrupt()
        elif self.view.leaving:
            self.leave()
        elif time.monotonic() - self.work.ended_at > JUST:
            self.view.leaving = True

    def next_mode(self) -> None:
        """The next of ask, edits, plan."""
        if self.work.desk is not None:
            session = self.work.desk.context.session
            mode = session.gate.mode
            after = CYCLE[(CYCLE.index(mode) + 1) % len(CYCLE)] if mode in CYCLE else Mode.ASK
            try:
                session.change_mode(after)
            except LoomkinError as error:
                self.work.face.show(Block(Kind.ERROR, str(error)))

    def complete(self) -> None:
        """Complete the word, or go to the next completion; the word in the line is then what is meant."""
        self.view.browsing = False
        buffer = self.draft.buffer
        if buffer.complete_state is not None:
            buffer.complete_next()
            return
        # what is known without waiting is taken at once: a search under way would swallow the key
        known = list(
            buffer.completer.get_completions(buffer.document, CompleteEvent(completion_requested=True))
        )
        if len(known) == 1:
            buffer.apply_completion(known[0])
        else:
            buffer.start_completion(insert_common_part=True)

    def up(self) -> None:
        """The completion, line or entry before; on an empty line what was queued last."""
        buffer = self.draft.buffer
        if buffer.complete_state is not None:
            self.view.browsing = True
            buffer.complete_previous()
        elif not self.empty or (recalled := self.work.recall()) is None:
            buffer.auto_up()
        else:
            self.draft.replace(recalled)

    def down(self) -> None:
        """The completion, line or entry after."""
        if self.draft.buffer.complete_state is not None:
            self.view.browsing = True
            self.draft.buffer.complete_next()
        else:
            self.draft.buffer.auto_down()

    def toggle_keys(self) -> None:
        """Show or hide what the keys do."""
        self.view.keys_shown = not self.view.keys_shown

    def show_all(self) -> None:
        """Print all that the question is about."""
        if (current := self.approvals.current) is not None:
            text = whole_text(current)
            self.work.face.show(Block(Kind.DIFF if is_diff(text) else Kind.PLAIN, text))

    def next_question(self) -> None:
        """The question that waits behind this one."""
        self.approvals.turn()

    def paste(self, text: str) -> None:
        """Insert pasted text."""
        self.draft.paste(text)

    def rub_out(self) -> bool:
        """Delete a chip at the cursor."""
        return not self.wording and self.draft.rub_out()

    def press(self, key: str) -> bool:
        """Give a key to the question; where words stand in the input line it belongs to them."""
        return self.empty and self.approvals.press(key)
