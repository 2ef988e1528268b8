"""Which version of a file each agent last saw, what others changed since, and how often edits failed."""

import os
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

from loomkin.project.regions import followed
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
    """What an agent saw, and what became of it as far as that is known."""

    sha: str
    others: Others | None


class Sight:
    """What keeps several agents from overwriting each other unseen.

    `keep` is given what a file held, by its hash, before an agent changes it.
    """

    def __init__(self) -> None:
        self.keep: Callable[[str, str], None] = lambda sha, text: None
        self._views: dict[tuple[str, Path], _View] = {}
        self._changed: dict[Path, tuple[str, float]] = {}
        self._failures: defaultdict[tuple[str, Path], int] = defaultdict(int)

    def saw(self, agent: str, path: Path, sha: str) -> None:
        """The agent read this version."""
        self._views[agent, _real(path)] = _View(sha, Others(sha))

    def files_of(self, agent: str) -> list[Path]:
        """The files that the agent read or wrote."""
        return [path for who, path in self._views if who == agent]

    def seen(self, agent: str, path: Path) -> str | None:
        """The hash that the agent last saw, None where it never read the file."""
        view = self._views.get((agent, _real(path)))
        return view.sha if view else None

    def others(self, agent: str, path: Path) -> Others | None:
        """What others wrote since the agent saw the file, None where that is not known line by line."""
        view = self._views.get((agent, _real(path)))
        return view.others if view else None

    def changed(
        self, agent: str, path: Path, sha: str, before: str = "", changes: Sequence[LineChange] | None = None
    ) -> None:
        """The agent made this version of the version `before`; its failures with the file are forgotten.

        Who had seen `before` has seen the new version of its own making; who had not has not.
        """
        path = _real(path)
        self._changed[path] = (agent, time.monotonic())
        self._failures.pop((agent, path), None)
        mine = self._views.get((agent, path))
        for (who, where), view in tuple(self._views.items()):
            if where == path and (who != agent or view.sha != before):
                others = _after(view.others, sha, before, changes, foreign=who != agent)
                self._views[who, where] = replace(view, others=others)
        if mine is None or mine.sha == before or not before:
            self._views[agent, path] = _View(sha, Others(sha))

    def touched(self, agent: str, path: Path) -> None:
        """A command of the agent changed the file, nobody saw how."""
        self._changed[_real(path)] = (agent, time.monotonic())

    def changed_by(self, path: Path) -> str:
        """Who changed the file last, and when; empty where no agent of this run did."""
        path = _real(path)
        if path not in self._changed:
            return ""
        agent, at = self._changed[path]
        return f"{agent}, {time.monotonic() - at:.0f} s ago"

    def failed(self, agent: str, path: Path) -> None:
        """Count a failed edit."""
        self._failures[agent, _real(path)] += 1

    def failures(self, agent: str, path: Path) -> int:
        """Failed edits of this file by this agent since its last success."""
        return self._failures[agent, _real(path)]


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
