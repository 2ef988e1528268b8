"""`loomkin sessions`: list, show, fork, rename and delete what was said and done."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from loomkin.cli.collected import Collected
from loomkin.cli.days import Since, Until, days
from loomkin.cli.event_lines import event_line
from loomkin.cli.place import AsJson, Folder, Place, at_least_one, group, look, say
from loomkin.cli.sessions_files import SessionArgument, add_files
from loomkin.cli.sessions_mending import add_mending
from loomkin.cli.sessions_replay import add_replay
from loomkin.cli.tables import dollars, flat, money, table, to_json, when
from loomkin.cli.transcript import show
from loomkin.errors import UsageError
from loomkin.permissions.grant_book import GrantBook
from loomkin.records.event import Event, SessionRenamed
from loomkin.records.ids import SessionId
from loomkin.records.usage import Usage
from loomkin.runtime.clock import SystemClock
from loomkin.store import erasing, event_log, ledger, sessions, spots
from loomkin.store.journal import write
from loomkin.store.lock import SessionLock
from loomkin.workspace.forking import fork
from loomkin.workspace.policies import forget_grants

app = group("Sessions of this repository.")
add_files(app)
add_mending(app)
add_replay(app)
_NOTHING = ledger.Spend("", 0, Usage(), 0, 0, 0)


@app.command("list")
def list_sessions(
    context: typer.Context,
    as_json: AsJson = False,
    limit: Annotated[
        int, typer.Option(metavar="N", callback=at_least_one, help="Most sessions to show.")
    ] = 1000,
    short: Annotated[
        bool, typer.Option("--short", help="Only ids, and names of one word, one a line.")
    ] = False,
    since: Since = "",
    until: Until = "",
    folder: Folder = None,
) -> None:
    """Show the sessions, last used first; --since and --until go by that use."""
    place, within = look(folder, context), days(since, until)
    with place.database() as database:
        rows = sessions.all_sessions(database, limit, within.start, within.end) if database else []
        if short:
            say("\n".join(word for row in rows for word in (row.id, row.name) if len(word.split()) == 1))
            return
        spent = {one.group: one for one in ledger.spend(database, "session")} if database else {}
    if as_json:
        say(to_json([_plain(row, spent.get(row.id, _NOTHING)) for row in rows]))
    elif not (rows := [row for row in rows if row.turns or row.title or row.name]):
        none = f"There are no sessions in {place.root} yet; `loomkin` begins one."
        say(f"No session in {place.root} was last used{within.asked}." if within.asked else none)
    else:
        headings = ("ID", "LAST USED", "TURNS", "COST", "MODEL", "NAME OR FIRST WORDS")
        say(
            table(
                headings,
                [_line(row, spent.get(row.id, _NOTHING)) for row in rows],
                ("TURNS", "COST"),
                fit=True,
            )
        )


@app.command("show")
def show_session(
    context: typer.Context,
    session: SessionArgument,
    window: Annotated[
        bool, typer.Option("--context", help="Only what is still in the model's window, in full.")
    ] = False,
    events: Annotated[
        bool, typer.Option("--events", help="Every event with its number, for `fork --at`.")
    ] = False,
    folder: Folder = None,
) -> None:
    """Show one session: words, calls, changes, turns, cost."""
    with look(folder, context).sessions() as database:
        row = sessions.find(database, session)
        if not events:
            say(show(database, row, context=window))
            return
        for event in event_log.each_event(database, row.id):
            say(event_line(event))


@app.command("fork")
def fork_session(
    context: typer.Context,
    session: SessionArgument,
    at: Annotated[
        str,
        typer.Option(
            "--at", metavar="EVENT", help=f"As it stood at {spots.FORMS}; without it, as it is now."
        ),
    ] = "",
    name: Annotated[str, typer.Option("-n", "--name", metavar="NAME", help="Name the new one.")] = "",
    folder: Folder = None,
) -> None:
    """Begin a new session from the conversation of another, as it is or as it was."""
    with look(folder, context).sessions() as database:
        row = sessions.find(database, session)
        sessions.refuse_taken(database, name)
        event = spots.event_at(database, row.id, at) if at else spots.last_event(database, row.id)
        collected = Collected()
        opened = fork(database, row, SystemClock(), collected, name, at=event)
        write(database, collected.events)
    where = f" at event {event}" if at else ""
    said = "" if opened.messages else "; nothing was said by then"
    say(f"Forked {row.id}{where} into {opened.id}{said}; go on with `loomkin -r {opened.id}`.")


@app.command("rename")
def rename_session(
    context: typer.Context,
    session: SessionArgument,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The new name.")],
    folder: Folder = None,
) -> None:
    """Give a session another name."""
    place = look(folder, context)
    with place.sessions() as database:
        row = sessions.find(database, session)
        name = flat(name)
        if not name:
            raise UsageError("The new name is empty.", hint="Give it at least one letter.")
        if name != row.name:
            sessions.refuse_taken(database, name)
        with _held(place, row.id):
            write(database, [Event(0, SystemClock().now(), row.id, "", "", SessionRenamed(name))])
        say(f"Session {row.id} is now called {sessions.find(database, row.id).name}.")


@app.command("delete")
def delete_session(
    context: typer.Context,
    session: SessionArgument,
    yes: Annotated[bool, typer.Option("-y", "--yes", help="Do not ask.")] = False,
    folder: Folder = None,
) -> None:
    """Delete a session and everything that belongs to it, for good."""
    place = look(folder, context)
    with place.sessions() as database:
        row = sessions.find(database, session)
        with _held(place, row.id):
            if not yes and not _confirmed(row):
                say("Nothing was deleted.")
                raise typer.Exit(1)
            kept = sessions.outputs(database, row.id)
            forget_grants(database, row.id, GrantBook(place.root, place.environ))
            erasing.delete(database, row.id)
            for name in kept:
                (place.state / "outputs" / name).unlink(missing_ok=True)
    say(f"Deleted session {row.id}.")


@contextmanager
def _held(place: Place, session: SessionId) -> Iterator[None]:
    """Nobody else works in the session meanwhile; raises StoreError where somebody does."""
    lock = SessionLock(place.state, session)
    try:
        yield
    finally:
        lock.release()


def _confirmed(row: sessions.SessionRow) -> bool:
    if not sys.stdin.isatty():
        raise UsageError("Deleting a session needs a yes.", hint="Run the same command with -y.")
    return typer.confirm(f"Delete session {row.id} ({flat(row.name or row.title)}) for good?")


def _line(row: sessions.SessionRow, spent: ledger.Spend) -> tuple[object, ...]:
    cost = money(spent.cost) + ("+?" if spent.unpriced else "")
    words = f"{row.name}: {row.title}" if row.name and row.title else row.name or row.title
    return row.id, when(row.updated), row.turns, cost, row.model, words


def _plain(row: sessions.SessionRow, spent: ledger.Spend) -> dict[str, object]:
    return {
        "id": row.id,
        "name": row.name,
        "title": row.title,
        "cwd": row.cwd,
        "model": row.model,
        "mode": row.mode,
        "parent": row.parent,
        "started": row.started,
        "updated": row.updated,
        "turns": row.turns,
        "model_calls": spent.calls,
        "tokens": spent.usage.total,
        "usd": dollars(spent.cost),
        "unpriced_calls": spent.unpriced,
    }
