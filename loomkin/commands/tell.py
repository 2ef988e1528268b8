"""/tell: words for one agent's very next model call."""

from loomkin.commands.command import Command, CommandResult, Context, Then
from loomkin.commands.crew import agents, team_of
from loomkin.errors import UsageError


class Tell(Command):
    """Steers an agent that is at work, wakes an idle one."""

    name = "tell"
    summary = "words for an agent's very next step, as `@agent words`; wakes an idle one"
    usage = "AGENT WORDS"
    wakes = True

    async def run(self, context: Context, argument: str) -> CommandResult:
        name, _, words = argument.partition(" ")
        name, words = name.removeprefix("@"), words.strip()
        if not words:
            raise UsageError("/tell needs an agent and words.", hint="/tell coder Leave the tests alone.")
        if name == context.session.agent.name:
            return CommandResult(then=Then.SEND, argument=words)
        return CommandResult(team_of(context).tell(name, words))

    def choices(self, context: Context) -> tuple[str, ...]:
        return agents(context)


COMMAND = Tell()
