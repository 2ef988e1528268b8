"""Deltas put together to the parts of one answer, and shown as they come, without secrets."""

from typing import Protocol

from loomkin.llm.wire import CallDelta, Delta, FinishReason, TextDelta, ThinkingDelta
from loomkin.records.event import CallStreamed, TextStreamed, ThinkingStreamed
from loomkin.records.ids import CallId
from loomkin.records.message import Part, Text, Thinking, ToolCall
from loomkin.records.usage import Usage
from loomkin.runtime.recorder import Scribe


class Screen(Protocol):
    """Takes secrets out of a text that comes in pieces."""

    def feed(self, text: str) -> str:
        """Take the next piece and give what can be shown."""
        ...

    def finish(self) -> str:
        """What was held back, at the end of the text; another one may follow."""
        ...


class Redaction(Protocol):
    """Takes secrets out of what a model writes."""

    def redact(self, text: str) -> str:
        """A whole text without secrets."""
        ...

    def stream(self) -> Screen:
        """What does the same with a text that comes in pieces."""
        ...


class Gathering:
    """One answer under way."""

    def __init__(self, scribe: Scribe, shows_calls: bool, redaction: Redaction) -> None:
        self._scribe = scribe
        self._shows_calls = shows_calls
        self._redaction = redaction
        self.restart()

    def restart(self) -> None:
        """Forget what came: the answer is asked for again."""
        self._texts: list[str] = []
        self._thoughts: list[Thinking] = []
        self._calls: dict[int, list[str]] = {}
        self._arguments: dict[int, list[str]] = {}
        self._sizes: dict[int, int] = {}
        self._words, self._reasoning = self._redaction.stream(), self._redaction.stream()
        self.usage: Usage | None = None
        self.finish: FinishReason | None = None
        self.begun = False

    @property
    def text(self) -> str:
        """The words so far."""
        return "".join(self._texts)

    @property
    def calls(self) -> tuple[ToolCall, ...]:
        """The calls so far, in the order the model gave them."""
        return tuple(
            ToolCall(CallId(self._calls[index][0]), self._calls[index][1], "".join(self._arguments[index]))
            for index in sorted(self._calls)
        )

    @property
    def written(self) -> str:
        """Everything that the model has written so far, its thinking too."""
        thoughts = "".join(thought.text for thought in self._thoughts)
        return thoughts + self.text + "".join(call.arguments for call in self.calls)

    def take(self, delta: Delta) -> None:
        """Add one delta and show it."""
        self.begun = True
        if isinstance(delta, TextDelta):
            self._texts.append(delta.text)
            self._show_thought(self._reasoning.finish())
            self._show(self._words.feed(delta.text))
            return
        self._show(self._words.finish())
        if isinstance(delta, ThinkingDelta):
            self._take_thought(delta)
            return
        self._show_thought(self._reasoning.finish())
        if isinstance(delta, CallDelta):
            self._take_call(delta)
        else:
            self.finish, self.usage = delta.reason, delta.usage

    def parts(self) -> tuple[Part, ...]:
        """The answer as the model wrote it: thinking, words, calls."""
        words = (Text(self.text),) if self.text else ()
        return (*self._thoughts, *words, *self.calls)

    def _take_thought(self, delta: ThinkingDelta) -> None:
        # a signature closes a block: the next thought begins another one
        if not self._thoughts or self._thoughts[-1].signature:
            self._thoughts.append(Thinking(""))
        last = self._thoughts[-1]
        self._thoughts[-1] = Thinking(last.text + delta.text, delta.signature)
        self._show_thought(self._reasoning.feed(delta.text))

    def _show(self, words: str) -> None:
        if self._shows_calls and words:
            self._scribe.record(TextStreamed(words))

    def _show_thought(self, words: str) -> None:
        if words:
            self._scribe.record(ThinkingStreamed(words))

    def _take_call(self, delta: CallDelta) -> None:
        known = self._calls.setdefault(delta.index, ["", ""])
        known[0] = delta.id or known[0]
        known[1] = delta.name or known[1]
        self._arguments.setdefault(delta.index, []).append(delta.arguments)
        size = self._sizes.get(delta.index, 0) + len(delta.arguments)
        self._sizes[delta.index] = size
        self._scribe.record(CallStreamed(delta.index, known[1], size))
