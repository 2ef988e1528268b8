"""/resume: go on with another session."""

from loomkin.commands.command import Command, CommandResult, Context, Then
from loomkin.commands.sessions import MOST, session_line
from loomkin.store import sessions


class Resume(Command):
    """Closes the present session and opens another."""

    name = "resume"
    summary = "go on with another session, by id, its end, or name"
    usage = "[ID|NAME]"
    idle = True

    async def run(self, context: Context, argument: str) -> CommandResult:
        await context.scribe.flush()
        here = context.session.id
        if argument:
            row = sessions.find(context.database, argument)
            if row.id == here:
                return CommandResult("That session is the one that is open.")
            return CommandResult(f"Going on with {row.id}.", then=Then.RESUME, argument=row.id)
        rows = [row for row in sessions.all_sessions(context.database, MOST) if row.id != here]
        if not rows:
            return CommandResult("There is no other session in this repository.")
        lines = [session_line(row, False) for row in rows]
        return CommandResult("\n".join([*lines, "", "/resume ID goes on with one; its end is enough."]))

    def choices(self, context: Context) -> tuple[str, ...]:
        return tuple(row.id for row in sessions.all_sessions(context.database, MOST))


COMMAND = Resume()
