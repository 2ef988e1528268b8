"""Where facts are written down, as those who cause them see it."""

from typing import Protocol

from loomkin.records.dataclass import dataclass
from loomkin.records.event import Fact
from loomkin.records.ids import SessionId


class Recorder(Protocol):
    """Takes facts at once; `flush` returns when they are on disk."""

    def record(self, fact: Fact, session: SessionId, agent: str = "", task: str = "") -> None:
        """Take a fact."""
        ...

    async def flush(self) -> None:
        """Wait until everything recorded is on disk; raises StoreError where it cannot be."""
        ...


@dataclass(slots=True)
class Scribe:
    """A recorder bound to one agent of one session; `task` is what the agent works on now."""

    recorder: Recorder
    session: SessionId
    agent: str = ""
    task: str = ""

    def record(self, fact: Fact) -> None:
        """Take a fact of this agent."""
        self.recorder.record(fact, self.session, self.agent, self.task)

    async def flush(self) -> None:
        """Wait until everything recorded is on disk."""
        await self.recorder.flush()
