"""What became of one file during a run: every version that was noticed, and who made it."""

from collections.abc import Sequence

from loomkin.records.dataclass import dataclass

MOST_STEPS = 64
"""Versions that are kept of one file; who looked longer ago is told of these."""


@dataclass(frozen=True, slots=True)
class Step:
    """A version by its hash, empty where the file was gone; `by` is the agent that made it, else empty.

    `command` is what ran meanwhile, where no tool wrote the version. `at` is the clock's time.
    """

    sha: str
    by: str
    at: float
    command: str = ""


@dataclass(frozen=True, slots=True)
class Mark:
    """A version as the file system knows it: times, size and inode; unchanged, so is the file."""

    signature: tuple[int, ...]
    sha: str


class Trail:
    """The versions of one file, oldest first, by positions that stay true when the oldest are forgotten."""

    __slots__ = ("_base", "_steps", "mark")

    def __init__(self) -> None:
        self._steps: list[Step] = []
        self._base = 0
        self.mark: Mark | None = None

    @property
    def end(self) -> int:
        """The position behind the newest version."""
        return self._base + len(self._steps)

    @property
    def newest(self) -> str | None:
        """The hash of the newest version, None where none is known."""
        return self._steps[-1].sha if self._steps else None

    def add(self, step: Step) -> None:
        """One more version."""
        self._steps.append(step)
        if len(self._steps) > MOST_STEPS:
            self._base += len(self._steps) - MOST_STEPS
            del self._steps[:-MOST_STEPS]

    def behind(self, sha: str) -> int | None:
        """The position behind the newest version of that hash, None where it never was."""
        for number in range(len(self._steps) - 1, -1, -1):
            if self._steps[number].sha == sha:
                return self._base + number + 1
        return None

    def since(self, position: int) -> Sequence[Step]:
        """The versions from a position on."""
        return self._steps[max(0, position - self._base) :]
