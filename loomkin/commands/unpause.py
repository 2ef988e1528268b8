"""/unpause: let a held agent go on."""

from loomkin.commands.command import Command, CommandResult, Context
from loomkin.commands.crew import agents, team_of


class Unpause(Command):
    """Lets one agent, or all who are held, go on."""

    name = "unpause"
    summary = "let an agent that is held go on, or all"
    usage = "[AGENT]"
    wakes = True

    async def run(self, context: Context, argument: str) -> CommandResult:
        freed = team_of(context).unpause(argument.strip().removeprefix("@"))
        return CommandResult(f"Going on: {', '.join(freed)}." if freed else "Nobody is held.")

    def choices(self, context: Context) -> tuple[str, ...]:
        return agents(context)


COMMAND = Unpause()
