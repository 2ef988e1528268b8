"""/compact: an emptier window now; nothing is lost."""

from loomkin.commands.command import Command, CommandResult, Context


class Compact(Command):
    """Moves old messages to a keeper, as a full window does by itself."""

    name = "compact"
    summary = "move old messages to a keeper, word for word; nothing is summarised away"
    usage = "[TOPIC]"
    more = "What was said is kept whole: loomkin finds it again, and @k7 in a prompt recalls keeper k7."
    idle = True

    async def run(self, context: Context, argument: str) -> CommandResult:
        made = await context.session.agent.window.offload(argument.strip())
        if made is None:
            share = context.session.zones().percent
            return CommandResult(f"There is next to nothing to move; the window is {share} % full.")
        return CommandResult(f"Keeper {made.keeper.id} holds it, word for word.")


COMMAND = Compact()
