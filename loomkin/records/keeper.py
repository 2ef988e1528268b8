"""What left a model's window and can be read again: a keeper, its card, and what an offload is for."""

from enum import StrEnum

from loomkin.records.dataclass import dataclass
from loomkin.records.ids import KeeperId, MessageId, SessionId
from loomkin.records.message import Message


class KeeperKind(StrEnum):
    """What a keeper holds."""

    CONTEXT = "context"
    RESEARCH = "research"
    OUTPUT = "output"
    FAILURE = "failure"
    REPORT = "report"


class KeeperState(StrEnum):
    """Whether a keeper is offered; archived ones are still searched, and come back when they are used."""

    ACTIVE = "active"
    ARCHIVED = "archived"


@dataclass(frozen=True, slots=True)
class Card:
    """What is known of a keeper without reading it; `lines` has one for each of its messages."""

    title: str
    files: tuple[str, ...] = ()
    symbols: tuple[str, ...] = ()
    decisions: tuple[str, ...] = ()
    worked: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FileSeen:
    """A file that a keeper speaks of, with the short hash of its content then, empty where there was none."""

    path: str
    sha: str


@dataclass(frozen=True, slots=True)
class Keeper:
    """Messages of one agent, in order, that stand in its window no more or not whole.

    Of `words` the words still stand there, without what was attached to them; of `clipped` head and tail, of
    `side` characters each.
    `window` is the size in tokens of the model's window that they left.
    """

    id: KeeperId
    kind: KeeperKind
    agent: str
    session: SessionId
    card: Card
    messages: tuple[MessageId, ...]
    tokens: int
    files: tuple[FileSeen, ...] = ()
    words: tuple[MessageId, ...] = ()
    clipped: tuple[MessageId, ...] = ()
    window: int = 0
    side: int = 0


class Form(StrEnum):
    """How a message stands in the window."""

    WHOLE = "whole"
    WORDS = "words"
    CLIPPED = "clipped"


@dataclass(frozen=True, slots=True)
class Held:
    """A message in the window: as it was said, the tokens it takes now, and whether it must stay."""

    message: Message
    tokens: int
    form: Form = Form.WHOLE
    pinned: bool = False


@dataclass(frozen=True, slots=True)
class Aim:
    """What an offload is for, in tokens of the whole request.

    It should come down to `wanted`; the last turns stay whole where that leaves no more than `fits`; the last
    resorts are taken only above `most`. Less than `least` is not worth a keeper, except above `most`.
    """

    used: int
    wanted: int
    fits: int
    most: int
    least: int
    window: int
    topic: str = ""
    whole: bool = False


def named(typed: str) -> str:
    """A keeper's id as somebody typed it: `@k7`, `K7` and `7` are k7 as well."""
    bare = typed.strip().removeprefix("@")
    digits = bare[1:] if bare[:1] in ("k", "K") else bare
    return f"k{digits}" if digits.isascii() and digits.isdecimal() else typed
