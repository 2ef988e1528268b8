"""Grows the team for tasks whose role nobody idle has, and lets those go who have long had nothing to do."""

from loomkin.agent.turn import Outcome, TurnEnd
from loomkin.config.settings import TeamSettings
from loomkin.errors import LimitError, LoomkinError
from loomkin.practices.assignment import Assignment
from loomkin.records.mail import ASKING, SYSTEM, Mail, MailKind, Priority
from loomkin.records.role import Role
from loomkin.records.task import ENDED, Task
from loomkin.runtime.rounds import Rounds
from loomkin.runtime.supervisor import Supervisor
from loomkin.team.board import Board
from loomkin.team.hiring import Hiring
from loomkin.team.mailroom import Letter, Undeliverable
from loomkin.team.matching import role_for
from loomkin.team.member import Member
from loomkin.team.practice import Practice
from loomkin.team.reports import last_words
from loomkin.team.team import Team

MOST_SAID = 400


class Scaling(Practice):
    """Hires within the limits of the settings: agents of a team, of a session, and of one role."""

    def __init__(
        self,
        team: Team,
        hiring: Hiring,
        board: Board,
        assignment: Assignment,
        supervisor: Supervisor,
        settings: TeamSettings,
    ) -> None:
        self._team = team
        self._hiring = hiring
        self._board = board
        self._assignment = assignment
        self._settings = settings
        self._resting: list[str] = []
        self._ends: dict[str, TurnEnd] = {}
        self._rounds = Rounds("scaling", supervisor, self._retire, team.stir)
        assignment.when_short(self._hire)

    def pending(self) -> bool:
        """Whether somebody is just being sent home."""
        return self._rounds.busy

    def joined(self, member: Member) -> None:
        """From now on it may have had nothing to do for too long."""
        self._rests(member)

    def turn_begins(self, member: Member, letters: list[Mail]) -> None:
        """It has something to do."""
        self._rounds.drop(member.name)

    def turn_ended(self, member: Member, end: TurnEnd, letters: list[Mail]) -> None:
        """It may have nothing to do from now on."""
        self._ends[member.name] = end
        self._rests(member)

    def gone(self, member: Member, reason: str) -> None:
        """Nobody is to be sent home."""
        self._rounds.drop(member.name)

    async def _hire(self, short: list[Task]) -> None:
        """A new agent for each task, as far as the limits go; says of the others why not."""
        for task in short:
            role = role_for(task, self._hiring.roles, self._assignment.records)
            if role is None:
                self._board.obstacles[task.id] = f"no role {task.role!r} can do it"
                continue
            try:
                obstacle = await self._one_more(task, role)
            except LoomkinError as error:
                obstacle = error.message
            self._board.obstacles[task.id] = obstacle

    async def _one_more(self, task: Task, role: Role) -> str:
        """Hire for a task; what is in the way, in words, where nobody is hired."""
        same = [one for one in self._team.members if one.open and one.seat.role.name == role.name]
        if len(same) >= self._settings.max_per_role:
            refused = self._assignment.refused(task.id)
            if all(one.name in refused for one in same):
                return f"all {len(same)} agents of the role {role.name} declined it or gave it back"
            return f"all {len(same)} agents of the role {role.name} are busy"
        boss = self._boss(task)
        if boss is None:
            return "nobody is there for whom an agent could be hired"
        try:
            await self._hiring.recruit(boss.name, role.name, f"{task.id}: {task.title}")
        except LimitError:
            spare = next((one for one in self._team.members if self._spare(one)), None)
            if spare is None:
                raise
            await self._team.stop(spare.name, f"it was idle, and a {role.name} is needed", wakes=False)
            await self._hiring.recruit(boss.name, role.name, f"{task.id}: {task.title}")
        return ""

    def _boss(self, task: Task) -> Member | None:
        """The task's creator, or who is high enough above it that one more level is allowed."""
        there = {one.name: one for one in self._team.members}
        host = next((one for one in self._team.members if one.hosted), None)
        boss = there.get(task.creator, host)
        while boss is not None and (not boss.open or boss.seat.depth >= self._settings.max_depth):
            boss = there.get(boss.seat.spawner, None if boss is host else host)
        return boss

    def _rests(self, member: Member) -> None:
        self._rounds.call_in(self._settings.retire_after, member.name, lambda: self._rested(member.name))

    def _rested(self, name: str) -> None:
        self._resting.append(name)
        self._rounds.stir()

    async def _retire(self) -> None:
        """Send those home who have had nothing to do for so long, and whom nobody waits for."""
        names, self._resting = self._resting, []
        for name in names:
            member = self._team.member(name)
            if self._spare(member):
                await self._send_home(member)
            elif member.open:
                self._rests(member)

    async def _send_home(self, member: Member) -> None:
        """Whoever gave it its work hears of that only where something is left undone."""
        why = f"it was idle for {self._settings.retire_after:g} s"
        tasks = [task for task in self._board.tasks if task.owner == member.name]
        undone = self._undone(member)
        said = " ".join(last_words(self._ends[member.name]).split()) if member.name in self._ends else ""
        parts = [
            f"{member.name} was stopped: {why}.",
            f"It had {tasks[-1].id} ({tasks[-1].title}), which is {tasks[-1].state}." if tasks else "",
            self._team.reports.witness(member, 0.0),
            f"It said last: {said[:MOST_SAID]}{'…' if len(said) > MOST_SAID else ''}" if said else "",
            f"Left undone: {undone}. Give it to somebody else (team_spawn, task_create).",
        ]
        reader = self._team.reader(tasks[-1].creator if tasks else member.seat.spawner)
        await self._team.stop(member.name, why, by=member.seat.spawner)
        if not undone:
            return
        words = "\n".join(part for part in parts if part)
        try:
            self._team.room.send(SYSTEM, Letter(reader, words, MailKind.BLOCKER, Priority.HIGH))
        except Undeliverable:
            return

    def _undone(self, member: Member) -> str:
        """What an agent leaves that somebody still waits for, in words."""
        end, unread = self._ends.get(member.name), len(member.box.letters)
        owed = sorted({mail.sender for mail in member.letters if mail.kind in ASKING} - {SYSTEM})
        found = [
            "its last turn did not end well" if end is not None and end.outcome is not Outcome.DONE else "",
            f"an answer to {', '.join(owed)}" if owed else "",
            f"letters that it did not read: {unread}" if unread else "",
        ]
        return "; ".join(part for part in found if part)

    def _spare(self, member: Member) -> bool:
        """Whether nobody would miss an agent: no task, none it created, nobody at work for it."""
        open_tasks = [task for task in self._board.tasks if task.state not in ENDED]
        return (
            member.open
            and not member.hosted
            and not member.active
            and not any(member.name in (task.owner, task.creator) for task in open_tasks)
            and not any(one.active and one.seat.spawner == member.name for one in self._team.members)
        )


PRACTICE = Scaling
