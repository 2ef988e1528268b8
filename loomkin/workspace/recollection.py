"""Tells agents what was decided before: at the beginning, at the files at hand, when doubt arises."""

from collections.abc import Callable, Sequence

from loomkin.agent.steering import Heard
from loomkin.decisions.hearing import Hearing
from loomkin.records.ids import SessionId
from loomkin.records.mail import SYSTEM
from loomkin.records.permission import ToolUse
from loomkin.store.decision_hints import any_decisions
from loomkin.workspace.house import House


class Recollection:
    """Answers from the decision graph; loads nothing where the repository has no decisions."""

    def __init__(self, house: House, session: SessionId) -> None:
        self.hearing = Hearing(house.database, house.journal, session)
        self._database = house.database
        self._session = session
        self._workplace = house.workplace
        self._tokens = house.loaded.settings.decisions.brief_tokens
        self._told: set[tuple[str, str]] = set()

    def opening(self) -> str:
        """What a conversation begins with, empty where nothing was decided."""
        if not any_decisions(self._database):
            return ""
        from loomkin.decisions import brief  # heavy: late on purpose

        return brief.brief(self._database, self._tokens, self._session)

    def prompt(self, agent: str, session: str, text: str, since: float) -> str:
        """What goes along with the person's words: news since then, ways not taken for files in them."""
        if not any_decisions(self._database):
            return ""
        from loomkin.decisions import brief  # heavy: late on purpose

        news = brief.news(self._database, since, self._tokens, session) if since else ""
        lines = self._lost(agent, brief.mentioned(self._database, text))
        return "\n".join(part for part in (news, *lines) if part)

    def remarks(self, agent: str) -> Callable[[ToolUse], Sequence[str]]:
        """What an agent is told with the result of a call that reads or changes files."""

        def of(use: ToolUse) -> Sequence[str]:
            paths = (*use.reads, *use.writes)
            if not paths or not any_decisions(self._database):
                return ()
            return self._lost(agent, [self._workplace.shown(self._workplace.root / path) for path in paths])

        return of

    def notes(self, agent: str) -> Callable[[], list[Heard]]:
        """What an agent hears before its next step of doubts in what it decided, once."""

        def heard() -> list[Heard]:
            news = self.hearing.news(agent)
            return [Heard(news, SYSTEM)] if news else []

        return heard

    def _lost(self, agent: str, paths: Sequence[str]) -> list[str]:
        """The ways not taken for files of which the agent has not been told."""
        from loomkin.decisions import brief  # heavy: late on purpose

        fresh = [
            one
            for one in brief.not_taken(self._database, paths)
            if (agent, one.node.change_id) not in self._told
        ]
        self._told.update((agent, one.node.change_id) for one in fresh)
        return brief.at_files(fresh)
