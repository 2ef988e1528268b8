"""What `loomkin sessions` does about damage: names it, and mends what can be mended."""

from typing import Annotated

import typer

from loomkin.cli.collected import Collected
from loomkin.cli.place import AsJson, Folder, Place, look, say, warn
from loomkin.cli.tables import count, to_json
from loomkin.errors import StoreError
from loomkin.runtime.clock import SystemClock
from loomkin.store import mending, rebuild, sessions
from loomkin.store.database import Database
from loomkin.store.journal import write
from loomkin.store.lock import SessionLock, holder
from loomkin.workspace.mending import Loose, loose, tie

MEND = "`loomkin sessions repair` mends it."


def add_mending(app: typer.Typer) -> None:
    """Put the commands into the application."""
    app.command("check")(check_sessions)
    app.command("repair")(repair_sessions)


def check_sessions(context: typer.Context, as_json: AsJson = False, folder: Folder = None) -> None:
    """Compare the tables with the log, and look for damage; exit 1 where there is some."""
    place = look(folder, context)
    with place.database() as database:
        found = rebuild.differences(database) if database else []
        damage = mending.damage(database) if database else []
        ends = _loose(database, place) if database and not damage else []
        newer = mending.newer(database) if database else 0
    if as_json:
        loose_ends = [str(one) for one in ends]
        say(to_json({"differences": found, "damage": damage, "open": loose_ends, "newer": newer}))
    else:
        for line in (*found, *damage):
            say(line)
        if found or damage:
            say(MEND)
        else:
            say(
                "All tables are what the log says."
                if database
                else f"There is no database in {place.root} yet."
            )
        for one in ends:
            say(f"open: {one}")
        if newer:
            say(f"{count(newer, 'event')} of a newer loomkin: upgrade this one.")
    if found or damage:
        raise typer.Exit(1)


def repair_sessions(
    context: typer.Context,
    session: Annotated[
        str, typer.Argument(metavar="[ID]", help="Whose loose ends; without it, those of all sessions.")
    ] = "",
    folder: Folder = None,
) -> None:
    """Mend the log and the tables; nothing that is there is lost."""
    place = look(folder, context)
    with place.sessions() as database:
        done = mending.mend(database)
        if done.aside:
            say(f"{count(done.aside, 'event')} that nobody can read put aside (table damaged_events).")
        for identity in done.begun:
            say(f"Session {identity} has a beginning again.")
        for line in done.tables:
            say(f"Made anew from the log: {line}.")
        if done.index:
            say("The next search makes its index anew.")
        rows = [sessions.find(database, session)] if session else sessions.all_sessions(database)
        changed = any((done.aside, done.begun, done.tables, done.index))
        for row in rows:
            changed = _tie(database, place, row) or changed
        left = [*rebuild.differences(database), *mending.damage(database)]
    for line in left:
        say(f"Cannot be mended: {line}")
    if left:
        raise StoreError(
            "Some damage stays.",
            hint=f"Keep a copy of {database.where}; sqlite3's `.recover` may read more of it.",
        )
    if not changed:
        say("There was nothing to mend.")


def _tie(database: Database, place: Place, row: sessions.SessionRow) -> bool:
    if not loose(database, row.id) and not mending.gaps(database, row.id):
        return False
    try:
        lock = SessionLock(place.state, row.id)
    except StoreError:
        warn(f"session {row.id} is in use: its calls may still end.")
        return False
    try:
        collected = Collected()
        calls, marked = tie(database, row, SystemClock(), collected)
        write(database, collected.events)
    finally:
        lock.release()
    if calls:
        say(f"Session {row.id}: {count(calls, 'call')} got the result that it was interrupted.")
    if marked:
        say(f"Session {row.id}: {count(marked, 'keeper')} marked as incomplete.")
    return bool(calls or marked)


def _loose(database: Database, place: Place) -> list[Loose]:
    rows = sessions.all_sessions(database)
    return [one for row in rows if holder(place.state, row.id) is None for one in loose(database, row.id)]
