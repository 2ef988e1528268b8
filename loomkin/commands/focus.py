"""/focus: whose stream the screen shows."""

from loomkin.commands.command import Command, CommandResult, Context, Then
from loomkin.commands.crew import agents
from loomkin.errors import NotFoundError

EVERYBODY = "all"


class Focus(Command):
    """Shows one agent's words and calls as they come, or everybody's."""

    name = "focus"
    summary = "whose words and calls you see as they come; alone: your own agent's"
    usage = "[AGENT|all]"

    async def run(self, context: Context, argument: str) -> CommandResult:
        name = argument.strip().removeprefix("@") or context.session.agent.name
        if name not in (EVERYBODY, *agents(context)):
            raise NotFoundError(
                f"There is no agent {name!r}.", hint=f"One of: {', '.join((*agents(context), EVERYBODY))}."
            )
        shown = "what everybody says" if name == EVERYBODY else f"what {name} says and does"
        return CommandResult(f"You see {shown}.", then=Then.FOCUS, argument=name)

    def choices(self, context: Context) -> tuple[str, ...]:
        return (*agents(context), EVERYBODY)


COMMAND = Focus()
