"""/decisions: what was decided in this repository, and changing it."""

import time
from typing import TYPE_CHECKING

from loomkin.commands.command import Command, CommandResult, Context
from loomkin.errors import UsageError

if TYPE_CHECKING:  # the graph is loaded when it is asked for
    from loomkin.decisions.desk import Desk

HINT = (
    "/decisions · /decisions ID · search WORDS · files PATH… · goals · doubts · pulse · tree [ID] · "
    "writeup [ID] · add KIND TITLE · done ID · abandon ID WHY · confidence ID 0…100 · undo"
)
MOST = 30


class Decisions(Command):
    """Lists decisions, shows one, searches, and changes them."""

    name = "decisions"
    summary = "goals, decisions, rejected options and why; done, abandon, confidence, undo change them"
    usage = "[ID]"
    more = HINT
    aliases = ("graph",)

    async def run(self, context: Context, argument: str) -> CommandResult:
        desk = context.session.desk
        assert desk is not None
        verb, _, rest = argument.strip().partition(" ")
        await context.scribe.flush()
        return CommandResult(
            await _changed(desk, verb, rest.strip()) or _shown(desk, verb or "all", rest.strip())
        )

    def choices(self, context: Context) -> tuple[str, ...]:
        return (
            "search", "files", "goals", "doubts", "pulse", "tree", "writeup",
            "add", "done", "abandon", "undo",
        )  # fmt: skip


async def _changed(desk: "Desk", verb: str, rest: str) -> str:
    """What a change came to, empty where the words ask for none."""
    word, _, more = rest.partition(" ")
    if verb == "undo":
        return await desk.graph.undo(desk.who(""))
    if verb == "add" and more.strip():
        return (await desk.log_words("", word, more.strip())).in_words("Added")
    if verb in ("done", "abandon") and word:
        return (await desk.close("", word, more.strip(), abandoned=verb == "abandon")).in_words("Closed")
    if verb == "confidence" and more.strip().isdigit():
        return (await desk.trust("", word, int(more))).in_words("Now")
    if verb in ("add", "done", "abandon", "confidence"):
        raise UsageError(f"/decisions {verb} needs more.", hint=HINT)
    return ""


def _shown(desk: "Desk", verb: str, rest: str) -> str:
    if verb == "tree":
        return desk.answers.tree(rest)
    if verb == "writeup":
        return desk.writeup(rest, "", "")
    if not rest and not desk.asks(verb):
        return desk.answers.shown(verb)
    if not desk.asks(verb):
        raise UsageError(f"/decisions cannot do {verb!r}.", hint=HINT)
    return desk.ask(verb, rest, MOST, time.time())


COMMAND = Decisions()
