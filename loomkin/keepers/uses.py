"""Which keepers are of use: those that are read, and those that are cited after they were found."""

from collections.abc import Callable, Iterable, Sequence

from loomkin.keepers.passage import Passage
from loomkin.records.event import Event, MessageAdded
from loomkin.records.keeper_event import KeeperUsed
from loomkin.records.message import Role
from loomkin.records.regex import pattern
from loomkin.records.team_event import HandedOff
from loomkin.runtime.recorder import Scribe
from loomkin.store.searchable import said

_ID = pattern(r"\b(?:m_[0-9a-z]{6,24}|k\d+)\b")


class Uses:
    """Remembers what each agent was shown; names of it in what the agent says later count as useful, once."""

    def __init__(self, scribe: Callable[[str], Scribe]) -> None:
        self._scribe = scribe
        self._shown: dict[str, dict[str, str]] = {}

    def shown(self, agent: str, passages: Iterable[Passage]) -> None:
        """An agent was given passages; what is in no keeper has no clock."""
        known = self._shown.setdefault(agent, {})
        for one in passages:
            if one.keeper:
                known[one.id] = known[one.keeper] = one.keeper

    def read(self, agent: str, name: str, keeper: str) -> None:
        """An agent read in a keeper; useful where it had found that before."""
        found = self._shown.get(agent, {}).get(name, "")
        if found or (keeper and name == keeper):
            self._used(agent, found or keeper, "read", True if found else None)
        if found:
            self._forget(agent, found)

    def answered(self, agent: str, cited: Sequence[Passage]) -> None:
        """An answer rests on passages."""
        for keeper in dict.fromkeys(one.keeper for one in cited if one.keeper):
            self._used(agent, keeper, "ask", True)

    def mentioned(self, keeper: str) -> None:
        """The person named a keeper."""
        self._used("", keeper, "mention", None)

    def judge(self, agent: str, keeper: str, useful: bool, reason: str) -> None:
        """Somebody says whether a keeper was of use."""
        self._used(agent, keeper, "feedback", useful, reason)
        self._forget(agent, keeper)

    def take(self, event: Event) -> None:
        """Hear what agents say."""
        known = self._shown.get(event.agent)
        if not known:
            return
        text = ""
        if isinstance(event.fact, MessageAdded):
            message = event.fact.message
            text = message.text if message.role is Role.ASSISTANT else ""
        elif isinstance(event.fact, HandedOff):
            text = said(event.fact)
        for keeper in dict.fromkeys(known[name] for name in _ID.findall(text) if name in known):
            self._used(event.agent, keeper, "cited", True)
            self._forget(event.agent, keeper)

    def _forget(self, agent: str, keeper: str) -> None:
        known = self._shown.get(agent, {})
        for name in [name for name, of in known.items() if of == keeper]:
            del known[name]

    def _used(self, agent: str, keeper: str, how: str, useful: bool | None, reason: str = "") -> None:
        self._scribe(agent).record(KeeperUsed(keeper, how, useful, reason))
