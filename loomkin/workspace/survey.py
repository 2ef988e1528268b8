"""The page about a repository that every agent of a team begins with: made once for a state of the tree."""

import asyncio
import hashlib
import os
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from loomkin.agent.sub_agents import concluded
from loomkin.agent.turn import Limits, Outcome
from loomkin.project.head import commit_of
from loomkin.project.root import find_root
from loomkin.records.event import Event, TurnEnded, TurnStarted
from loomkin.records.mail import PERSON, SYSTEM, Delivery, MailKind, Priority
from loomkin.records.message import Message, Role
from loomkin.records.team_event import ProjectSurveyed
from loomkin.runtime.recorder import Scribe
from loomkin.store import team as store
from loomkin.team.mailroom import Letter
from loomkin.team.matching import CHANGES, RUNS, changes_files
from loomkin.team.member import Member
from loomkin.team.team import Team
from loomkin.workspace.ground import Ground

ORIENTER = "orienter"
STEPS, SECONDS, LONGEST = 12, 300.0, 6000
OURS = (".git", ".loomkin")
LOOKS = CHANGES | RUNS | {"file_read", "content_search", "git_read"}
ORDER = "Read the repository in your working directory and write the page."
HEADING = "Written by an orienter who read the project once; where a file says otherwise, the file is right:"


class Survey:
    """Has the orienter read the project beside the team's first work, and keeps what it wrote.

    Nobody ever waits for it. Who is at work when it comes gets it before its next step: all of it where it
    has read nothing yet, else what its reading does not show, and nothing where it is about to end. Who is
    idle by then gets it with the next order.
    """

    def __init__(self, ground: Ground, team: Team, scribe: Scribe, reader: str) -> None:
        """The first work of `reader` lets the orienter begin."""
        self._ground = ground
        self._team = team
        self._scribe = scribe
        self._reader = reader
        self._begun = False
        self._text: str | None = None
        self._tree = ""
        self._late: set[str] = set()

    def take(self, event: Event) -> None:
        """The first work of the session's own agent lets the orienter begin; give this to the bus."""
        fact, name = event.fact, event.agent
        if isinstance(fact, TurnStarted) and name == self._reader and not self._begun:
            self._begun = True
            self._ground.supervisor.start(ORIENTER, self._orient())
        elif isinstance(fact, TurnEnded) and self._text:
            self._take_back(name, fact.number)

    async def joined(self, context: str) -> str:
        """Words for a first message, with the page where there is one."""
        text = await self._known()
        return "\n\n".join(part for part in (context, f"{HEADING}\n{text}" if text else "") if part)

    async def _known(self) -> str:
        if self._text is None:
            kept = store.survey(self._ground.crew.house.database)
            self._tree = await asyncio.to_thread(tree_name, self._ground.crew.house.workplace.root)
            self._text = kept[1] if kept is not None and kept[0] == self._tree else ""
        return self._text

    async def _orient(self) -> None:
        if await self._known():
            return
        role = self._ground.role(ORIENTER)
        agent = await self._ground.reader(self._ground.new_name(ORIENTER), role)
        agent.transcript.say(ORDER, SYSTEM)
        steps = min(role.max_turns or STEPS, STEPS)
        end = await concluded(agent, "the team's first words", Limits(steps, SECONDS))
        if end.outcome is not Outcome.DONE:
            return
        self._text = end.text[:LONGEST]
        self._scribe.record(ProjectSurveyed(self._tree, self._text))
        for member in self._team.members:
            # whoever has not begun yet begins with it
            if member.open and member.agent.transcript.messages:
                member.agent.before_turn = partial(self._turn_begins, member, member.agent.before_turn)
                self._late.add(member.name)
                if member.busy:
                    self._give(member)

    def _turn_begins(self, member: Member, look: Callable[[], None]) -> None:
        look()
        words = member.agent.transcript.messages[-2:]  # a hook's may follow the person's
        ordered = any(one.sender == PERSON for one in words) or any(
            mail.kind is MailKind.CONTROL for mail in member.letters
        )
        if member.name in self._late and ordered:
            self._give(member)

    def _give(self, member: Member) -> None:
        """Put before a member what helps it still, if anything does."""
        self._late.discard(member.name)
        page = of_use(self._text or "", member.agent.transcript.messages, changes_files(member.seat.role))
        if page:
            letter = Letter(
                member.name, f"{HEADING}\n{page}", MailKind.FINDING, Priority.LOW, Delivery.DIGEST
            )
            self._team.room.send(SYSTEM, letter)

    def _take_back(self, name: str, turn: int) -> None:
        """A turn is over: what it did not hear any more comes with the next order, not with a report."""
        over = {one.name for one in self._team.members if one.agent.turns == turn}
        for mail in self._team.room.queued(name):
            if name in over and mail.sender == SYSTEM and mail.text.startswith(HEADING):
                self._team.room.delete(mail.id, "the turn was over")
                self._late.add(name)


def of_use(page: str, messages: Sequence[Message], writes: bool) -> str:
    """What of the page an agent still has use for, by what it did on its own.

    All of it where it has looked at nothing; nothing where it only reads, or has run something after its last
    edit since it was asked, which is what one does at the end; else what a newcomer breaks.
    """
    if not any(call.name in LOOKS for message in messages for call in message.calls):
        return page
    asked = max(
        (at for at, one in enumerate(messages) if one.role is Role.USER and not one.results), default=0
    )
    acts = [call.name for message in messages[asked:] for call in message.calls]
    edits = max((at for at, name in enumerate(acts) if name in CHANGES), default=len(acts))
    if not writes or not RUNS.isdisjoint(acts[edits:]):
        return ""
    return sections(page, ("convention", "trap"))


def sections(page: str, names: Sequence[str]) -> str:
    """The parts of a Markdown page whose headings have one of the words."""
    kept, wanted = [], False
    for line in page.splitlines():
        if line.startswith("#"):
            wanted = any(name in line.lower() for name in names)
        if wanted:
            kept.append(line)
    return "\n".join(kept).strip()


def tree_name(root: Path) -> str:
    """A cheap name for the state of a tree: its commit, read without git, and what lies in its top folder."""
    names = sorted(name for name in os.listdir(root) if name not in OURS)
    seen = hashlib.sha256("\0".join(names).encode("utf-8", "surrogateescape")).hexdigest()[:16]
    return f"{commit_of(find_root(root))} {seen}"
