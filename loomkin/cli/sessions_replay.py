"""`loomkin sessions replay`: a session again as it ran, from the log."""

import shutil
import sys
import time
from typing import Annotated

import typer

from loomkin.cli.place import SESSION_HELP, Folder, Place, look
from loomkin.store import event_log, sessions, spots
from loomkin.store.database import Database
from loomkin.ui.repl_render import Painter
from loomkin.ui.terminal import wants_color
from loomkin.ui.transcripts import EVERYBODY, Transcripts

LONGEST = 3.0
"""Seconds that nothing happens at most, at the speed at which it ran."""
_COLUMNS = 100


def add_replay(app: typer.Typer) -> None:
    """Put the command into the application."""
    app.command("replay")(replay_session)


def replay_session(
    context: typer.Context,
    session: Annotated[str, typer.Argument(metavar="ID", help=SESSION_HELP)],
    speed: Annotated[
        float, typer.Option(metavar="X", min=0.01, help="How many times as fast as it ran.")
    ] = 1.0,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Take time, or show all at once.")] = True,
    folder: Folder = None,
) -> None:
    """Show a session again as it ran, all of its agents; pauses are 3 seconds at most."""
    place = look(folder, context)
    with place.sessions() as database:
        row = sessions.find(database, session)
        _play(place, database, row, speed if wait else 0.0)


def _play(place: Place, database: Database, row: sessions.SessionRow, speed: float) -> None:
    """Without a speed all at once."""
    tty = sys.stdout.isatty()
    painter = Painter(wants_color(place.settings().settings.ui.color, place.environ, tty))
    width = shutil.get_terminal_size((_COLUMNS, 24)).columns if tty else _COLUMNS
    transcripts = Transcripts()
    transcripts.begin(spots.own_agent(database, row.id))
    transcripts.focus = EVERYBODY
    before = row.started
    for event in event_log.each_event(database, row.id):
        gap, before = max(0.0, event.at - before), max(before, event.at)
        if speed and gap:
            sys.stdout.flush()
            time.sleep(min(gap, LONGEST) / speed)
        for block in transcripts.take(event):
            sys.stdout.write(painter.paint(block, width))
