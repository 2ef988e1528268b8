"""/stop: send an agent home."""

from loomkin.commands.command import Command, CommandResult, Context
from loomkin.commands.crew import agents, team_of
from loomkin.errors import UsageError


class Stop(Command):
    """Ends one agent; its mail goes back, its tasks too, and who asked for it is told."""

    name = "stop"
    summary = "end an agent; its tasks and mail go back, the others go on"
    usage = "AGENT"

    async def run(self, context: Context, argument: str) -> CommandResult:
        name = argument.strip().removeprefix("@")
        if not name:
            raise UsageError("/stop needs an agent.", hint="/team lists them; Esc interrupts your own one.")
        await team_of(context).stop(name)
        return CommandResult(f"{name} has gone. What waits for it went back to those who sent it.")

    def choices(self, context: Context) -> tuple[str, ...]:
        return tuple(name for name in agents(context) if name != context.session.agent.name)


COMMAND = Stop()
