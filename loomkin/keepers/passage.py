"""What is looked for and what is found, and how agents read it."""

from collections.abc import Sequence

from loomkin.keepers.verbatim import ago
from loomkin.records.dataclass import dataclass
from loomkin.records.keeper import KeeperKind

NOTHING = "Nothing that was said here fits. Try other words: names, paths, parts of a message."
MOST = 10_000
"""Characters of all passages together that an agent is given at once."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for: words, in which keeper, of which kind, how many passages of which width.

    `session` is the asker's, `sight` the messages that stand in its window, `files` what it works on.
    """

    words: str
    keeper: str = ""
    kind: KeeperKind | None = None
    limit: int = 6
    width: int = 1_200
    session: str = ""
    sight: frozenset[str] = frozenset()
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Passage:
    """A part of what was said, word for word.

    `id` is that of the message, `e` and a number for a report, or the file of a kept output; `source` says
    who said it; `start` is its place in the whole, which has `whole` characters; `changed` are files it
    speaks of that are not as they were; `state` is that of its keeper.
    """

    id: str
    keeper: str
    kind: KeeperKind
    source: str
    session: str
    at: float
    start: int
    whole: int
    text: str
    changed: tuple[str, ...]
    state: str
    score: float


def for_agents(passages: Sequence[Passage], session: str, now: float, most: int = MOST) -> str:
    """The passages with what is known of them, the best first, as many as there is room for."""
    told: list[str] = []
    left = most
    for passage in passages:
        text = _told(passage, session, now)
        if told and len(text) > left:
            break
        told.append(text)
        left -= len(text)
    more = len(passages) - len(told)
    rest = [f"{more} more fit; ask with other words, or fewer at once."] if more else []
    return "\n".join([*told, *rest])


def for_people(passages: Sequence[Passage], now: float) -> str:
    """The same for the person."""
    return "\n\n".join(_shown(one, now) for one in passages)


def _shown(one: Passage, now: float) -> str:
    where = ", ".join(part for part in (one.keeper, one.id) if part)
    head = f"{one.source}, {ago(one.at, now)}, session {one.session} ({where})"
    stale = f"\n  ! {', '.join(one.changed)} changed since" if one.changed else ""
    text = "\n".join(f"  {line}" for line in one.text.strip().splitlines())
    return f"{head}{stale}\n{text}"


def whereabouts(said_in: str, session: str, at: float, now: float) -> str:
    """In which session something was said, as another one sees it, and how long ago."""
    where = "this session" if said_in == session else f"session {said_in}"
    return f"{where}, {ago(at, now)}"


def _told(one: Passage, session: str, now: float) -> str:
    part = f"characters {one.start}-{one.start + len(one.text)} of {one.whole}"
    named = {
        "id": one.id,
        "keeper": one.keeper,
        "from": one.source,
        "when": whereabouts(one.session, session, one.at, now),
        "part": "" if len(one.text) >= one.whole else part,
        "stale": f"{', '.join(one.changed)} changed since" if one.changed else "",
    }
    head = " ".join(f'{name}="{value}"' for name, value in named.items() if value)
    return f"<passage {head}>\n{one.text.strip()}\n</passage>"
