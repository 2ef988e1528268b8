"""Grows a session's one agent into a team: joins the team's mechanism with the house that agents work in."""

import asyncio
from functools import partial
from typing import Any

from loomkin.agent.agent import Agent
from loomkin.agent.turn import Check, Limits, TurnEnd
from loomkin.config.settings import GitSettings, TeamSettings
from loomkin.decisions.desk import Desk
from loomkin.decisions.hearing import Hearing
from loomkin.llm.books import Books
from loomkin.project.profile import Profiles
from loomkin.project.sight import Sight
from loomkin.records.mail import PERSON, SYSTEM
from loomkin.records.permission import ToolUse
from loomkin.records.role import Role
from loomkin.runtime.clock import Clock
from loomkin.runtime.plugins import discover
from loomkin.runtime.recorder import Scribe
from loomkin.runtime.supervisor import Supervisor
from loomkin.store import sessions
from loomkin.store import team as past
from loomkin.store.database import Database
from loomkin.store.keepers import window_keepers
from loomkin.team.board import Board
from loomkin.team.care import Patience
from loomkin.team.checks import not_found
from loomkin.team.claims import Claims
from loomkin.team.claims_guard import Guard
from loomkin.team.claims_watch import Watch
from loomkin.team.footprints import Footprints
from loomkin.team.goals import Goals
from loomkin.team.hiring import Hiring
from loomkin.team.ladder import TierModels
from loomkin.team.mailroom import Mailroom
from loomkin.team.member import Member, woke_by
from loomkin.team.open_matters import OpenMatters
from loomkin.team.orchestrating import withheld
from loomkin.team.plan import read as read_plan
from loomkin.team.planning import Planning
from loomkin.team.questions import Questions
from loomkin.team.rendezvous import Meetings
from loomkin.team.roster import LEAD
from loomkin.team.seat import Seat
from loomkin.team.shared_tree import SharedTree
from loomkin.team.team import Team, TeamLimits
from loomkin.tooling.injection import build
from loomkin.tooling.toolbox import AnyTool
from loomkin.workspace.comeback import Comeback
from loomkin.workspace.crew import MAIN, Berth
from loomkin.workspace.ground import Ground
from loomkin.workspace.house import House
from loomkin.workspace.models import UNSTREAMED
from loomkin.workspace.office import Office
from loomkin.workspace.opening import mended_messages
from loomkin.workspace.oversight import Oversight
from loomkin.workspace.proofs import proofs
from loomkin.workspace.survey import Survey

TOGETHER = 1.0
"""Seconds for which what an agent is told first holds for the next one, too."""


def _limits(house: House) -> TeamLimits:
    settings = house.loaded.settings
    team, model = settings.team, settings.model
    # the client gives a silent model up by itself and asks again: who is silent for longer is stuck elsewhere
    silence = 2 * model.silence * (1 if model.stream else UNSTREAMED)
    return TeamLimits(
        team.max_agents,
        team.session_agents,
        team.max_depth,
        Limits(settings.limits.max_turns),
        Patience(model=silence),
        house.options.attended,
    )


class Teamwork:
    """The team of a session, with its first agent in it; also what the session's own turns depend on."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        house = ground.crew.house
        scribe = ground.crew.scribe("")
        self.team = Team(self._make, scribe, house.clock, ground.supervisor, _limits(house))
        self.hiring = Hiring(self.team, Office(ground))
        board = self._board = Board(scribe, read_plan(house.database, ground.crew.session), self.team.leads)
        meetings = Meetings(self.team, scribe, house.clock, ground.supervisor)
        self.claims = Claims(scribe, house.clock, self.team.room, board)
        sight, root = ground.crew.service(Sight), house.workplace.root
        self._watch = Watch(self.claims, root, sight, lambda: len(self.team.members) < 2)
        self._profiles = Profiles(root)
        # tools of agents get the same objects
        self._services: dict[type, Any] = {
            Team: self.team,
            Hiring: self.hiring,
            Mailroom: self.team.room,
            Questions: self.team.questions,
            Claims: self.claims,
            Scribe: scribe,
            Supervisor: ground.supervisor,
            House: house,
            Clock: house.clock,
            TeamSettings: house.loaded.settings.team,
            GitSettings: house.loaded.settings.git,
            Database: house.database,
            Books: ground.crew.books,
            TierModels: ground.tiers,
            Board: board,
            Planning: Planning(board, self.team, Goals(house.database, ground.crew.session)),
            Desk: ground.desk,
            Hearing: ground.crew.recollection.hearing,
            Meetings: meetings,
            **proofs(ground, self.team, board, self._profiles, self._watch),
        }
        undoes = ground.crew.gate.policy.undoes
        footprints: Footprints = self._services[Footprints]
        self._tree = SharedTree(self.team, footprints, root, lambda use: undoes(use, root))
        self._adopt(meetings)
        self.oversight = Oversight(self.team, self.hiring, board)
        self._leave = house.bus.subscribe(self.team.take)
        self._host: Member | None = None
        self._opens = asyncio.Lock()
        self._told = (float("-inf"), "", "")
        self._survey: Survey | None = None

    def _adopt(self, meetings: Meetings) -> None:
        """Let all ways of working hear what happens, and go on with what an earlier process left."""
        crew = self._ground.crew
        for module in discover("loomkin.practices"):
            practice = build(module.PRACTICE, self._services)
            self._services[module.PRACTICE] = practice
            self.team.adopt(practice)
        self.claims.restore(past.claims(crew.house.database, crew.session))
        self.team.adopt(self.claims)
        meetings.restore(past.meetings(crew.house.database, crew.session))
        self.team.adopt(meetings)

    def host(self, first: Agent, role: Role) -> None:
        """Let the session's own agent be the first member."""
        if self._host is None:
            crew = self._ground.crew
            known = any(row.name == first.name for row in past.members(crew.house.database, crew.session))
            self._equip(first, role)
            crew.books.join(first.name, MAIN)
            self._survey = Survey(self._ground, self.team, crew.scribe(""), first.name)
            if crew.house.options.team and crew.house.loaded.settings.team.orient:
                crew.house.bus.subscribe(self._survey.take)
            self._host = self.team.host(Seat(first.name, role, MAIN, PERSON, ""), first, known=known)

    async def come_back(self, interrupted: set[str], *, go_on: bool) -> str:
        """Seat the agents of an earlier process; they go on at once only if asked for. Says who came back."""
        crew, host = self._ground.crew, self._host
        assert host is not None
        comeback = Comeback(self.team, self._make, lambda: crew.roles.by_name)
        returned = await comeback(crew.house.database, crew.session, host.name, interrupted)
        if not returned.note:
            return ""
        if go_on:
            for name in returned.names:
                self.team.unpause(name)
            return f"{returned.note} Everybody goes on."
        still = f"{returned.note} Nobody goes on before the person says so (/unpause, or --resume-run)."
        if host.agent.transcript.messages:
            host.agent.transcript.say(still, SYSTEM)
        return still

    async def opening(self, context: str) -> str:
        """The first message of a conversation in this team, with the survey of the project."""
        async with self._opens:
            known = await self._survey.joined(context) if self._survey else context
            now = self._ground.crew.house.clock.monotonic()
            at, asked, text = self._told
            # agents that wake together are told the same: to look at the place is to start programs
            if asked != known or now - at > TOGETHER:
                line = await asyncio.to_thread(self._project)
                text = await self._ground.opening("\n".join(part for part in (line, known) if part))
                self._told = (now, known, text)
            return text

    def _project(self) -> str:
        """What is known of the project's commands, and which of them cannot run here."""
        crew = self._ground.crew
        environment, root = crew.environment(""), crew.house.workplace.root
        return self._profiles.profile().line(lambda command: bool(not_found(command, environment, root)))

    def services(self) -> dict[type, Any]:
        """What tools of a team name."""
        return self._services

    async def news(self) -> bool:
        """Wait while others work; True where they have something to say to the session's agent."""
        return self._host is not None and await self.team.news_for(self._host)

    async def woken(self) -> None:
        """Return when others have something to say to the session's agent."""
        assert self._host is not None
        while not await self.team.news_for(self._host):
            await self.team.stirred(self._host)

    async def turn(self, limits: Limits, checks: tuple[Check, ...]) -> TurnEnd:
        """Let the session's agent hear it and answer."""
        host = self._host
        assert host is not None
        woke = woke_by(list(host.box.letters))
        for heard in host.inbox.take(end=True):
            host.agent.transcript.say(heard.text, heard.sender)
        return await host.agent.turn(woke, limits, checks)

    async def close(self) -> None:
        """Send everybody home."""
        await self.team.close()
        self._leave()

    async def _make(self, seat: Seat) -> Agent:
        """The agent of a seat: as it was where it has a past, else with what it must know first."""
        ground, crew = self._ground, self._ground.crew
        house = crew.house
        messages = tuple(
            mended_messages(house.database, crew.session, seat.name, house.clock, house.journal)[0]
        )
        held = window_keepers(house.database, crew.session, seat.name)
        turns = sessions.last_turn(house.database, crew.session, seat.name)
        spawner = "" if seat.spawner == PERSON else seat.spawner
        berth = Berth(seat.name, seat.role, seat.team, messages, turns, spawner, False, seat.budget, "", held)
        await ground.tiers.prepare()
        agent = crew.agent(berth, await ground.tiers.of(seat.role.tier))
        self._equip(agent, seat.role)
        agent.first_words = partial(self.opening, "")
        return agent

    def _equip(self, agent: Agent, role: Role) -> None:
        """What every member has: claims on what it edits, and calls that are not its own for a while."""
        crew = self._ground.crew
        agent.window.pinned = OpenMatters(self.team, self._board, agent.name)
        agent.runner.claims = Guard(self.claims, agent.name, self._watch)
        gate = crew.gate

        async def held_back(tool: AnyTool, use: ToolUse) -> str:
            why = await self._tree.refusal(agent.name, use)
            if why or role.name != LEAD:
                return why
            return withheld(self.team, gate.policy.only_reads, agent.name, tool, use)

        agent.runner.withheld = held_back
