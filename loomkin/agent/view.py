"""The window as a view on the transcript: what keepers hold is left out, and a card stands in its place."""

import re
from collections.abc import Iterable, Iterator, Sequence

from loomkin.agent.cards import cards
from loomkin.records.dataclass import dataclass
from loomkin.records.ids import KeeperId, MessageId
from loomkin.records.keeper import Form, Keeper
from loomkin.records.message import Message, Part, Role, Text, ToolResult
from loomkin.records.regex import pattern

CARD = "card-"
_ATTACHED = pattern(r'^<(?:file|folder) path="([^"\n]+)"', re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Shown:
    """A message as it stands in the window; `original` is what was said, None for a card."""

    message: Message
    original: Message | None
    form: Form = Form.WHOLE


def whole_ids(shown: Iterable[Shown]) -> frozenset[str]:
    """The messages that stand in a window as they were said."""
    return frozenset(one.message.id for one in shown if one.original is not None and one.form is Form.WHOLE)


class View:
    """Makes the window of a transcript that grows; what it altered stays the same object until keepers come.

    It depends on nothing but the messages and the keepers, so that a later process shows the same.
    """

    def __init__(self) -> None:
        self._keepers: tuple[Keeper, ...] = ()
        self._forms: dict[MessageId, tuple[Form | None, Keeper]] = {}
        self._cards: dict[MessageId, list[Shown]] = {}
        self._altered: dict[MessageId, Shown] = {}

    def __call__(self, messages: Iterable[Message], keepers: Sequence[Keeper]) -> list[Shown]:
        """What stands in the window, in order."""
        if tuple(keepers) != self._keepers:
            self._learn(tuple(keepers))
        if not self._keepers:
            return [Shown(message, message) for message in messages]
        return [shown for message in messages for shown in self._of(message)]

    def _of(self, message: Message) -> Iterator[Shown]:
        held = self._forms.get(message.id)
        if held is None:
            yield Shown(message, message)
            return
        form, keeper = held
        if form is not None:
            known = self._altered.get(message.id)
            if known is None:
                known = self._altered[message.id] = Shown(_altered(message, form, keeper), message, form)
            yield known
        yield from self._cards.get(message.id, ())

    def _learn(self, keepers: tuple[Keeper, ...]) -> None:
        """What was altered before is made anew: a later keeper may leave less of it."""
        self._keepers = keepers
        self._altered.clear()
        self._cards.clear()
        self._forms.clear()
        for keeper in keepers:
            held: dict[MessageId, tuple[Form | None, Keeper]] = dict.fromkeys(keeper.messages, (None, keeper))
            held |= dict.fromkeys(keeper.words, (Form.WORDS, keeper))
            held |= dict.fromkeys(keeper.clipped, (Form.CLIPPED, keeper))
            self._forms |= held
        for identity, text in cards(keepers).items():
            self._place(next(keeper for keeper in keepers if keeper.id == identity), identity, text)

    def _place(self, keeper: Keeper, identity: KeeperId, text: str) -> None:
        if not keeper.messages:
            return
        staying = {*keeper.words, *keeper.clipped}
        anchor = next((one for one in keeper.messages if one not in staying), keeper.messages[0])
        card = Message(MessageId(CARD + identity), Role.USER, (Text(text),), "loomkin", 0.0)
        self._cards.setdefault(anchor, []).append(Shown(card, None))


def _altered(message: Message, form: Form, keeper: Keeper) -> Message:
    parts = message.parts[:1] if form is Form.WORDS else message.parts
    where = f'context_read(keeper="{keeper.id}", message="{message.id}", span=0)'
    shown = [_clipped(part, keeper.side, where) if form is Form.CLIPPED else part for part in parts]
    if form is Form.WORDS or (len(message.parts) > 1 and message.sender == "person"):
        shown = [shown[0], Text(_attachments(message.parts[1:], keeper))]
    return Message(message.id, message.role, tuple(shown), message.sender, message.at)


def _attachments(parts: Sequence[Part], keeper: Keeper) -> str:
    found = [name for part in parts if isinstance(part, Text) for name in _ATTACHED.findall(part.text)]
    what = ", ".join(found[:8]) + (" and more" if len(found) > 8 else "") or "more"
    return f"[attached to this: {what}; now in keeper {keeper.id}, context_read shows it]"


def _clipped(part: Part, side: int, where: str) -> Part:
    if not isinstance(part, Text | ToolResult) or len(part.text) <= 2 * side + 200:
        return part
    text, left = part.text, len(part.text) - 2 * side
    pointer = f"[{left:,} characters are left out here; whole: {where}]"
    whole = f"{text[:side]}\n{pointer}\n{text[-side:]}"
    if isinstance(part, Text):
        return Text(whole)
    return ToolResult(part.call_id, part.name, whole, part.is_error)
