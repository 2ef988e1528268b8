"""What the person asked for last, word for word, for those to whom it is handed on."""

from collections.abc import Sequence

from loomkin.records.mail import PERSON
from loomkin.records.message import Message, Role, Text

LONGEST = 8000
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
    return f"{work}\n\nThe person's words:\n{words}"


def last_words(messages: Sequence[Message]) -> str:
    """The person's last request, with what they said while it was worked on."""
    found: list[str] = []
    for message in reversed(messages):
        if message.sender == PERSON and isinstance(message.parts[0], Text):
            found.append(message.parts[0].text.strip())  # not what was attached to it
        elif found and message.role is Role.ASSISTANT and _ends_turn(message):
            break
    return "\n\n".join(text for text in reversed(found) if text)


def _ends_turn(message: Message) -> bool:
    called = {call.name for call in message.calls}
    handed = bool(called & HANDS_OVER) and called <= HANDS_OVER | GOES_ALONG
    return not called or (handed and bool(message.text.strip()))
