"""Provider-neutral messages brought into the shape that every provider accepts."""

import json
from collections.abc import Iterable

from loomkin.records.dataclass import dataclass, replace
from loomkin.records.ids import CallId
from loomkin.records.message import Image, Message, Part, Role, Text, ToolCall, ToolResult
from loomkin.records.regex import pattern

CLEAN_ID = pattern(r"[A-Za-z0-9_-]{1,40}")
UNCLEAN_NAME = pattern(r"[^A-Za-z0-9_-]")
LOST = "No result of this call was recorded: it may or may not have run. Check before you repeat it."


@dataclass(frozen=True, slots=True)
class Turn:
    """What one side says before the other speaks; in a user turn the results come first."""

    role: Role
    parts: tuple[Part, ...]

    @property
    def calls(self) -> tuple[ToolCall, ...]:
        """The planned calls, in order."""
        return tuple(part for part in self.parts if isinstance(part, ToolCall))

    @property
    def results(self) -> tuple[ToolResult, ...]:
        """The tool results, in the order of their calls."""
        return tuple(part for part in self.parts if isinstance(part, ToolResult))

    @property
    def images(self) -> tuple[Image, ...]:
        """The pictures, in order."""
        return tuple(part for part in self.parts if isinstance(part, Image))

    @property
    def text(self) -> str:
        """All words, an empty line between messages."""
        return "\n\n".join(part.text for part in self.parts if isinstance(part, Text))


def turns(messages: Iterable[Message]) -> list[Turn]:
    """The messages as turns that alternate, each call answered directly after it.

    Empty texts are left out. Ids that are missing, repeated, too long or of odd letters are replaced, always
    by the same ones for the same history. A call without a result gets one that says so; a result without a
    call becomes words.
    """
    merged = _merged(messages)
    answers = _Answers(merged)
    shaped: list[Turn] = []
    owed: tuple[ToolResult, ...] = ()
    for number, (role, parts) in enumerate(merged):
        if role is Role.ASSISTANT:
            calls = answers.calls(number)
            owed = answers.results(number)
            words = tuple(part for part in parts if not isinstance(part, ToolCall))
            shaped.append(Turn(role, (*words, *calls)))
            if owed and (number + 1 == len(merged)):
                shaped.append(Turn(Role.USER, owed))
        else:
            rest = tuple(answers.words(part) for part in parts if not answers.is_claimed(part))
            shaped.append(Turn(role, (*owed, *rest)))
            owed = ()
    return _joined(shaped)


def arguments_object(call: ToolCall) -> dict[str, object]:
    """The arguments as an object; an empty one where the model did not write valid JSON of an object."""
    try:
        value = json.loads(call.arguments, parse_constant=lambda _: None)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def clean_name(name: str) -> str:
    """A tool name that every provider accepts: letters, digits, `_` and `-`, at most 64."""
    return UNCLEAN_NAME.sub("_", name)[:64] or "unknown"


def _merged(messages: Iterable[Message]) -> list[tuple[Role, list[Part]]]:
    merged: list[tuple[Role, list[Part]]] = []
    for message in messages:
        parts = [part for part in message.parts if not isinstance(part, Text) or part.text.strip()]
        if not any(isinstance(part, Text | Image | ToolCall | ToolResult) for part in parts):
            continue
        if merged and merged[-1][0] is message.role:
            merged[-1][1].extend(parts)
        else:
            merged.append((message.role, parts))
    return merged


def _joined(shaped: list[Turn]) -> list[Turn]:
    """Without empty turns; their neighbours become one."""
    joined: list[Turn] = []
    for turn in shaped:
        if not turn.parts:
            continue
        if joined and joined[-1].role is turn.role:
            joined[-1] = Turn(turn.role, joined[-1].parts + turn.parts)
        else:
            joined.append(turn)
    return joined


@dataclass(slots=True)
class _Slot:
    call: ToolCall
    original: str
    result: ToolResult | None = None


class _Answers:
    """Which result answers which call: results go to the oldest open call that bears their id."""

    def __init__(self, merged: list[tuple[Role, list[Part]]]) -> None:
        self._slots: dict[int, list[_Slot]] = {}
        self._claimed: set[int] = set()
        used: set[str] = set()
        opened: list[_Slot] = []
        count = 0
        for number, (role, parts) in enumerate(merged):
            for part in parts:
                if isinstance(part, ToolCall) and role is Role.ASSISTANT:
                    count += 1
                    identity = _fresh_id(part.id, used, count)
                    clean = replace(part, id=CallId(identity), name=clean_name(part.name))
                    slot = _Slot(clean, part.id)
                    self._slots.setdefault(number, []).append(slot)
                    opened.append(slot)
                elif isinstance(part, ToolResult):
                    self._claim(part, opened)

    def _claim(self, result: ToolResult, opened: list[_Slot]) -> None:
        for slot in opened:
            if slot.original == result.call_id:
                slot.result = replace(result, call_id=slot.call.id, name=slot.call.name)
                self._claimed.add(id(result))
                opened.remove(slot)
                return

    def calls(self, number: int) -> tuple[ToolCall, ...]:
        return tuple(slot.call for slot in self._slots.get(number, ()))

    def results(self, number: int) -> tuple[ToolResult, ...]:
        return tuple(
            slot.result or ToolResult(slot.call.id, slot.call.name, LOST, is_error=True)
            for slot in self._slots.get(number, ())
        )

    def is_claimed(self, part: Part) -> bool:
        return isinstance(part, ToolResult) and id(part) in self._claimed

    def words(self, part: Part) -> Part:
        return Text(f"Result of {part.name}:\n{part.text}") if isinstance(part, ToolResult) else part


def _fresh_id(raw: str, used: set[str], count: int) -> str:
    identity = raw if CLEAN_ID.fullmatch(raw) and raw not in used else f"call_{count}"
    while identity in used:
        identity += "x"
    used.add(identity)
    return identity
