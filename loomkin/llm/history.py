"""Provider-neutral messages brought into the shape that every provider accepts."""

import json
from collections.abc import Iterable

from loomkin.llm.kept import begins_with
from loomkin.records.dataclass import dataclass
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
    return Shaper().turns(messages)


class Shaper:
    """Makes turns of a conversation that grows from call to call.

    Turns that nothing said later can change are settled: they are made once and stay the same objects, for
    as long as the messages that come begin with the same ones.
    """

    def __init__(self) -> None:
        self._forget()

    def turns(self, messages: Iterable[Message]) -> list[Turn]:
        """The same as the function `turns`."""
        listed = list(messages)
        if not begins_with(listed, self._messages):
            self._forget()
        fresh = listed[len(self._messages) :]
        rest, ends = _merged(fresh)
        if self._turns and rest and rest[0][0] is Role.USER:  # it would belong to the last settled turn
            self._forget()
            fresh = listed
            rest, ends = _merged(fresh)
        answers = _Answers(rest, self._used, self._count)
        shaped = answers.shaped()
        count = answers.settled
        front, back = _joined(shaped[:count]), shaped[count:]
        # an assistant's turn might still grow
        if not front or front[-1].role is Role.ASSISTANT:
            return self._turns + _joined(front + back)
        self._messages += fresh[: ends[count - 1]]
        self._turns += front
        spoken = [call.id for turn in front if turn.role is Role.ASSISTANT for call in turn.calls]
        self._used.update(spoken)
        self._count += len(spoken)
        return self._turns + _joined(back)

    def _forget(self) -> None:
        self._messages: list[Message] = []
        self._turns: list[Turn] = []
        self._used: set[str] = set()
        self._count = 0


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


_Source = tuple[Role, list[Part]]


def _merged(messages: Iterable[Message]) -> tuple[list[_Source], list[int]]:
    """Sides that take turns, and how many messages each one ends at."""
    merged: list[_Source] = []
    ends: list[int] = []
    for number, message in enumerate(messages, 1):
        parts = [part for part in message.parts if not isinstance(part, Text) or part.text.strip()]
        if not any(isinstance(part, Text | Image | ToolCall | ToolResult) for part in parts):
            continue
        if merged and merged[-1][0] is message.role:
            merged[-1][1].extend(parts)
            ends[-1] = number
        else:
            merged.append((message.role, parts))
            ends.append(number)
    return merged, ends


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
    """Which result answers which call: results go to the oldest open call that bears their id.

    `used` and `count` tell of the calls before these. Of the sources, the first `settled` ones stand before
    an assistant's one at which no call was open, so that no later result can belong to them.
    """

    def __init__(self, merged: list[_Source], used: set[str], count: int) -> None:
        self._merged = merged
        self._slots: dict[int, list[_Slot]] = {}
        self._claimed: set[tuple[int, int]] = set()
        self.settled = 0
        used = set(used)
        opened: list[_Slot] = []
        for number, (role, parts) in enumerate(merged):
            if role is Role.ASSISTANT and not opened:
                self.settled = number
            for place, part in enumerate(parts):
                if isinstance(part, ToolCall) and role is Role.ASSISTANT:
                    count += 1
                    identity = _fresh_id(part.id, used, count)
                    clean = ToolCall(CallId(identity), clean_name(part.name), part.arguments)
                    slot = _Slot(clean, part.id)
                    self._slots.setdefault(number, []).append(slot)
                    opened.append(slot)
                elif isinstance(part, ToolResult) and _claim(part, opened):
                    self._claimed.add((number, place))

    def shaped(self) -> list[Turn]:
        """A turn for each source, and one more where the last calls have no turn behind them."""
        shaped: list[Turn] = []
        owed: tuple[ToolResult, ...] = ()
        for number, (role, parts) in enumerate(self._merged):
            if role is Role.ASSISTANT:
                words = tuple(part for part in parts if not isinstance(part, ToolCall))
                slots = self._slots.get(number, ())
                owed = tuple(slot.result or _lost(slot.call) for slot in slots)
                shaped.append(Turn(role, (*words, *(slot.call for slot in slots))))
            else:
                rest = (_words(p) for at, p in enumerate(parts) if (number, at) not in self._claimed)
                shaped.append(Turn(role, (*owed, *rest)))
                owed = ()
        return [*shaped, Turn(Role.USER, owed)] if owed else shaped


def _claim(result: ToolResult, opened: list[_Slot]) -> bool:
    for slot in opened:
        if slot.original == result.call_id:
            slot.result = ToolResult(slot.call.id, slot.call.name, result.text, result.is_error)
            opened.remove(slot)
            return True
    return False


def _lost(call: ToolCall) -> ToolResult:
    return ToolResult(call.id, call.name, LOST, is_error=True)


def _words(part: Part) -> Part:
    return Text(f"Result of {part.name}:\n{part.text}") if isinstance(part, ToolResult) else part


def _fresh_id(raw: str, used: set[str], count: int) -> str:
    identity = raw if CLEAN_ID.fullmatch(raw) and raw not in used else f"call_{count}"
    while identity in used:
        identity += "x"
    used.add(identity)
    return identity
