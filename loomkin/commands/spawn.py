"""/spawn: put an agent of a role to work."""

from loomkin.commands.command import Command, CommandResult, Context
from loomkin.commands.crew import new_team
from loomkin.errors import UsageError


class Spawn(Command):
    """Gives work to a new agent, or to an idle one of that role; its last words come to the person."""

    name = "spawn"
    summary = "put an agent of a role to work; what it says last comes to you"
    usage = "ROLE WORK"
    wakes = True

    async def run(self, context: Context, argument: str) -> CommandResult:
        role, _, work = argument.partition(" ")
        if not work.strip():
            raise UsageError(
                "/spawn needs a role and the work.", hint="/spawn researcher Find who calls mean()."
            )
        return CommandResult(await new_team(context).spawn(role, work.strip()))

    def choices(self, context: Context) -> tuple[str, ...]:
        company = context.session.company
        return company.oversight.roles if company else ()


COMMAND = Spawn()
