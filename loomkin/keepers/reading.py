"""Reading what was said word for word: a keeper, a message with what stands around it, a report."""

from collections.abc import Callable, Sequence
from sqlite3 import Connection

from loomkin.errors import NotFoundError
from loomkin.keepers.called import arguments, files
from loomkin.keepers.passage import whereabouts
from loomkin.keepers.verbatim import ago, identity, source, verbatim
from loomkin.records.dataclass import dataclass
from loomkin.records.event import MessageAdded
from loomkin.records.regex import pattern
from loomkin.store import recall
from loomkin.store.recall import Said

PAGE = 16_000
"""Characters that are given at once."""
MOST_SPAN = 50
_KEEPER = pattern(r"k\d+")
_EVENT = pattern(r"e(\d+)")


@dataclass(frozen=True, slots=True)
class Spread:
    """What to read: a keeper, or `span` messages on either side of one; from character `offset` on.

    With both, what is read around the message is of the keeper alone; of a keeper only results that concern
    `file`, where one is named. `session` is the reader's.
    """

    keeper: str = ""
    message: str = ""
    span: int = 2
    offset: int = 0
    session: str = ""
    file: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """A part of what was to be read; `next` is the offset of the rest, 0 where there is none."""

    text: str
    whole: int
    next: int
    keeper: str
    messages: tuple[str, ...]


def spread(keeper: str, message: str, span: int, offset: int, session: str, file: str = "") -> Spread:
    """What to read by the words of a caller, who may have mixed up the two kinds of ids."""
    if keeper and not message and not _KEEPER.fullmatch(keeper):
        keeper, message = "", keeper
    if message and not keeper and _KEEPER.fullmatch(message):
        keeper, message = message, ""
    return Spread(keeper, message, max(0, min(span, MOST_SPAN)), max(0, offset), session, file.strip())


def for_agent(one: Said, session: str, now: float) -> str:
    """A message as agents read it."""
    where = whereabouts(one.session, session, one.at, now)
    return f'<message id="{identity(one)}" from="{source(one)}" when="{where}">\n{verbatim(one)}\n</message>'


def for_person(one: Said, session: str, now: float) -> str:
    """The same for the person."""
    text = "\n".join(f"  {line}" for line in verbatim(one).splitlines())
    return f"{source(one)}, {ago(one.at, now)} ({identity(one)})\n{text}\n"


def read(
    connection: Connection,
    project: str,
    what: Spread,
    now: float,
    most: int = PAGE,
    told: Callable[[Said, str, float], str] = for_agent,
) -> Page:
    """The words themselves; blocks. Raises NotFoundError for a keeper or a message that there is not."""
    numbers, keeper = _numbers(connection, project, what)
    found = recall.said(connection, numbers)
    those = [found[number] for number in numbers if number in found]
    if what.keeper and what.file and not what.message:
        those = _of_file(those, what.file, keeper)
    text = "\n".join(told(one, what.session, now) for one in those)
    part = text[what.offset : what.offset + most]
    rest = what.offset + most if len(text) > what.offset + most else 0
    return Page(part, len(text), rest, keeper, tuple(map(identity, those)))


def _of_file(those: Sequence[Said], file: str, keeper: str) -> list[Said]:
    """The results of calls on a file: those that name it in the call or in their first line."""
    wanted = f"/{file.removeprefix('./')}"
    messages = [(one, one.fact.message) for one in those if isinstance(one.fact, MessageAdded)]
    on_it = {
        call.id
        for _, message in messages
        for call in message.calls
        if any(f"/{path}".endswith(wanted) for path in files(call, arguments(call)))
    }
    found = [
        one
        for one, message in messages
        if any(result.call_id in on_it or _heads(result.text, wanted) for result in message.results)
    ]
    if not found:
        raise NotFoundError(
            f"Nothing in keeper {keeper} was read of {file!r} or done to it.",
            hint=f'context_search(query, keeper="{keeper}") finds where it is spoken of.',
        )
    return found


def _heads(text: str, wanted: str) -> bool:
    """Whether the first word of a result is the file."""
    return any(f"/{word}".endswith(wanted) for word in text[:400].partition("\n")[0].split()[:1])


def _numbers(connection: Connection, project: str, what: Spread) -> tuple[Sequence[int], str]:
    if event := _EVENT.fullmatch(what.message):
        number = int(event[1])
        if not recall.is_report(connection, project, number):
            raise NotFoundError(f"There is no report {what.message} in this repository.", hint=_AGAIN)
        return (number,), ""
    if what.keeper:
        held = recall.held(connection, project, what.keeper, what.session)
        if not held:
            raise NotFoundError(f"There is no keeper {what.keeper!r} in this repository.", hint=_AGAIN)
        ids = [message for message, _ in held]
        if not what.message:
            return [number for _, number in held], what.keeper
        if what.message in ids:
            at = ids.index(what.message)
            some = held[max(0, at - what.span) : at + what.span + 1]
            return [number for _, number in some], what.keeper
    if not what.message:
        raise NotFoundError("Neither a keeper nor a message is named.", hint=_AGAIN)
    spot = recall.spot(connection, project, what.message, what.session)
    if spot is None:
        raise NotFoundError(f"There is no message {what.message!r} in this repository.", hint=_AGAIN)
    return recall.around(connection, spot, what.span), recall.keepers_of(connection, [what.message]).get(
        what.message, ""
    )


_AGAIN = "context_search finds ids."
