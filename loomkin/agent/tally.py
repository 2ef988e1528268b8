"""Counts what an agent did in its present turn, so that there is an end to it."""

from loomkin.records.event import Event, TurnStarted


class Tally:
    """A count for each agent that begins anew with its turn; give `take` to the bus."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._counts: dict[str, int] = {}

    def take(self, event: Event) -> None:
        """A new turn of an agent begins its count anew."""
        if isinstance(event.fact, TurnStarted):
            self._counts.pop(event.agent, None)

    def one_more(self, agent: str) -> bool:
        """Count one, or say that there are enough."""
        count = self._counts.get(agent, 0)
        if count >= self.most:
            return False
        self._counts[agent] = count + 1
        return True
