"""/clear: an empty window; the log keeps everything."""

from loomkin.commands.command import Command, CommandResult, Context


class Clear(Command):
    """Begins the conversation anew in the same session."""

    name = "clear"
    summary = "forget the conversation so far; the log keeps it"
    aliases = ("new", "reset")
    idle = True

    async def run(self, context: Context, argument: str) -> CommandResult:
        context.session.clear()
        return CommandResult("The conversation begins anew. What was said stays in the log.")


COMMAND = Clear()
