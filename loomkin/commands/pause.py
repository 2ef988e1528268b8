"""/pause: hold an agent at its next checkpoint."""

from loomkin.commands.command import Command, CommandResult, Context
from loomkin.commands.crew import agents, own_only, team_of


class Pause(Command):
    """Holds one agent, or all, before the next model call; nothing is lost, others go on."""

    name = "pause"
    summary = "hold an agent, or all, before the next step; others go on"
    usage = "[AGENT]"

    async def run(self, context: Context, argument: str) -> CommandResult:
        name = argument.strip().removeprefix("@")
        own = own_only(context, name)
        if own is not None:
            held: tuple[str, ...] = () if own.steering.paused else (own.name,)
            own.steering.pause()
        else:
            held = team_of(context).pause(name)
        if not held:
            return CommandResult("Nobody else is to be held.")
        return CommandResult(f"Held before the next step: {', '.join(held)}. /unpause lets them go on.")

    def choices(self, context: Context) -> tuple[str, ...]:
        return agents(context)


COMMAND = Pause()
