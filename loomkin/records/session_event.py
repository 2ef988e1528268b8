"""What happens to a session as a whole when it is carried from one repository to another."""

from loomkin.records.dataclass import dataclass
from loomkin.records.event import Fact


@dataclass(frozen=True, slots=True)
class Renamed:
    """What a keeper, decision or output is called here, and was called in the words of the session."""

    before: str
    now: str


@dataclass(frozen=True, slots=True)
class SessionImported(Fact):
    """The session came from a file; `original` is what it was called there, `digest` tells the file."""

    original: str
    digest: str
    renamed: tuple[Renamed, ...] = ()
