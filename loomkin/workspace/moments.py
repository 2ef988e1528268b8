"""What is known when something is decided: the person's words, branch and commit, the files at work."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from loomkin.agent.transcript import Transcript
from loomkin.decisions.desk import Desk, Moment
from loomkin.project.git import run_git
from loomkin.records.decision import Author, Origin
from loomkin.records.ids import SessionId
from loomkin.records.mail import PERSON
from loomkin.records.message import Message, Role, Text
from loomkin.store.decision_hints import touched
from loomkin.workspace.crew import Crew
from loomkin.workspace.house import House

if TYPE_CHECKING:
    from loomkin.decisions.answers import Answers

MOST_FILES = 8


class SessionMoments:
    """Looks around in one session; `transcript` is that of an agent, or of the session's own for no name."""

    def __init__(
        self, house: House, session: SessionId, transcript: Callable[[str], Transcript | None]
    ) -> None:
        self._house = house
        self._session = session
        self._transcript = transcript

    async def now(self, agent: str) -> Moment:
        """The moment as an agent, or the person (no agent), finds it."""
        own, host = self._transcript(agent), self._transcript("")
        asked = _last(host, lambda message: message.sender == PERSON)
        said = _last(own, lambda message: message.role is Role.ASSISTANT) if agent else None
        author = Author.AGENT if agent else Author.PERSON
        origin = Origin(author, agent, self._session, "", _verbatim(asked) if agent else "")
        files = touched(self._house.database, self._session, agent, MOST_FILES) if agent else []
        messages = tuple(message.id for message in (asked, said) if message is not None)
        return Moment(origin, await where(self._house.workplace.root), tuple(files), messages)

    def paths(self, files: Sequence[str]) -> tuple[str, ...]:
        """Files as the repository names them, from its top folder."""
        workplace, cwd = self._house.workplace, self._house.options.cwd
        return tuple(workplace.shown(workplace.resolve(cwd, file)) for file in files)


def open_desk(crew: Crew, host: str) -> Desk:
    """A session's way to the decision graph; `host` is the agent that the person talks with."""
    house = crew.house

    def opened() -> "Answers":
        from loomkin.decisions.answers import open_answers  # heavy: late on purpose

        settings = house.loaded.settings.decisions
        return open_answers(
            house.database, house.journal, house.clock, settings.threshold, settings.stale_days
        )

    def transcript(agent: str) -> Transcript | None:
        known = crew.known(agent or host)
        return known.transcript if known else None

    return Desk(opened, SessionMoments(house, crew.session, transcript), crew.session)


async def where(root: Path) -> tuple[str, str]:
    """The branch that is checked out and the commit at its head, empty for what there is not."""
    named = await run_git(["rev-parse", "HEAD", "--abbrev-ref", "HEAD"], root)
    commit, _, branch = named.out.strip().partition("\n")
    if named.ok:
        return "" if branch == "HEAD" else branch, commit
    unborn = await run_git(["symbolic-ref", "--short", "HEAD"], root)
    return (unborn.out.strip(), "") if unborn.ok else ("", "")


def _last(transcript: Transcript | None, fits: Callable[[Message], bool]) -> Message | None:
    messages = transcript.messages if transcript else ()
    return next((message for message in reversed(messages) if fits(message)), None)


def _verbatim(message: Message | None) -> str:
    """The words themselves; what was attached to them stands in parts of its own."""
    parts = message.parts if message else ()
    return next((part.text for part in parts if isinstance(part, Text)), "")
