"""/unpause: let a held agent go on."""

from loomkin.commands.command import Command, CommandResult, Context
from loomkin.commands.crew import agents, own_only, team_of


class Unpause(Command):
    """Lets one agent, or all who are held, go on."""

    name = "unpause"
    summary = "let an agent that is held go on, or all"
    usage = "[AGENT]"
    wakes = True

    async def run(self, context: Context, argument: str) -> CommandResult:
        name = argument.strip().removeprefix("@")
        own = own_only(context, name)
        if own is not None:
            freed: tuple[str, ...] = (own.name,) if own.steering.paused else ()
            own.steering.resume()
        else:
            freed = team_of(context).unpause(name)
        return CommandResult(f"Going on: {', '.join(freed)}." if freed else "Nobody is held.")

    def choices(self, context: Context) -> tuple[str, ...]:
        return agents(context)


COMMAND = Unpause()
