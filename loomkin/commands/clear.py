"""/clear: an empty window; a keeper holds everything."""

from loomkin.commands.command import Command, CommandResult, Context


class Clear(Command):
    """Begins the conversation anew in the same session."""

    name = "clear"
    summary = "forget the conversation so far; a keeper holds it"
    aliases = ("new", "reset")
    idle = True

    async def run(self, context: Context, argument: str) -> CommandResult:
        made = await context.session.clear()
        where = f"keeper {made.keeper.id} (recall with @{made.keeper.id})" if made else "the log"
        return CommandResult(f"The conversation begins anew. What was said stays in {where}.")


COMMAND = Clear()
