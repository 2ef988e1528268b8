"""/quit: leave; the session can be resumed."""

from loomkin.commands.command import Command, CommandResult, Context, Then


class Quit(Command):
    """Leaves."""

    name = "quit"
    summary = "leave; `loomkin -c` goes on where you were"
    aliases = ("exit",)

    async def run(self, context: Context, argument: str) -> CommandResult:
        return CommandResult(then=Then.QUIT)


COMMAND = Quit()
