"""The text of a commit's message as git takes it from its editor."""

import re

from loomkin.records.regex import pattern

_SCISSORS = pattern(r"^. -+ >8 -+$", re.MULTILINE)


def cleaned(message: str, comment: str = "#") -> str:
    """What git keeps of the text in its editor: nothing below the scissors, no comments, no space around."""
    if comment and (cut := _SCISSORS.search(message)) and message[cut.start()] == comment:
        message = message[: cut.start()]
    lines = [line.rstrip() for line in message.splitlines() if not (comment and line.startswith(comment))]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
