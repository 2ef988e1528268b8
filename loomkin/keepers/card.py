"""What a piece of a conversation was about, read off it without asking a model."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence

from loomkin.records.keeper import Card
from loomkin.records.message import RAN, Message, Role, ToolCall, ToolResult
from loomkin.records.regex import pattern

MOST_FILES = 40
MOST = 12
TITLE = 72
LINE = 100
PATH_KEYS = ("path", "file", "from", "to", "old_path", "new_path")
WRITES = ("file_write", "file_edit", "file_patch")
_DEFINED = pattern(r"^[+ \t]*(?:async +)?(?:def|class|fn|func|function|struct) +([A-Za-z_]\w+)", re.M)
_PATCHED = pattern(r"^(?:\+\+\+ b/|\*\*\* (?:Add|Update|Delete) File: )(\S+)", re.M)
_TAG = pattern(r"</?[a-z_]+(?: [a-z_]+=\"[^\"]*\")*>")
_SENTENCE = pattern(r"(?s).+?(?=[.!?:;](?:\s|$)|\n|$)")
_DECISION = pattern(r"\bd\d+\b")


def card(messages: Sequence[Message], before: str, topic: str = "") -> Card:
    """The card of some messages; `before` are the words that the first of them answers."""
    reading = _Reading()
    for message in messages:
        reading.take(message)
    title = topic or _first_sentence(before or reading.letter) or reading.doing() or "earlier steps"
    return Card(
        title=_one_line(title, TITLE).rstrip(".:"),
        files=tuple(name for name, _ in reading.files.most_common(MOST_FILES)),
        symbols=tuple(reading.symbols)[:MOST],
        decisions=tuple(reading.decisions)[:MOST],
        worked=tuple(reading.worked)[-MOST:],
        failed=tuple(reading.failed)[-MOST:],
        lines=tuple(reading.lines),
    )


class _Reading:
    """Gathers what a card tells, message by message."""

    def __init__(self) -> None:
        self.files: Counter[str] = Counter()
        self.symbols: dict[str, None] = {}
        self.decisions: dict[str, None] = {}
        self.worked: dict[str, None] = {}
        self.failed: dict[str, None] = {}
        self.lines: list[str] = []
        self.letter = ""
        self._written: Counter[str] = Counter()
        self._calls: dict[str, tuple[str, str]] = {}

    def take(self, message: Message) -> None:
        if message.text.startswith(RAN):
            self.worked[_one_line(message.text.removeprefix(RAN).partition("\n")[0], LINE)] = None
        elif not self.letter and message.role is Role.USER and message.sender != "loomkin":
            self.letter = message.text
        for call in message.calls:
            self._call(call)
        for result in message.results:
            self._result(result)
        self.lines.append(self._line(message))

    def doing(self) -> str:
        """What was changed and run, else what was read."""
        changed = [name for name, _ in self._written.most_common() if _within(name)][:2]
        run = list(self.worked)[-1:] or [text.partition(": ")[0] for text in list(self.failed)[-1:]]
        if changed or run:
            return "; ".join((*(["changed " + ", ".join(changed)] if changed else []), *run))
        read = [name for name, _ in self.files.most_common() if _within(name)][:2]
        return f"read {', '.join(read)}" if read else ""

    def _call(self, call: ToolCall) -> None:
        arguments = _arguments(call.arguments)
        self.files.update(_paths(arguments))
        if call.name in WRITES:
            self._written.update(_paths(arguments))
        command = arguments.get("command")
        shown = command if isinstance(command, str) else next(map(str, arguments.values()), "")
        about = _one_line(shown, LINE)
        self._calls[call.id] = (call.name, about)
        if call.name in WRITES:
            for text in (value for value in arguments.values() if isinstance(value, str)):
                self.symbols.update(dict.fromkeys(_DEFINED.findall(text)))
                self.files.update(_PATCHED.findall(text))

    def _result(self, result: ToolResult) -> None:
        name, about = self._calls.get(result.call_id, (result.name, ""))
        if name.startswith("decision_"):
            self.decisions.update(dict.fromkeys(_DECISION.findall(result.text)))
        if result.is_error:
            why = _one_line(_reason(result.text), LINE)
            self.failed[f"{about or name}: {why}" if name == "shell" else f"{name} {about}: {why}"] = None
        elif name == "shell" and about:
            self.worked[about] = None
            self.failed = {text: None for text in self.failed if not text.startswith(f"{about}: ")}

    def _line(self, message: Message) -> str:
        if message.results:
            told = "; ".join(_told(result) for result in message.results)
        else:
            calls = " ".join(f"> {' '.join(self._calls[call.id]).rstrip()}" for call in message.calls)
            told = f"{message.text} {calls}".strip()
        return f"{message.sender}: {_one_line(told, LINE)}"


def _within(path: str) -> bool:
    return not path.startswith(("/", "~", ".."))


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


def _arguments(text: str) -> dict[str, object]:
    try:
        value = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _paths(arguments: dict[str, object]) -> Iterator[str]:
    for key in PATH_KEYS:
        value = arguments.get(key)
        if isinstance(value, str) and value and len(value) < 300:
            yield value.removeprefix("./")


def _one_line(text: str, most: int) -> str:
    flat = " ".join(text[: most * 8].split())
    if len(flat) <= most:
        return flat
    end = flat.rfind(" ", most // 2, most)
    return flat[: end if end > 0 else most - 1] + "…"
