"""Which version of a file each agent last saw, who changed it since, and how often edits failed."""

import os
import time
from collections import defaultdict
from pathlib import Path


class Sight:
    """What keeps several agents from overwriting each other unseen."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, Path], str] = {}
        self._changed: dict[Path, tuple[str, float]] = {}
        self._failures: defaultdict[tuple[str, Path], int] = defaultdict(int)

    def saw(self, agent: str, path: Path, sha: str) -> None:
        """The agent read this version."""
        self._seen[agent, _real(path)] = sha

    def seen(self, agent: str, path: Path) -> str | None:
        """The hash that the agent last saw, None where it never read the file."""
        return self._seen.get((agent, _real(path)))

    def changed(self, agent: str, path: Path, sha: str) -> None:
        """The agent wrote this version; its earlier failures with the file are forgotten."""
        path = _real(path)
        self._seen[agent, path] = sha
        self._changed[path] = (agent, time.monotonic())
        self._failures.pop((agent, path), None)

    def changed_by(self, path: Path) -> str:
        """Who changed the file last, and when; empty where no agent of this run did."""
        path = _real(path)
        if path not in self._changed:
            return ""
        agent, at = self._changed[path]
        return f"by {agent}, {time.monotonic() - at:.0f} s ago"

    def failed(self, agent: str, path: Path) -> None:
        """Count a failed edit."""
        self._failures[agent, _real(path)] += 1

    def failures(self, agent: str, path: Path) -> int:
        """Failed edits of this file by this agent since its last success."""
        return self._failures[agent, _real(path)]


def _real(path: Path) -> Path:
    return Path(os.path.realpath(path))
