"""From events to blocks: what is finished is given out once, what is under way is the preview."""

from collections.abc import Callable
from enum import StrEnum
from typing import Any

from loomkin.records import event as facts
from loomkin.records.dataclass import dataclass, field
from loomkin.records.event import Event, Fact
from loomkin.records.keeper_event import KeeperMade
from loomkin.records.message import Message, Role, ToolResult
from loomkin.ui.keeper_words import keeper_line
from loomkin.ui.repl_markdown import MarkdownBlocks
from loomkin.ui.terminal import one_line, printable
from loomkin.ui.theme import about, span

DIFF_LINES = 60
THOUGHT = 240
REASON = 200
TAIL = 8000


class Kind(StrEnum):
    """What a block is, for its look."""

    PERSON = "person"
    ANSWER = "answer"
    THINKING = "thinking"
    CALL = "call"
    FAILED = "failed"
    DIFF = "diff"
    OUTPUT = "output"
    PLAIN = "plain"
    NOTICE = "notice"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Block:
    """Something finished; printed once and never again. `agent` is whose it is, where that must be said."""

    kind: Kind
    text: str
    agent: str = ""


@dataclass(slots=True)
class _Call:
    tool: str
    about: str
    state: str = ""
    seconds: float = 0.0
    output: str = ""
    changes: list[facts.FileChanged] = field(default_factory=list)


class Transcript:
    """Follows one agent's events."""

    def __init__(self) -> None:
        self._answer = MarkdownBlocks()
        self._streamed = False
        self._written = ""
        self._settled = ""
        self._thought = ""
        self._writing = ""
        self._calls: dict[str, _Call] = {}
        self._echoed: list[str] = []
        self._output = ""

    def expect(self, text: str) -> None:
        """The words are on the screen already: their event shows nothing."""
        self._echoed.append(text)

    def run_output(self, text: str) -> None:
        """More output of a command that the person runs."""
        self._output = (self._output + text)[-TAIL:]

    def end_output(self) -> None:
        """The person's command has ended."""
        self._output = ""

    def take(self, event: Event) -> list[Block]:
        """The blocks that an event finishes."""
        handle = _HANDLERS.get(type(event.fact))
        return [] if handle is None else handle(self, event.fact)

    def settle(self) -> list[Block]:
        """What was under way when it was stopped, as far as it came."""
        blocks = [*self._end_thought(), *(Block(Kind.ANSWER, text) for text in self._answer.close())]
        self._calls.clear()
        self._settled, self._written = self._written, ""
        self._writing = self._output = ""
        self._streamed = False
        return blocks

    def preview(self, most: int) -> list[str]:
        """At most `most` last lines of what is under way."""
        lines: list[str] = []
        if self._thought:
            lines.append("∴ " + one_line(self._thought[-THOUGHT:], THOUGHT))
        lines += printable(self._answer.rest).splitlines()
        if self._writing:
            lines.append(self._writing)
        for call in self._calls.values():
            if not call.state:
                lines.append(f"◌ {call.tool} {call.about}".rstrip())
                lines += [f"  {line}" for line in printable(call.output).splitlines()[-3:]]
        lines += printable(self._output).splitlines()
        return lines[-most:] if most > 0 else []

    def _text(self, fact: facts.TextStreamed) -> list[Block]:
        self._streamed = True
        self._written += fact.text
        blocks = self._end_thought()
        return [*blocks, *(Block(Kind.ANSWER, text) for text in self._answer.feed(fact.text))]

    def _thinking(self, fact: facts.ThinkingStreamed) -> list[Block]:
        self._thought += fact.text
        return []

    def _restarted(self, fact: facts.StreamRestarted) -> list[Block]:
        shown = self._streamed
        self._answer, self._thought, self._writing, self._streamed = MarkdownBlocks(), "", "", False
        self._written = ""
        return [Block(Kind.NOTICE, "the stream broke; the answer is asked for again")] if shown else []

    def _call_streamed(self, fact: facts.CallStreamed) -> list[Block]:
        self._writing = f"◌ {fact.name} … {fact.size} characters"
        return self._end_thought()

    def _message(self, fact: facts.MessageAdded) -> list[Block]:
        message = fact.message
        if message.role is Role.ASSISTANT:
            return self._answered(message)
        self._settled = ""
        if message.results:
            return [block for result in message.results for block in self._result(result)]
        return self._said(message) if message.sender == "person" else []

    def _answered(self, message: Message) -> list[Block]:
        if not self._streamed:
            # what was written down late, after a full disk, is on the screen as far as it was settled
            self._answer.feed(message.text.removeprefix(self._settled))
        blocks = [*self._end_thought(), *(Block(Kind.ANSWER, text) for text in self._answer.close())]
        self._streamed, self._writing, self._written, self._settled = False, "", "", ""
        for call in message.calls:
            self._calls[call.id] = _Call(call.name, about(call.arguments))
        return blocks

    def _said(self, message: Message) -> list[Block]:
        for text in self._echoed:
            if message.text.startswith(text):
                self._echoed.remove(text)
                return []
        return [Block(Kind.PERSON, message.text)]

    def _started(self, fact: facts.CallStarted) -> list[Block]:
        known = self._calls.setdefault(fact.call_id, _Call(fact.tool, ""))
        known.about = about(fact.arguments) or known.about
        return []

    def _printed(self, fact: facts.OutputStreamed) -> list[Block]:
        if call := self._calls.get(fact.call_id):
            call.output = (call.output + fact.text)[-TAIL:]
        return []

    def _changed(self, fact: facts.FileChanged) -> list[Block]:
        if call := self._calls.get(fact.call_id):
            call.changes.append(fact)
        return []

    def _finished(self, fact: facts.CallFinished) -> list[Block]:
        call = self._calls.setdefault(fact.call_id, _Call(fact.tool, ""))
        call.state, call.seconds = fact.state, fact.seconds
        return []

    def _result(self, result: ToolResult) -> list[Block]:
        call = self._calls.pop(result.call_id, _Call(result.name, ""))
        took = f"  {span(call.seconds)}" if call.seconds >= 1 else ""
        if call.changes:
            blocks = []
            for change in call.changes:
                counts = f"+{change.added} -{change.removed}"
                blocks.append(Block(Kind.CALL, f"{call.tool} {change.path} {counts}{took}"))
                blocks += _diff(change.diff)
            return blocks
        line = f"{call.tool} {call.about}".rstrip() + took
        if not result.is_error:
            return [Block(Kind.CALL, line)]
        state = f"{call.state}: " if call.state not in ("", "failed", "interrupted") else ""
        return [Block(Kind.FAILED, f"{line}\n{state}{one_line(result.text, REASON)}")]

    def _noticed(self, fact: facts.NoticeGiven) -> list[Block]:
        return [Block(Kind.WARNING if fact.level == "warning" else Kind.NOTICE, fact.text)]

    def _kept(self, fact: KeeperMade) -> list[Block]:
        return [Block(Kind.NOTICE, keeper_line(fact))]

    def _repeats(self, fact: facts.LoopNoticed) -> list[Block]:
        return [Block(Kind.WARNING, f"the agent repeats itself: {fact.pattern}")]

    def _granted(self, fact: facts.GrantAdded) -> list[Block]:
        text = f"allowed for the {fact.scope} from now on: {fact.rule}"
        return [
            Block(Kind.NOTICE, f"{text} (`/permissions` lists it, `/permissions revoke N` takes it back)")
        ]

    def _hooked(self, fact: facts.HookRan) -> list[Block]:
        return [Block(Kind.WARNING, f"a {fact.event} hook objected: {fact.reason}")] if fact.blocked else []

    def _question(self, fact: facts.QuestionAsked) -> list[Block]:
        return [Block(Kind.PLAIN, f"? {fact.question}")]

    def _reply(self, fact: facts.QuestionAnswered) -> list[Block]:
        return [] if fact.assumed else [Block(Kind.PERSON, fact.answer)]

    def _end_thought(self) -> list[Block]:
        thought, self._thought = self._thought, ""
        return [Block(Kind.THINKING, one_line(thought, THOUGHT))] if thought.strip() else []


def _diff(diff: str) -> list[Block]:
    lines = diff.rstrip("\n").split("\n")
    if not diff.strip():
        return []
    if len(lines) > DIFF_LINES:
        lines[DIFF_LINES:] = [f"… {len(lines) - DIFF_LINES} more lines; /diff shows all"]
    return [Block(Kind.DIFF, "\n".join(lines))]


_HANDLERS: dict[type[Fact], Callable[[Transcript, Any], list[Block]]] = {
    facts.TextStreamed: Transcript._text,
    facts.ThinkingStreamed: Transcript._thinking,
    facts.StreamRestarted: Transcript._restarted,
    facts.CallStreamed: Transcript._call_streamed,
    facts.MessageAdded: Transcript._message,
    facts.CallStarted: Transcript._started,
    facts.OutputStreamed: Transcript._printed,
    facts.FileChanged: Transcript._changed,
    facts.CallFinished: Transcript._finished,
    facts.NoticeGiven: Transcript._noticed,
    KeeperMade: Transcript._kept,
    facts.LoopNoticed: Transcript._repeats,
    facts.GrantAdded: Transcript._granted,
    facts.HookRan: Transcript._hooked,
    facts.QuestionAsked: Transcript._question,
    facts.QuestionAnswered: Transcript._reply,
}
