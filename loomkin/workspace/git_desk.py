"""What a session does with git for the person: commits, reviews by fresh eyes, texts of pull requests."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from loomkin.errors import LoomkinError, TransientError
from loomkin.project.problem import Problem
from loomkin.records.role import Tier
from loomkin.workspace.crew import Crew
from loomkin.workspace.tiers import Tiers

if TYPE_CHECKING:  # all that git needs is loaded when it is asked for
    from loomkin.agent.sub_agents import Studio
    from loomkin.project.git_base import Subject
    from loomkin.provenance.pull_request import PullRequest
    from loomkin.workspace.committing import Committing

REVIEWER = "reviewer"
SECONDS = 60.0


class GitDesk:
    """Reaches models and books of a session for what the person asks of git."""

    def __init__(self, crew: Crew, tiers: Tiers, studio: "Studio", agent: str) -> None:
        self._crew = crew
        self._tiers = tiers
        self._studio = studio
        self._agent = agent

    @property
    def _cwd(self) -> Path:
        return self._crew.house.options.cwd

    async def committing(self, *, of_session: bool = True) -> "Committing":
        """Plans and makes commits; a cheap model words them."""
        from loomkin.workspace.committing import Committing  # heavy: late on purpose

        house = self._crew.house
        model = str((await self._tiers.of(Tier.FAST)).chain[0].id)
        session = self._crew.session if of_session else ""
        settings = house.loaded.settings.git
        return Committing(self._cwd, settings, house.database, session, self._ask, model)

    async def pull_request(self, base: str) -> "PullRequest":
        """Title and text for the branch; raises LoomkinError where there is nothing to propose."""
        from loomkin.provenance.pull_request import pull_request  # heavy: late on purpose

        house = self._crew.house
        found = await pull_request(house.database, self._cwd, base, house.loaded.settings.git)
        if isinstance(found, Problem):
            raise LoomkinError(found.what, hint=found.hint)
        return found

    async def review(self, what: str) -> tuple[str, str]:
        """What was reviewed, and what a reviewer with a window of its own found."""
        from loomkin.agent.sub_agents import SubAgents  # heavy: late on purpose
        from loomkin.workspace.review_order import order  # heavy: late on purpose

        subject = await self.subject(what)
        return subject.title, await SubAgents(self._studio).ask(
            self._agent, REVIEWER, self._crew.house.redactor.redact(order(subject))
        )

    async def subject(self, what: str) -> "Subject":
        """The change that words mean; raises LoomkinError with what else could be meant."""
        from loomkin.project.git_base import find_subject  # heavy: late on purpose

        found = await find_subject(self._cwd, what)
        if isinstance(found, Problem):
            raise LoomkinError(found.what, hint=found.hint)
        return found

    async def _ask(self, system: str, words: str, longest: int) -> str:
        """A cheap model's answer, at the expense of the session's agent."""
        from loomkin.llm.aside import aside  # heavy: late on purpose

        crew = self._crew
        words = crew.house.redactor.redact(words)
        model = crew.helper(self._agent, await self._tiers.of(Tier.FAST))
        scribe = crew.scribe(self._agent)
        try:
            async with asyncio.timeout(SECONDS):
                return await aside(model, scribe, system, words, longest, "commit", crew.house.clock.now())
        except TimeoutError:
            raise TransientError(f"{model.spec.id} did not answer in {SECONDS:g} s") from None
