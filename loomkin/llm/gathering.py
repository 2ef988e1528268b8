"""Deltas put together to the parts of one answer, and shown as they come."""

from loomkin.llm.wire import CallDelta, Delta, Finished, FinishReason, TextDelta, ThinkingDelta
from loomkin.records.event import CallStreamed, TextStreamed, ThinkingStreamed
from loomkin.records.ids import CallId
from loomkin.records.message import Part, Text, Thinking, ToolCall
from loomkin.records.usage import Usage
from loomkin.runtime.recorder import Scribe


class Gathering:
    """One answer under way."""

    def __init__(self, scribe: Scribe, shows_calls: bool) -> None:
        self._scribe = scribe
        self._shows_calls = shows_calls
        self.restart()

    def restart(self) -> None:
        """Forget what came: the answer is asked for again."""
        self._texts: list[str] = []
        self._thoughts: list[Thinking] = []
        self._calls: dict[int, list[str]] = {}
        self._arguments: dict[int, list[str]] = {}
        self._sizes: dict[int, int] = {}
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
            if self._shows_calls and delta.text:
                self._scribe.record(TextStreamed(delta.text))
        elif isinstance(delta, ThinkingDelta):
            self._take_thought(delta)
        elif isinstance(delta, CallDelta):
            self._take_call(delta)
        elif isinstance(delta, Finished):
            self.finish, self.usage = delta.reason, delta.usage

    def parts(self) -> tuple[Part, ...]:
        """The answer: thinking, words, calls."""
        words = (Text(self.text),) if self.text else ()
        return (*self._thoughts, *words, *self.calls)

    def _take_thought(self, delta: ThinkingDelta) -> None:
        # a signature closes a block: the next thought begins another one
        if not self._thoughts or self._thoughts[-1].signature:
            self._thoughts.append(Thinking(""))
        last = self._thoughts[-1]
        self._thoughts[-1] = Thinking(last.text + delta.text, delta.signature)
        if delta.text:
            self._scribe.record(ThinkingStreamed(delta.text))

    def _take_call(self, delta: CallDelta) -> None:
        known = self._calls.setdefault(delta.index, ["", ""])
        known[0] = delta.id or known[0]
        known[1] = delta.name or known[1]
        self._arguments.setdefault(delta.index, []).append(delta.arguments)
        size = self._sizes.get(delta.index, 0) + len(delta.arguments)
        self._sizes[delta.index] = size
        self._scribe.record(CallStreamed(delta.index, known[1], size))
