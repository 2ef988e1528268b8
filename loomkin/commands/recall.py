"""/recall: what was said in this repository before, by its words."""

from loomkin.commands.command import Command, CommandResult, Context
from loomkin.errors import UsageError


class Recall(Command):
    """Finds passages of this and all earlier sessions."""

    name = "recall"
    summary = "find what was said here before, in any session"
    usage = "WORDS"
    more = "Quoted words must stand together. @k7 in a prompt gives the agent what keeper k7 holds."

    async def run(self, context: Context, argument: str) -> CommandResult:
        if not argument.strip():
            raise UsageError("/recall needs words to look for.", hint="/recall staging port")
        assert context.session.memory is not None
        return CommandResult(await context.session.memory.memory.recall(argument.strip()))


COMMAND = Recall()
