"""How much of the model's window is used, zone by zone, in tokens."""

from collections.abc import Sequence

from loomkin.agent.view import CARD
from loomkin.errors import ContextLengthError
from loomkin.llm.estimate import Estimator
from loomkin.records.dataclass import dataclass
from loomkin.records.message import Message, Role, ToolResult, ToolSpec

LEAST_ANSWER = 1024
FULL, SPARE = 0.9, 0.02
"""The part of a window above which the last resorts are taken, and what is spared beside the least answer."""


@dataclass(frozen=True, slots=True)
class Zones:
    """Estimated tokens of each part of a request, and the window they share."""

    system: int
    tools: int
    rules: int
    decisions: int
    cards: int
    person: int
    agent: int
    mail: int
    results: int
    window: int

    @property
    def used(self) -> int:
        """All parts together."""
        told = self.rules + self.decisions + self.cards
        return self.system + self.tools + told + self.person + self.agent + self.mail + self.results

    @property
    def percent(self) -> int:
        """How full the window is."""
        return round(100 * self.used / self.window)

    @property
    def bare(self) -> "Zones":
        """What is left of them where nothing is said yet."""
        return Zones(self.system, self.tools, 0, 0, 0, 0, 0, 0, 0, self.window)


def measure(
    estimator: Estimator,
    model: str,
    system: str,
    tools: Sequence[ToolSpec],
    messages: Sequence[Message],
    window: int,
) -> Zones:
    """The zones of a request to a model."""
    zones = {"rules": 0, "decisions": 0, "cards": 0, "person": 0, "agent": 0, "mail": 0, "results": 0}
    for message, tokens in zip(messages, estimator.each(model, messages), strict=True):
        zone = _zone(message)
        brief = _brief(message.text, tokens) if zone in ("rules", "person") else 0
        zones[zone] += tokens - brief
        zones["decisions"] += brief
    return Zones(estimator.text(model, system), estimator.tools(model, tools), **zones, window=window)


def brim(window: int, max_output: int) -> int:
    """The most tokens that leave room for an answer; above them the last resorts are taken."""
    answered = window - min(LEAST_ANSWER, max_output) - int(SPARE * window)
    return max(0, min(int(FULL * window), answered))


def room_for_answer(zones: Zones, max_output: int) -> int:
    """The longest answer that still fits; raises ContextLengthError where too little is left."""
    left = zones.window - zones.used
    if left < min(LEAST_ANSWER, max_output):
        raise ContextLengthError(
            f"The conversation (about {zones.used:,} tokens) leaves no room for an answer in the model's "
            f"window of {zones.window:,}.",
            hint="Begin a new session, /clear, or continue with a model that has a larger window (--model).",
        )
    return min(max_output, left)


def _zone(message: Message) -> str:
    if message.parts and isinstance(message.parts[0], ToolResult):
        return "results"
    if message.id.startswith(CARD):
        return "cards"
    return "agent" if message.role is Role.ASSISTANT else _ZONE.get(message.sender, "mail")


def _brief(text: str, tokens: int) -> int:
    """How many of a message's tokens tell of decisions."""
    start = text.find("<decisions>")
    end = text.find("</decisions>", start)
    return tokens * (end + len("</decisions>") - start) // len(text) if 0 <= start < end else 0


_ZONE = {"person": "person", "loomkin": "rules"}
