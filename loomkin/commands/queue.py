"""/queue: the mail that waits, and changing it before it is read."""

import time
from typing import TYPE_CHECKING

from loomkin.commands.command import Command, CommandResult, Context
from loomkin.commands.crew import agents, letter_line, seconds, team_of
from loomkin.errors import UsageError
from loomkin.records.mail import Mail

if TYPE_CHECKING:  # a conversation of one agent loads no team
    from loomkin.workspace.oversight import Oversight

HINT = (
    "/queue [AGENT] · /queue edit ID WORDS · /queue move ID PLACE · /queue delay ID 5m · /queue delete ID ·"
    " /queue squash AGENT"
)


class Queue(Command):
    """Lists waiting letters in the order of reading; edits, moves, delays, deletes and squashes them."""

    name = "queue"
    summary = "mail that waits; edit, move, delay, delete, squash change it before it is read"
    usage = "[AGENT]"
    more = HINT

    async def run(self, context: Context, argument: str) -> CommandResult:
        verb, _, rest = argument.strip().partition(" ")
        team, rest = team_of(context), rest.strip()
        if verb in _CHANGES:
            return CommandResult(_CHANGES[verb](team, rest))
        if rest:
            raise UsageError(f"/queue cannot do {argument!r}.", hint=HINT)
        return CommandResult(_listed(team.waiting(verb.removeprefix("@"))))

    def choices(self, context: Context) -> tuple[str, ...]:
        return (*agents(context), *_CHANGES)


def _listed(letters: tuple[Mail, ...]) -> str:
    if not letters:
        return "No mail waits."
    now, lines = time.time(), []
    for name in dict.fromkeys(mail.to for mail in letters):
        lines.append(f"for {name}")
        lines += [f"  {letter_line(mail, now)}" for mail in letters if mail.to == name]
    return "\n".join(lines)


def _edit(team: "Oversight", rest: str) -> str:
    identity, words = _two(rest, "edit m3 Leave the tests alone.")
    mail = team.edit(identity, text=words)
    return f"{mail.id} for {mail.to} now says: {mail.text}"


def _move(team: "Oversight", rest: str) -> str:
    identity, place = _two(rest, "move m3 1")
    if not place.isdecimal():
        raise UsageError(f"{place!r} is no place.", hint="1 is the first of those of the same priority.")
    return _listed(team.move(identity, int(place)))


def _delay(team: "Oversight", rest: str) -> str:
    identity, span = _two(rest, "delay m3 5m")
    mail = team.edit(identity, delay=seconds(span))
    return f"{mail.id} for {mail.to} is held back for {seconds(span):.0f} s."


def _delete(team: "Oversight", rest: str) -> str:
    if not rest:
        raise UsageError("/queue delete needs a letter.", hint="/queue lists them.")
    mail = team.delete(rest)
    return f"{mail.id} for {mail.to} is deleted; it will not be read."


def _squash(team: "Oversight", rest: str) -> str:
    name = rest.removeprefix("@")
    mail = team.squash(name)
    return (
        f"{mail.id} now holds all that waited for {name}." if mail else f"{name} has no two letters waiting."
    )


def _two(rest: str, example: str) -> tuple[str, str]:
    first, _, second = rest.partition(" ")
    if not second.strip():
        raise UsageError("Something is missing.", hint=f"/queue {example}")
    return first, second.strip()


_CHANGES = {"edit": _edit, "move": _move, "delay": _delay, "delete": _delete, "squash": _squash}

COMMAND = Queue()
