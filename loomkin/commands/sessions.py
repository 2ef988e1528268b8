"""/sessions: the sessions of this repository."""

import time

from loomkin.commands.command import Command, CommandResult, Context
from loomkin.store import sessions
from loomkin.store.sessions import SessionRow

MOST = 30


class Sessions(Command):
    """Lists the newest sessions."""

    name = "sessions"
    summary = "the sessions of this repository"

    async def run(self, context: Context, argument: str) -> CommandResult:
        await context.scribe.flush()
        rows = sessions.all_sessions(context.database, MOST)
        lines = [session_line(row, row.id == context.session.id) for row in rows]
        return CommandResult("\n".join([*lines, "", "/resume ID goes on with one; its end is enough."]))


def session_line(row: SessionRow, present: bool) -> str:
    """One session in one line, a star at the one that is open."""
    at = time.strftime("%Y-%m-%d %H:%M", time.localtime(row.updated))
    title = " ".join((row.name or row.title or "(nothing said)").split())[:60]
    turns = "turn " if row.turns == 1 else "turns"
    return f"{'*' if present else ' '} {row.id}  {at}  {row.turns:>3} {turns}  {title}"


COMMAND = Sessions()
