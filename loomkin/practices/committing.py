"""Commits the files of each task that is proved done, where the settings ask for it."""

import asyncio
from pathlib import Path

from loomkin.config.settings import GitSettings
from loomkin.errors import LoomkinError
from loomkin.project.commit_style import read_style, subject_in, taken_apart
from loomkin.project.git_changes import PathState, Standing, standing
from loomkin.project.git_commit import Committed, Order, commit
from loomkin.project.git_lock import git_writes
from loomkin.project.problem import Problem
from loomkin.project.text import sha_of
from loomkin.project.workplace import Workplace
from loomkin.records.event import Fact, NoticeGiven
from loomkin.records.ids import TaskId
from loomkin.records.mail import SYSTEM, MailKind, Priority
from loomkin.records.task import ENDED, Task, TaskState
from loomkin.records.team_event import TaskMoved
from loomkin.runtime.recorder import Scribe
from loomkin.runtime.rounds import Rounds
from loomkin.runtime.supervisor import Supervisor
from loomkin.store.database import Database
from loomkin.team.board import Board
from loomkin.team.footprints import Footprints
from loomkin.team.mailroom import Letter, Undeliverable
from loomkin.team.practice import Practice
from loomkin.team.team import Team

PER_TASK = "task"
_DOCUMENTS = (".md", ".rst", ".txt", ".adoc")


class CommitsTasks(Practice):
    """One commit a task: its own files, without those that others still work on or changed since."""

    def __init__(
        self,
        team: Team,
        board: Board,
        footprints: Footprints,
        workplace: Workplace,
        settings: GitSettings,
        database: Database,
        supervisor: Supervisor,
        scribe: Scribe,
    ) -> None:
        self._team = team
        self._board = board
        self._footprints = footprints
        self._root = workplace.root
        self._settings = settings
        self._database = database
        self._scribe = scribe
        self._due: list[TaskId] = []
        self._rounds = Rounds("commits", supervisor, self._round, team.stir)
        if settings.auto_commit == PER_TASK:
            board.listen(self._changed)

    def pending(self) -> bool:
        """The session does not end before the commit is made."""
        return self._rounds.busy

    def _changed(self, fact: Fact) -> None:
        if isinstance(fact, TaskMoved) and fact.after is TaskState.DONE and fact.task not in self._due:
            self._due.append(fact.task)
            self._rounds.stir()

    async def _round(self) -> None:
        while self._due:
            task = self._board.task(self._due.pop(0))
            if not self._footprints.paths(task):
                continue
            if task.claimed and not task.needs_review:
                self._say(f"{task.id} is not committed: nothing but its owner's word says that it is done.")
                continue
            try:
                await self._commit(task)
            except LoomkinError as error:
                self._failed(task, error.message)

    async def _commit(self, task: Task) -> None:
        from loomkin.provenance.committed import trailers_for  # heavy: late on purpose

        now = await standing(self._root)
        if isinstance(now, Problem):
            self._say(f"{task.id} is not committed: {now.what}")
            return
        async with git_writes(now.root):
            files, left = await self._own(now, task)
            if left:
                self._say(f"Not in the commit of {task.id}: {'; '.join(left)}.")
            if not files:
                return
            paths = tuple(one.path for one in files)
            owner = task.owner
            trailers = await trailers_for(
                self._database, now.root.path, paths, self._settings, self._scribe.session, owner
            )
            message = await self._message(task, files)
            made = await commit(
                now.root.path, Order(message, paths, trailers, seconds=self._settings.timeout)
            )
        if isinstance(made, Committed):
            self._say(f"{task.id}: {made.words}", "info")
        else:
            self._failed(task, str(made))

    async def _own(self, now: Standing, task: Task) -> tuple[list[PathState], list[str]]:
        """The task's changed files, and which of them are left out for what reason."""
        others = {
            path: other.id
            for other in self._board.tasks
            if other.id != task.id and other.state not in ENDED
            for path in self._footprints.paths(other)
        }
        files, left = [], []
        for one in now.at(self._footprints.paths(task)):
            last = self._footprints.last(one.path)
            written = last.change.after if last is not None else ""
            if one.path in others:
                left.append(f"{one.path} ({others[one.path]} works on it)")
            elif one.partly:
                left.append(f"{one.path} (the person staged a part of it)")
            elif written and written != await asyncio.to_thread(_sha, self._root / one.path):
                left.append(f"{one.path} (somebody else changed it since)")
            else:
                files.append(one)
        return files, left

    async def _message(self, task: Task, files: list[PathState]) -> str:
        """The task's title in the repository's style; below it what its owner says was done."""
        style = await read_style(self._root, self._settings.commit_style)
        titled = taken_apart(task.title)
        folders = {one.path.rpartition("/")[0].rpartition("/")[2] for one in files}
        area = titled.scope or (folders.pop() if len(folders) == 1 else "")
        subject = subject_in(style, titled.words, titled.type or _kind(files), area)
        done = task.handoff.done if task.handoff else ""
        return f"{subject}\n\n{done}".rstrip() if done and done != task.title else subject

    def _failed(self, task: Task, why: str) -> None:
        """Who did the task hears in full what a hook said, else who gave it; so does the person."""
        self._say(f"{task.id} ({task.title}) could not be committed. {why}")
        words = f"{task.id} is done, but its files could not be committed. {why}"
        for reader in dict.fromkeys((task.owner, self._team.reader(task.creator))):
            letter = Letter(reader, words, MailKind.FINDING, Priority.HIGH, task=task.id)
            try:
                self._team.room.send(SYSTEM, letter)
            except Undeliverable:
                continue
            return

    def _say(self, text: str, level: str = "warning") -> None:
        self._scribe.record(NoticeGiven(text, level))


def _kind(files: list[PathState]) -> str:
    """The type of Conventional Commits that the files suggest."""
    names = [one.path for one in files]
    if all(name.endswith(_DOCUMENTS) for name in names):
        return "docs"
    if all("test" in name for name in names):
        return "test"
    return "feat" if any(one.new for one in files) else "fix"


def _sha(path: Path) -> str:
    try:
        return sha_of(path.read_bytes())
    except OSError:
        return ""


PRACTICE = CommitsTasks
