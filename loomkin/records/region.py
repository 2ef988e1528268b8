"""A claim: the part of a file that one agent is about to change, and why."""

from loomkin.records.dataclass import dataclass
from loomkin.records.ids import TaskId


@dataclass(frozen=True, slots=True)
class LineChange:
    """What an edit did to lines: `removed` of them from line `first` (from 1) on gave way to `added`."""

    first: int
    removed: int
    added: int


@dataclass(frozen=True, slots=True)
class Region:
    """A part of a file: a symbol (dotted, e.g. `Cart.total`), lines from 1 including both ends, or all of it.

    `path` is relative to the repository; with a symbol, `first` and `last` are the lines where it stood
    when that was last looked up, 0 where nobody looked yet.
    """

    path: str
    symbol: str = ""
    first: int = 0
    last: int = 0

    @property
    def whole(self) -> bool:
        """Whether it is the whole file."""
        return not self.symbol and not self.first

    def __str__(self) -> str:
        if self.symbol:
            return f"{self.path}:{self.symbol}"
        if self.whole:
            return self.path
        return f"{self.path}:{self.first}-{max(self.first, self.last)}"


@dataclass(frozen=True, slots=True)
class Claim:
    """A region that an agent holds; `until` is when the lease ends (seconds since the epoch), 0 for never."""

    id: str
    region: Region
    agent: str
    intent: str
    at: float
    task: TaskId = TaskId("")
    until: float = 0.0
