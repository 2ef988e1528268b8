"""What the conversation does for a team: hears who has something to say, and reads `@agent words`."""

import asyncio
import re
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from loomkin.records.regex import pattern

if TYPE_CHECKING:  # the screen is up before these are loaded
    from loomkin.workspace.session import Company, Session

_ADDRESSED = pattern(r"@([A-Za-z][\w-]*)[ \t]+(\S.*)$", re.DOTALL)


class Watch:
    """Waits for news for the session's own agent while it takes no turn; `wake` is called when they come."""

    def __init__(
        self,
        start: "Callable[[str, Coroutine[Any, Any, None]], asyncio.Task[None]]",
        wake: Callable[[], None],
    ) -> None:
        self._start = start
        self._wake = wake
        self._task: asyncio.Task[None] | None = None

    def begin(self, company: "Company | None") -> None:
        """Wait from now on, where there is a team and nobody waits yet."""
        if company is not None and self._task is None:
            self._task = self._start("news", self._wait(company))

    def end(self) -> None:
        """Wait no more."""
        if self._task is not None:
            self._task.cancel()
            self._task = None

    async def _wait(self, company: "Company") -> None:
        await company.woken()
        self._task = None
        self._wake()


def addressed(session: "Session", text: str) -> tuple[str, str] | None:
    """The agent and the words of a line that begins with `@agent`; None for a file and for no agent."""
    found = _ADDRESSED.match(text)
    if found is None:
        return None
    names = teammates(session) or (session.agent.name,)
    return (found[1], found[2].strip()) if found[1] in names else None


def teammates(session: "Session") -> tuple[str, ...]:
    """The agents that can be addressed; none where one works alone."""
    return session.company.oversight.names if session.company else ()


def go_on(session: "Session") -> None:
    """Let go on whom the person has stopped with all the others."""
    if session.company is not None:
        session.company.oversight.release()


def stop_everybody(session: "Session") -> tuple[str, ...]:
    """Stop the turns of all teammates, and hold them; who was at work."""
    return session.company.oversight.interrupt_all() if session.company else ()
