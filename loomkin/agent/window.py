"""What one agent's model sees: the view on its transcript, kept within the model's window."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from itertools import takewhile
from typing import Protocol

from loomkin.agent.cards import tokens_of_cards
from loomkin.agent.history import Readying
from loomkin.agent.transcript import Transcript
from loomkin.agent.view import Shown, View
from loomkin.agent.zones import Zones, brim, measure, room_for_answer
from loomkin.llm.client import ModelClient
from loomkin.records.dataclass import dataclass
from loomkin.records.keeper import Aim, Held, Keeper
from loomkin.records.keeper_event import KeeperMade
from loomkin.records.message import RAN, Message, Role, ToolSpec
from loomkin.runtime.recorder import Scribe
from loomkin.tooling.remembering import SIGHT
from loomkin.tooling.toolbox import Toolbox

WORTH = 0.2
"""The least part of a window that makes a keeper worth it: each one makes providers read all of it anew."""
LEAST = 200


class Overflow(Protocol):
    """Where messages go that leave a window."""

    async def keep(self, held: Sequence[Held], aim: Aim, scribe: Scribe) -> Keeper | None:
        """A keeper, not written down yet, of what should go; None where nothing may or it is not worth it."""
        ...


@dataclass(frozen=True, slots=True)
class Room:
    """When a window is emptied and how far, as parts of the whole; without `overflow` never."""

    offload_at: float = 0.7
    offload_to: float = 0.4
    overflow: Callable[[], Overflow] | None = None


@dataclass(frozen=True, slots=True)
class Load:
    """What one model call carries, and the longest answer that still fits."""

    messages: tuple[Message, ...]
    tools: tuple[ToolSpec, ...]
    zones: Zones


@dataclass(frozen=True, slots=True)
class Offloaded:
    """A keeper that was made, and the window before and after."""

    keeper: Keeper
    before: Zones
    after: Zones


class Window:
    """Shows an agent's transcript to its model; `pinned` names what else must stay in sight."""

    def __init__(
        self,
        system: str,
        transcript: Transcript,
        model: ModelClient,
        toolbox: Toolbox,
        scribe: Scribe,
        room: Room,
    ) -> None:
        self.system = system
        self.transcript = transcript
        self.pinned: Callable[[Message], bool] = lambda message: False
        self._model = model
        self._toolbox = toolbox
        self._scribe = scribe
        self._room = room
        self._view = View()
        self._readied = Readying()
        self._one_at_a_time = asyncio.Lock()
        self._refused: dict[str, int] = {}
        self._emptied_at = 0

    @property
    def shown(self) -> list[Shown]:
        """What stands in the window, in order."""
        return self._view(self.transcript.messages, self.transcript.keepers)

    @property
    def size(self) -> int:
        """The model's window in tokens, less where a request that should have fitted was refused."""
        spec = self._model.spec
        return min(spec.window, self._refused.get(spec.id, spec.window))

    def load(self) -> Load:
        """What a model call would carry now."""
        messages = self._readied([one.message for one in self.shown])
        tools, spec = self._toolbox.specs(), self._model.spec
        zones = measure(self._model.estimator, spec.id, self.system, tools, messages, self.size)
        return Load(messages, tools, zones)

    async def fit(self) -> tuple[Load, int]:
        """What the next model call carries, and the longest answer that it leaves room for.

        Raises ContextLengthError where no room can be made.
        """
        load, room = self.load(), self._room
        size, most = load.zones.window, self._brim(load.zones.window)
        if load.zones.used > most or (load.zones.used > room.offload_at * size and not self._just_emptied):
            wanted = min(room.offload_at, room.offload_to)
            # the new card needs room too
            fits = max(0, min(int((room.offload_at + wanted) / 2 * size), most - 2 * tokens_of_cards(size)))
            aim = Aim(
                used=load.zones.used,
                wanted=min(int(wanted * size), fits),
                fits=fits,
                most=most,
                least=int(WORTH * size),
                window=size,
            )
            if await self._offload(load.zones, aim):
                load = self.load()
                self._emptied_at = len(self.transcript.messages)
        return load, room_for_answer(load.zones, self._model.spec.max_output)

    async def refused(self, load: Load) -> bool:
        """Make room after the provider found a request too long; False where there is nothing to move."""
        used = load.zones.used
        self._refused[self._model.spec.id] = used
        wanted = min(int(self._room.offload_to * load.zones.window), used // 2)
        most = min(int(self._room.offload_at * used), self._brim(used))
        fits = min(wanted, most)
        aim = Aim(used, fits, fits=fits, most=most, least=1, window=used)
        return await self._offload(load.zones, aim) is not None

    async def offload(self, topic: str = "") -> Offloaded | None:
        """Move all but the last steps and what must stay; None where there is next to nothing to move."""
        zones = self.load().zones
        most = self._brim(zones.window)
        return await self._offload(zones, Aim(zones.used, 0, 0, most, LEAST, zones.window, topic))

    async def clear(self) -> Offloaded | None:
        """Move everything, the first message too, and leave no card: the conversation begins anew."""
        zones = self.load().zones
        aim = Aim(zones.used, 0, 0, 0, 0, zones.window, whole=True)
        made = await self._offload(zones, aim)
        self.transcript.clear()
        self._emptied_at = 0
        return made

    async def _offload(self, before: Zones, aim: Aim) -> Offloaded | None:
        if self._room.overflow is None:
            return None
        async with self._one_at_a_time:
            keeper = await self._room.overflow().keep(tuple(self._held()), aim, self._scribe)
            if keeper is None:
                return None
            self.transcript.hold(keeper)
            self._toolbox.show(SIGHT)
            after = self.load().zones.bare if aim.whole else self.load().zones
            self._scribe.record(KeeperMade(keeper, before.percent, after.percent))
            return Offloaded(keeper, before, after)

    @property
    def _just_emptied(self) -> bool:
        """Whether at most one step was taken since the window was emptied."""
        later = self.transcript.messages[self._emptied_at :] if self._emptied_at else ()
        return self._emptied_at > 0 and sum(message.role is Role.ASSISTANT for message in later) < 2

    def _brim(self, size: int) -> int:
        return brim(size, self._model.spec.max_output)

    def _held(self) -> Iterator[Held]:
        """The messages in the window with what they weigh; what came before the agent's first words stays."""
        shown = self.shown
        weights = self._model.estimator.each(self._model.spec.id, [one.message for one in shown])
        unspoken = takewhile(lambda message: message.role is Role.USER, self.transcript.messages)
        opening = {message.id for message in unspoken}
        for one, tokens in zip(shown, weights, strict=True):
            message = one.original
            if message is None:
                continue
            stays = message.role is Role.USER and not message.results
            pinned = stays and (message.id in opening or _is_word(message) or self.pinned(message))
            yield Held(message, tokens, one.form, pinned)


def _is_word(message: Message) -> bool:
    """Whether the person said it; what a command printed that they ran is no word of theirs."""
    return message.sender == "person" and not message.text.startswith(RAN)
