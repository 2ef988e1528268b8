"""What a piece of a conversation was about, read off it without asking a model."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence

from loomkin.keepers.called import LOOKS, READS, WRITES, arguments, files
from loomkin.records.keeper import Card
from loomkin.records.message import RAN, Message, Role, ToolCall, ToolResult
from loomkin.records.regex import pattern

MOST_FILES = 40
MOST = 12
TITLE = 72
LINE = 100
NAMED = 3
"""Files, commands and searches that a title names of each."""
DEEDS = 160
_DEFINED = pattern(r"^[+ \t]*(?:async +)?(?:def|class|fn|func|function|struct) +([A-Za-z_]\w+)", re.M)
_TAG = pattern(r"</?[a-z_]+(?: [a-z_]+=\"[^\"]*\")*>")
_SENTENCE = pattern(r"(?s).+?(?=[.!?:;](?:\s|$)|\n|$)")
_DECISION = pattern(r"\bd\d+\b")


def card(
    messages: Sequence[Message],
    topic: str = "",
    window: Iterable[Message] = (),
    staying: Collection[str] = (),
) -> Card:
    """The card of some messages of a `window`; those `staying` still say there what they say."""
    reading = _Reading(window)
    for message in messages:
        reading.take(message, stays=message.id in staying)
    words = topic or _first_sentence(reading.letter)
    return Card(
        title=_one_line(words, TITLE).rstrip(".:") or _one_line(reading.doing(), DEEDS) or "earlier steps",
        files=tuple(name for name, _ in reading.files.most_common(MOST_FILES)),
        symbols=tuple(reading.symbols)[:MOST],
        decisions=tuple(reading.decisions)[:MOST],
        worked=tuple(reading.worked)[-MOST:],
        failed=tuple(reading.failed)[-MOST:],
        lines=tuple(reading.lines),
    )


class _Reading:
    """Gathers what a card tells, message by message, of a window whose calls it knows."""

    def __init__(self, window: Iterable[Message]) -> None:
        self.files: Counter[str] = Counter()
        self.symbols: dict[str, None] = {}
        self.decisions: dict[str, None] = {}
        self.worked: dict[str, None] = {}
        self.failed: dict[str, None] = {}
        self.lines: list[str] = []
        self.letter = ""
        self._changed: dict[str, None] = {}
        self._ran: dict[str, str] = {}
        self._read: dict[str, None] = {}
        self._searched: dict[str, None] = {}
        self._calls = {call.id: call for message in window for call in message.calls}

    def take(self, message: Message, *, stays: bool) -> None:
        if message.text.startswith(RAN):
            command = _one_line(message.text.removeprefix(RAN).partition("\n")[0], LINE)
            self.worked[command] = None
            self._ran[command] = ""
        elif not self.letter and message.role is Role.USER and message.sender != "loomkin" and not stays:
            self.letter = message.text
        self._calls |= {call.id: call for call in message.calls}
        for result in message.results:
            self._result(result)
        self.lines.append(self._line(message))

    def doing(self) -> str:
        """What was done: changes first, then what was run, read and searched."""
        ran = [f"{command}{end}" for command, end in self._ran.items()][::-1]
        told = (
            ("changed", list(map(_name, self._changed))),
            ("ran", [_one_line(one, LINE // 2) for one in ran]),
            ("read", [_name(path) for path in self._read if path not in self._changed]),
            ("searched", [f"'{one}'" for one in self._searched]),
        )
        return "; ".join(f"{deed} {_few(names)}" for deed, names in told if names)

    def _call(self, call: ToolCall) -> str:
        """Takes note of what a call was about; says it in a few words."""
        given = arguments(call)
        paths = list(files(call, given))
        self.files.update(paths)
        if call.name in WRITES:
            for text in (value for value in given.values() if isinstance(value, str)):
                self.symbols.update(dict.fromkeys(_DEFINED.findall(text)))
        elif call.name in READS:
            self._read.update(dict.fromkeys(paths))
        elif call.name in LOOKS and isinstance(given.get("pattern"), str):
            self._searched[_one_line(str(given["pattern"]), LINE // 3)] = None
        return _about(given)

    def _result(self, result: ToolResult) -> None:
        call = self._calls.get(result.call_id)
        name, about = (call.name, self._call(call)) if call else (result.name, "")
        if name.startswith("decision_"):
            self.decisions.update(dict.fromkeys(_DECISION.findall(result.text)))
        if name == "shell" and about:
            self._ran.pop(about, None)
            self._ran[about] = f" → {_exit(result.text)}" if result.is_error else ""
        if result.is_error:
            why = _one_line(_reason(result.text), LINE)
            self.failed[f"{about or name}: {why}" if name == "shell" else f"{name} {about}: {why}"] = None
        elif name == "shell" and about:
            self.worked[about] = None
            self.failed = {text: None for text in self.failed if not text.startswith(f"{about}: ")}
        elif call and name in WRITES:
            self._changed.update(dict.fromkeys(files(call, arguments(call))))

    def _line(self, message: Message) -> str:
        if message.results:
            told = "; ".join(_told(result) for result in message.results)
        else:
            calls = " ".join(f"> {call.name} {_about(arguments(call))}".rstrip() for call in message.calls)
            told = f"{message.text} {calls}".strip()
        return f"{message.sender}: {_one_line(told, LINE)}"


def _about(given: dict[str, object]) -> str:
    command = given.get("command")
    return _one_line(command if isinstance(command, str) else next(map(str, given.values()), ""), LINE)


def _name(path: str) -> str:
    return path.rstrip("/").rpartition("/")[2] or path


def _few(names: Collection[str]) -> str:
    some = list(dict.fromkeys(names))
    more = f" (+{len(some) - NAMED})" if len(some) > NAMED else ""
    return ", ".join(some[:NAMED]) + more


def _exit(text: str) -> str:
    """How a command ended, by the last line of its result."""
    last = text.rstrip().rpartition("\n")[2]
    return last if last.startswith("exit ") and len(last) < TITLE else "failed"


def _first_sentence(text: str) -> str:
    plain = _TAG.sub("", text).strip()
    found = _SENTENCE.match(plain)
    return found[0] if found else plain


def _told(result: ToolResult) -> str:
    return f"{result.name} {'failed' if result.is_error else 'gave'} {_reason(result.text)}"


def _reason(text: str) -> str:
    """The line of a result that says most: the error of a program, else the first that is not empty."""
    head = [line for line in text[:4_000].splitlines() if line.strip()]
    tail = [line for line in text[-4_000:].splitlines() if line.strip()]
    if tail and tail[-1].startswith("exit "):
        told = [line for line in reversed(tail[:-1]) if _ERROR.search(line)]
        return told[0] if told else tail[-1]
    return head[0] if head else ""


_ERROR = pattern(r"(?i)\b(?:error|failed|exception|not found|no such|refused|cannot|denied)\b|Error:")


def _one_line(text: str, most: int) -> str:
    flat = " ".join(text[: most * 8].split())
    if len(flat) <= most:
        return flat
    end = flat.rfind(" ", most // 2, most)
    return flat[: end if end > 0 else most - 1] + "…"
