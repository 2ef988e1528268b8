"""/fork: go on in a copy of the session, as it is or as it was at the end of a turn."""

from loomkin.commands.command import Command, CommandResult, Context, Then
from loomkin.runtime.clock import SystemClock
from loomkin.store import sessions, spots
from loomkin.workspace.forking import fork


class Fork(Command):
    """Closes the present session, which stays as it is, and opens one with its conversation."""

    name = "fork"
    summary = "go on in a copy of this session, as it is now or was at the end of a turn"
    usage = "[TURN]"
    more = "TURN counts from 1; event:42, a message (m_…) or a keeper (k7) of the session will do, too."
    idle = True

    async def run(self, context: Context, argument: str) -> CommandResult:
        await context.scribe.flush()
        database, here = context.database, context.session.id
        row = next((row for row in sessions.all_sessions(database) if row.id == here), None)
        if row is None:
            return CommandResult("Nothing was said in this session yet: there is nothing to fork.")
        word = f"{spots.TURN}{argument}" if argument.isdecimal() else argument.removeprefix("event:")
        at = spots.event_at(database, here, word) if word else 0
        opened = fork(database, row, SystemClock(), context.scribe.recorder, "", at=at)
        await context.scribe.flush()
        where = f" at event {at}" if at else ""
        told = f"Forked {here}{where}; /resume {here} goes back to it."
        return CommandResult(told, then=Then.RESUME, argument=opened.id)


COMMAND = Fork()
