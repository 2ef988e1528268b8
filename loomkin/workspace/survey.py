"""The page about a repository that every agent of a team begins with: made once for a state of the tree."""

import asyncio
import hashlib
import os
from pathlib import Path

from loomkin.agent.sub_agents import concluded
from loomkin.agent.turn import Limits, Outcome
from loomkin.project.root import Root, find_root
from loomkin.records.event import Event, TurnStarted
from loomkin.records.mail import SYSTEM, Delivery, MailKind, Priority
from loomkin.records.team_event import ProjectSurveyed
from loomkin.runtime.recorder import Scribe
from loomkin.store import team as store
from loomkin.team.mailroom import Letter
from loomkin.team.team import Team
from loomkin.workspace.ground import Ground

ORIENTER = "orienter"
STEPS, SECONDS, LONGEST = 12, 300.0, 6000
OURS = (".git", ".loomkin")
ORDER = "Read the repository in your working directory and write the page."
HEADING = "Written by an orienter who read the project once; where a file says otherwise, the file is right:"


class Survey:
    """Has the orienter read the project beside the team's first work, and keeps what it wrote.

    Nobody ever waits for it: who begins before it is there gets it before its next step, or, where it is
    idle by then, with its next mail.
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

    def take(self, event: Event) -> None:
        """The first work of the session's own agent lets the orienter begin; give this to the bus."""
        if isinstance(event.fact, TurnStarted) and event.agent == self._reader and not self._begun:
            self._begun = True
            self._ground.supervisor.start(ORIENTER, self._orient())

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
        words = f"{HEADING}\n{self._text}"
        for member in self._team.members:
            # whoever has not begun yet begins with it
            if member.open and member.agent.transcript.messages:
                letter = Letter(member.name, words, MailKind.FINDING, Priority.LOW, Delivery.DIGEST)
                self._team.room.send(SYSTEM, letter)


def tree_name(root: Path) -> str:
    """A cheap name for the state of a tree: its commit, read without git, and what lies in its top folder."""
    names = sorted(name for name in os.listdir(root) if name not in OURS)
    seen = hashlib.sha256("\0".join(names).encode("utf-8", "surrogateescape")).hexdigest()[:16]
    return f"{_commit(find_root(root))} {seen}"


def _commit(root: Root) -> str:
    """The commit that HEAD names; HEAD's own words where there is none yet or it is kept in another form."""
    if root.git_dir is None:
        return "no repository"
    common = root.common_dir or root.git_dir
    head = _words(root.git_dir / "HEAD")
    name = head.removeprefix("ref: ")
    if not name.startswith("refs/"):
        return head
    packed = (line.partition(" ") for line in _words(common / "packed-refs").splitlines())
    return _words(common / name) or next((commit for commit, _, ref in packed if ref == name), head)


def _words(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
