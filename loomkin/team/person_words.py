"""What the person asked for last, word for word, for those to whom it is handed on."""

from collections.abc import Sequence

from loomkin.records.mail import PERSON, Mail
from loomkin.records.message import Message, Role, Text
from loomkin.records.task import Task
from loomkin.team.roster import Roster

LONGEST = 8000
BEGINNING = 1200
MARK = "The person's words"
HANDS_OVER = frozenset(("team_spawn", "task_create"))
GOES_ALONG = frozenset(("task_depend", "task_update", "peer_answer"))


def with_words(work: str, messages: Sequence[Message]) -> str:
    """An order with the words of the person that it comes from, unless it has them already."""
    words = last_words(messages)
    if not words or words in work:
        return work
    half = LONGEST // 2
    if len(words) > LONGEST:
        gap = f"\n[{len(words) - LONGEST} characters are left out here]\n"
        words = f"{words[:half]}{gap}{words[-half:]}"
    return f"{work}\n\n{MARK}:\n{words}"


def last_words(messages: Sequence[Message]) -> str:
    """The person's last request, with what they said while it was worked on."""
    return "\n\n".join(_words(message) for message in _last(messages))


class ForOwners:
    """Hands the person's request on with the tasks that are made of it: to each agent once."""

    def __init__(self, team: Roster) -> None:
        self._team = team
        self._told: dict[str, str] = {}

    def heard(self, mail: Mail) -> None:
        """Take note of a letter that the words stand in."""
        if MARK in mail.text:
            self._told[mail.to] = mail.text.partition(MARK)[2]

    def with_beginning(self, order: str, task: Task, name: str) -> str:
        """The order of a task for an agent, with what the person said where it has not been told that."""
        host = next((one for one in self._team.members if one.hosted), None)
        if host is None or name == host.name or task.creator == PERSON:
            return order
        messages = _last(host.agent.transcript.messages)
        words = "\n\n".join(map(_words, messages))
        begins = words[:BEGINNING]
        if not words or begins in self._told.get(name, "") or begins in order:
            return order
        rest = ""
        if left := len(words) - len(begins):
            ids = " and ".join(f"context_read(message={message.id}, span=0)" for message in messages)
            rest = f"\n[{left:,} characters more: {ids}; see tool_search]"
        return f"{order}\n\n{MARK}, of which {task.id} is your part:\n{begins}{rest}"


def _last(messages: Sequence[Message]) -> list[Message]:
    """The messages of the person's last request, oldest first."""
    found: list[Message] = []
    for message in reversed(messages):
        if message.sender == PERSON and isinstance(message.parts[0], Text):
            found += [message] if _words(message) else []
        elif found and message.role is Role.ASSISTANT and _ends_turn(message):
            break
    return found[::-1]


def _words(message: Message) -> str:
    """What the person said, without what was attached to it."""
    first = message.parts[0]
    return first.text.strip() if isinstance(first, Text) else ""


def _ends_turn(message: Message) -> bool:
    called = {call.name for call in message.calls}
    handed = bool(called & HANDS_OVER) and called <= HANDS_OVER | GOES_ALONG
    return not called or (handed and bool(message.text.strip()))
