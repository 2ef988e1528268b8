"""Facts that a command writes down together."""

from loomkin.records.event import Event, Fact
from loomkin.records.ids import SessionId
from loomkin.runtime.clock import SystemClock


class Collected:
    """A recorder that keeps events until they are written."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def record(self, fact: Fact, session: SessionId, agent: str = "", task: str = "") -> None:
        """Take a fact."""
        self.events.append(Event(0, SystemClock().now(), session, agent, task, fact))

    async def flush(self) -> None:
        """Nothing to wait for."""
