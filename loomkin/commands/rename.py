"""/rename: give the session a name."""

from loomkin.commands.command import Command, CommandResult, Context
from loomkin.errors import UsageError
from loomkin.store import sessions


class Rename(Command):
    """Names the session, so that it can be resumed by it."""

    name = "rename"
    summary = "name the session, to resume it by that name"
    usage = "NAME"

    async def run(self, context: Context, argument: str) -> CommandResult:
        name = " ".join(argument.split())
        if not name:
            raise UsageError("/rename needs a name.", hint="/rename fix the parser")
        await context.scribe.flush()
        sessions.refuse_taken(context.database, name, context.session.id)
        context.session.rename(name)
        return CommandResult(f"This session is now called {name!r}.")


COMMAND = Rename()
