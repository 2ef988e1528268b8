"""Tells the agents of a session of doubts in what they decided, each doubt once."""

from loomkin.records.decision_event import DoubtTold
from loomkin.records.ids import SessionId
from loomkin.runtime.recorder import Recorder
from loomkin.store.database import Database
from loomkin.store.decision_hints import any_unheard


class Hearing:
    """Looks for what an agent has not heard; costs next to nothing where there is nothing."""

    def __init__(self, database: Database, recorder: Recorder, session: SessionId) -> None:
        self._database = database
        self._recorder = recorder
        self._session = session
        self._told: set[tuple[str, str, float]] = set()

    def news(self, agent: str) -> str:
        """What an agent must hear now, empty for nothing; it counts as told."""
        if not any_unheard(self._database, self._session, agent):
            return ""
        from loomkin.decisions import confidence  # heavy: late on purpose

        fresh = []
        for one in confidence.news(self._database, self._session, agent):
            key = (one.doubt.node, one.doubt.source, one.doubt.at)
            if key not in self._told:  # what was recorded just now is not on disk yet
                self._told.add(key)
                fresh.append(one)
                self._recorder.record(DoubtTold(one.doubt.node, one.doubt.source), self._session, agent)
        return confidence.in_words(fresh) if fresh else ""
