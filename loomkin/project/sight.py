"""Which version of a file each agent last saw, what others changed since, and how often edits failed."""

import os
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Condition

from loomkin.project.at_work import AtWork
from loomkin.project.regions import followed
from loomkin.project.texts_seen import TextsSeen
from loomkin.project.trail import Mark, Step, Trail
from loomkin.records.dataclass import dataclass, replace
from loomkin.records.region import LineChange, Region

MOST_RANGES = 64
"""Ranges of others' lines that are kept for a file; with more of them it must be read anew."""


@dataclass(frozen=True, slots=True)
class Others:
    """The lines (from 1, both ends included) of the version `sha` that others wrote since one saw the file.

    A range with its end before its beginning is where they took lines out.
    """

    sha: str
    lines: tuple[tuple[int, int], ...] = ()

    def free(self, first: int, last: int) -> bool:
        """Whether the lines are as they were, and so are those between them."""
        return all(last < start or end < first for start, end in self.lines)


@dataclass(frozen=True, slots=True)
class _View:
    """What an agent saw, what became of it as far as that is known, and how much of that it was told.

    `told` is the version it heard of last, `position` where in the file's trail that stands.
    """

    sha: str
    others: Others | None
    told: str
    position: int


@dataclass(frozen=True, slots=True)
class News:
    """A file that others changed since an agent saw or heard of it; a pair of hashes for each of their runs.

    `steps` are theirs alone, oldest first; `now` is the newest version, empty where the file is gone.
    """

    path: Path
    now: str
    steps: tuple[Step, ...]
    runs: tuple[tuple[str, str], ...]


class Sight:
    """What keeps several agents from overwriting each other unseen, and tells each what others changed.

    `keep` is given what a file held, by its hash, before an agent changes it. `background` names the
    commands that agents left running. Safe to use from threads.
    """

    def __init__(self, background: Callable[[], Sequence[str]] = tuple) -> None:
        self.keep: Callable[[str, str], None] = lambda sha, text: None
        self.at_work = AtWork(background)
        self.texts = TextsSeen()
        self._lock = Condition()
        self._views: defaultdict[str, dict[Path, _View]] = defaultdict(dict)
        self._trails: dict[Path, Trail] = {}
        self._writing: list[frozenset[Path]] = []
        self._changed: dict[Path, tuple[str, float, str]] = {}
        self._failures: defaultdict[tuple[str, Path], int] = defaultdict(int)

    def saw(self, agent: str, path: Path, sha: str, text: str = "") -> None:
        """The agent read this version."""
        path = _real(path)
        if text:
            self.texts.keep(sha, text)
        with self._lock:
            trail = self._trail(path)
            position = trail.behind(sha)
            if position is None:
                trail.add(self._step(sha))
                position = trail.end
            self._views[agent][path] = _View(sha, Others(sha), sha, position)

    def knew(self, agent: str, path: Path, sha: str) -> Path:
        """The agent saw this version in an earlier process; what it saw in this one counts more."""
        path = _real(path)
        with self._lock:
            if path not in self._views[agent]:
                self.saw(agent, path, sha)
        return path

    def files_of(self, agent: str) -> list[Path]:
        """The files that the agent read or wrote."""
        return list(self._views[agent]) if agent in self._views else []

    def files(self) -> list[Path]:
        """The files that any agent read or wrote."""
        return list(self._trails)

    def readers(self, path: Path) -> tuple[str, ...]:
        """The agents that read or wrote a file."""
        path = _real(path)
        return tuple(agent for agent, views in tuple(self._views.items()) if path in views)

    def seen(self, agent: str, path: Path) -> str | None:
        """The hash that the agent last saw, None where it never read the file."""
        view = self._view(agent, path)
        return view.sha if view else None

    def others(self, agent: str, path: Path) -> Others | None:
        """What others wrote since the agent saw the file, None where that is not known line by line."""
        view = self._view(agent, path)
        return view.others if view else None

    def changed(
        self, agent: str, path: Path, sha: str, before: str = "", changes: Sequence[LineChange] | None = None
    ) -> None:
        """The agent made this version of the version `before`; its failures with the file are forgotten.

        Who had seen `before` has seen the new version of its own making; who had not has not.
        """
        path = _real(path)
        with self._lock:
            self._changed[path] = (agent, time.monotonic(), sha)
            self._failures.pop((agent, path), None)
            trail = self._trail(path)
            if before and trail.newest not in (None, before):
                trail.add(self._step(before))
            if trail.newest != sha:
                trail.add(Step(sha, agent, time.time()))
            mine = self._views[agent].get(path)
            for who, views in self._views.items():
                view = views.get(path)
                if view is not None and (who != agent or view.sha != before):
                    others = _after(view.others, sha, before, changes, foreign=who != agent)
                    views[path] = replace(view, others=others)
            if mine is None or mine.sha == before or not before:
                self._views[agent][path] = _View(sha, Others(sha), sha, trail.end)

    def touched(self, agent: str, path: Path, sha: str) -> None:
        """A command of the agent changed the file to this version, nobody saw how."""
        self._changed[_real(path)] = (agent, time.monotonic(), sha)

    def changed_by(self, path: Path, now: str | None = None) -> str:
        """Who changed the file last, and when; empty where it was no agent, or it is not so `now`."""
        path = _real(path)
        if path not in self._changed or now not in (None, self._changed[path][2]):
            return ""
        agent, at, _ = self._changed[path]
        return f"{agent}, {time.monotonic() - at:.0f} s ago"

    def failed(self, agent: str, path: Path) -> None:
        """Count a failed edit."""
        self._failures[agent, _real(path)] += 1

    def failures(self, agent: str, path: Path) -> int:
        """Failed edits of this file by this agent since its last success."""
        return self._failures[agent, _real(path)]

    @contextmanager
    def writing(self, paths: Iterable[str]) -> Iterator[None]:
        """A tool writes these files and will say so: nobody is to take that for somebody else's work."""
        mine = frozenset(_real(Path(path)) for path in paths)
        with self._lock:
            self._writing.append(mine)
        try:
            yield
        finally:
            with self._lock:
                self._writing.remove(mine)
                self._lock.notify_all()

    def is_written(self, path: Path) -> bool:
        """Whether a tool is writing the file at this moment."""
        return any(path in paths for paths in self._writing)

    def settle(self, paths: Iterable[Path], seconds: float) -> None:
        """Wait, at most so long, until no tool is writing one of the files; blocks."""
        wanted = frozenset(paths)
        with self._lock:
            self._lock.wait_for(lambda: not any(wanted & one for one in self._writing), seconds)

    def mark(self, path: Path) -> Mark | None:
        """The version that the file system was last asked about."""
        trail = self._trails.get(path)
        return trail.mark if trail else None

    def notice(self, path: Path, sha: str, signature: tuple[int, ...] | None) -> bool:
        """The file is in this version now; whether that is news. `signature` is None where it may deceive."""
        with self._lock:
            trail = self._trail(path)
            if self.is_written(path):
                return False
            trail.mark = Mark(signature, sha) if signature is not None else None
            if trail.newest == sha:
                return False
            trail.add(self._step(sha))
            return True

    def newest(self, path: Path) -> str | None:
        """The newest version of a file that was noticed, None where nobody looked."""
        trail = self._trails.get(path)
        return trail.newest if trail else None

    def versions(self, path: Path) -> tuple[str, ...]:
        """All versions of a file that were noticed and that were something, the newest first."""
        trail = self._trails.get(path)
        return tuple(step.sha for step in reversed(trail.since(0)) if step.sha) if trail else ()

    def made_here(self, path: Path, sha: str) -> bool:
        """Whether an agent made this version of a file."""
        trail = self._trails.get(_real(path))
        return trail is not None and any(step.sha == sha and step.by for step in trail.since(0))

    def news(self, agent: str) -> list[News]:
        """What others did to the files of an agent, as far as it was noticed; told once."""
        found = []
        with self._lock:
            for path, view in self._views[agent].items() if agent in self._views else ():
                trail = self._trails[path]
                if view.position == trail.end:
                    continue
                now = trail.newest or ""
                steps, runs = _foreign(trail.since(view.position), view.told, agent)
                self._views[agent][path] = replace(view, told=now, position=trail.end)
                if runs:
                    found.append(News(path, now, steps, runs))
        return sorted(found, key=lambda one: one.path)

    def heard(self, agent: str, path: Path) -> None:
        """The agent was told of the newest version of a file in another way."""
        with self._lock:
            view, trail = self._views[agent].get(path), self._trails.get(path)
            if view is not None and trail is not None:
                self._views[agent][path] = replace(view, told=trail.newest or "", position=trail.end)

    def _view(self, agent: str, path: Path) -> _View | None:
        return self._views[agent].get(_real(path)) if agent in self._views else None

    def _trail(self, path: Path) -> Trail:
        return self._trails.setdefault(path, Trail())

    def _step(self, sha: str) -> Step:
        """A version that was found: made by the commands that run now, else by nobody of this run."""
        agents, commands = self.at_work.now()
        return Step(sha, agents, time.time(), commands)


def _foreign(
    steps: Sequence[Step], told: str, agent: str
) -> tuple[tuple[Step, ...], tuple[tuple[str, str], ...]]:
    """The versions that others made, and what each run of them, one after another, came from and led to."""
    theirs: list[Step] = []
    runs: list[tuple[str, str]] = []
    before, going = told, False
    for step in steps:
        if step.by != agent:
            theirs.append(step)
            runs[-1:] = [(runs[-1][0], step.sha)] if going else [*runs[-1:], (before, step.sha)]
        before, going = step.sha, step.by != agent
    return tuple(theirs), tuple(run for run in runs if run[0] != run[1])


def _after(
    known: Others | None, sha: str, before: str, changes: Sequence[LineChange] | None, *, foreign: bool
) -> Others | None:
    """What is known of others' lines after one more edit; nothing, where one was missed."""
    if known is None or known.sha != before or changes is None:
        return None
    lines = []
    for first, last in known.lines:
        moved = followed(Region("", "", first, last), changes)
        lines.append((moved.first, moved.last))
    shift = 0
    for change in changes:
        if foreign:
            lines.append((change.first + shift, change.first + shift + change.added - 1))
        shift += change.added - change.removed
    return Others(sha, tuple(lines)) if len(lines) <= MOST_RANGES else None


def _real(path: Path) -> Path:
    return Path(os.path.realpath(path))
