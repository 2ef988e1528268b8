"""Which messages leave a window: the oldest whole turns first, then what is finished with; words never."""

from collections.abc import Iterable, Iterator, Sequence

from loomkin.keepers.worth import Worth, worths
from loomkin.records.dataclass import dataclass, field
from loomkin.records.ids import MessageId
from loomkin.records.keeper import Aim, Form, Held
from loomkin.records.message import Message, Part, Role, Text, ToolResult

TURNS = 2
"""How many of the last turns stay whole where they fit."""
STEPS = 3
"""How many of the last steps stay even in one long turn."""
HUGE = 4_000
"""Tokens above which words that stay are shown by head and tail, as the last resort but one."""
CLIP = 4_000
"""Most characters that stay of each end of what is shown by head and tail."""
LEAST_CLIP = 200
LEFT = 40
"""Tokens of the words that say where the rest is."""
FRESH = 2
"""How many of the last steps keep all results but those that were read again since."""
LONG = 300
"""Tokens from which on a result may leave its step, of which a line stays in its place."""
STUB = 80
"""Characters that stay of either end of such a result."""


@dataclass(frozen=True, slots=True)
class Moved:
    """What goes: the messages that a keeper takes, and of which of them something stays in the window."""

    messages: tuple[Message, ...]
    words: tuple[MessageId, ...]
    clipped: tuple[MessageId, ...]
    tokens: int
    side: int = 0


@dataclass(slots=True)
class _Unit:
    """What goes together: an assistant's message with the results of its calls, or one other message."""

    held: list[Held] = field(default_factory=list)

    @property
    def step(self) -> bool:
        return self.held[0].message.role is Role.ASSISTANT

    @property
    def pinned(self) -> bool:
        return self.held[0].pinned


def plan(held: Sequence[Held], aim: Aim) -> Moved | None:
    """What should go; None where nothing may, or it is not worth it."""
    return _Plan(held, aim).made()


_Piece = tuple[Worth, int, Held | None]


class _Plan:
    """Takes messages out, in the order in which they can best be missed, until enough is gone."""

    def __init__(self, held: Sequence[Held], aim: Aim) -> None:
        self._held = held
        self._aim = aim
        self._units = list(_units(held))
        self._used = aim.used
        self._gone: dict[MessageId, Held] = {}
        self._words: dict[MessageId, Held] = {}
        self._clipped: dict[MessageId, Held] = {}
        self._sizes: dict[MessageId, int] = {}
        self._worth: dict[MessageId, Worth] = {}
        self._side = 0
        # with some room to spare, or the next step would need it again
        self._spare = (aim.fits + aim.most) // 2
        self._enough = aim.fits
        if aim.wanted < aim.fits:
            self._enough = aim.used if aim.used <= aim.most else min(self._spare, aim.used - aim.least)

    def made(self) -> Moved | None:
        if self._aim.whole:
            self._gone = {one.message.id: one for one in self._held}
            return self._moved()
        steps = [at for at, unit in enumerate(self._units) if unit.step]
        end = steps[-STEPS] if len(steps) >= STEPS else steps[0] if steps else 0
        turns = [0, *_turns(self._units)]
        late = turns[-TURNS] if len(turns) >= TURNS else 0
        self._whole_turns([at for at in turns if at <= min(late, end)], min(late, end))
        if self._used > self._aim.fits or self._aim.used - self._used < self._aim.least:
            self._by_worth(steps, end)
        if self._used > self._aim.fits:
            worth_it = self._aim.used - self._used >= self._aim.least
            enough = self._enough if worth_it else self._aim.fits
            self._attachments(range(1, len(self._units)), enough)
        if self._used > self._aim.most:
            self._last_resorts(end, steps[-1] if steps else end)
        freed = self._aim.used - self._used
        if freed <= 0 or (freed < self._aim.least and self._aim.used <= self._aim.most):
            return None
        return self._moved()

    def _by_worth(self, steps: list[int], end: int) -> None:
        """Single results and steps, what is finished with first; what the person named where it overflows."""
        aim = self._aim
        worth = self._worth = worths([one.message for one in self._held])
        fresh = steps[-FRESH] if len(steps) >= FRESH else 0
        pieces = sorted(self._pieces(worth, steps, end), key=lambda piece: piece[:2])
        old = [piece for piece in pieces if piece[1] < fresh or piece[0] is Worth.REPEATED]
        self._side = STUB
        self._go((piece for piece in old if piece[0] is not Worth.NAMED), end, aim.wanted)
        if self._enough < aim.used:
            self._go((piece for piece in old if piece[0] is Worth.NAMED), end, self._enough)
        if self._used > aim.most:
            self._go((piece for piece in pieces if piece not in old), end, self._spare)

    def _go(self, pieces: Iterable[_Piece], end: int, wanted: int) -> None:
        """A step whose long results are all gone goes whole, but for the last ones."""
        for _, at, one in pieces:
            unit = self._units[at]
            if self._used <= wanted:
                return
            if one is not None:
                self._clipped[one.message.id] = one
                self._shrink(one, STUB // 2 + LEFT)
            if at < end and all(self._now(other) < LONG for other in unit.held[1:]):
                self._take(unit)

    def _pieces(self, worth: dict[MessageId, Worth], steps: list[int], end: int) -> Iterator[_Piece]:
        """What may go by itself: a long result, or a step without any."""
        for at, unit in enumerate(self._units[: steps[-1]] if steps else ()):
            if unit.held[0].message.id in self._gone:
                continue
            long = [one for one in unit.held if one.message.results and one.tokens >= LONG]
            yield from ((worth.get(one.message.id, Worth.PLAIN), at, one) for one in long)
            if at < end and not long:
                known = (worth.get(one.message.id, Worth.PLAIN) for one in unit.held[1:])
                yield max(known, default=Worth.PLAIN), at, None

    def _last_resorts(self, end: int, last: int) -> None:
        """Whole steps up to the last one, then head and tail of what stays."""
        for one in self._clipped.values():
            self._used += one.tokens - self._sizes.pop(one.message.id)
        self._clipped.clear()
        self._move_until(0, end, self._aim.wanted)
        self._move_until(end, last, self._spare)
        self._side = min(CLIP, self._aim.window // 5)
        self._clip(self._spare)
        if self._used > self._spare:
            self._side = max(LEAST_CLIP, self._side // 8)
            self._clip(self._spare)

    def _whole_turns(self, starts: list[int], end: int) -> None:
        """A turn goes whole or stays."""
        for begin, stop in zip(starts, [*starts[1:], end], strict=True):
            if self._used <= self._aim.wanted:
                return
            self._attachments(range(max(begin, 1), stop), 0)
            for unit in self._units[begin:stop]:
                self._take(unit)

    def _move_until(self, begin: int, end: int, wanted: int) -> None:
        for unit in self._units[begin:end]:
            if self._used <= wanted:
                return
            self._take(unit)

    def _take(self, unit: _Unit) -> None:
        if unit.pinned or unit is self._units[0] or unit.held[0].message.id in self._gone:
            return
        for one in unit.held:
            self._used -= self._now(one)
            self._clipped.pop(one.message.id, None)
            self._gone[one.message.id] = one

    def _attachments(self, places: range, wanted: int) -> None:
        """What was attached to words may go, the words stay."""
        for at in places:
            one = self._units[at].held[0]
            if self._used <= wanted:
                return
            if one.pinned and one.form is Form.WHOLE and len(one.message.parts) > 1:
                left = _share(one, one.message.parts[:1])
                if one.message.id not in self._words and left < one.tokens:
                    self._words[one.message.id] = one
                    self._shrink(one, left)

    def _clip(self, wanted: int) -> None:
        """Head and tail of what must stay: results, those first that are missed least, then words."""
        left = self._side // 2 + LEFT
        staying = [one for unit in self._units[1:] for one in unit.held if one.message.id not in self._gone]
        results = [one for one in staying if one.message.results]
        results.sort(key=lambda one: (self._worth.get(one.message.id, Worth.PLAIN), -self._now(one)))
        words = [one for one in staying if one.pinned]
        huge = [one for one in words if self._now(one) > HUGE]
        for one in (*results, *huge, *words):
            if self._used <= wanted:
                return
            if self._now(one) > left * 3 // 2:
                self._words.pop(one.message.id, None)
                self._clipped[one.message.id] = one
                self._shrink(one, left)

    def _now(self, one: Held) -> int:
        """What a message weighs after what was decided so far."""
        return self._sizes.get(one.message.id, one.tokens)

    def _shrink(self, one: Held, left: int) -> None:
        self._used -= self._now(one) - left
        self._sizes[one.message.id] = left

    def _moved(self) -> Moved | None:
        taken = {**self._gone, **self._words, **self._clipped}
        messages = tuple(one.message for one in self._held if one.message.id in taken)
        if not messages:
            return None
        return Moved(
            messages,
            tuple(self._words),
            tuple(self._clipped),
            sum(taken[one.id].tokens for one in messages),
            self._side if self._clipped else 0,
        )


def _units(held: Sequence[Held]) -> Iterator[_Unit]:
    """Each call with its results, wherever these stand."""
    owners: dict[str, _Unit] = {}
    units: list[_Unit] = []
    for one in held:
        results = one.message.results
        unit = owners.get(results[0].call_id) if results else None
        if unit is None:
            unit = _Unit()
            units.append(unit)
        unit.held.append(one)
        for call in one.message.calls:
            owners[call.id] = unit
    yield from units


def _turns(units: Sequence[_Unit]) -> Iterator[int]:
    """Where turns begin: words that come after an answer that planned nothing more."""
    answered = False
    for at, unit in enumerate(units):
        if unit.step:
            answered = not unit.held[0].message.calls
        elif answered and not unit.held[0].message.results:
            answered = False
            yield at


def _share(one: Held, parts: Sequence[Part]) -> int:
    """About what some parts of a message weigh, by their length."""
    whole = sum(map(_length, one.message.parts)) or 1
    return one.tokens * sum(map(_length, parts)) // whole + LEFT


def _length(part: Part) -> int:
    return len(part.text) if isinstance(part, Text | ToolResult) else 4_000
