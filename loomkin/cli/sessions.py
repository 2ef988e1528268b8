"""`loomkin sessions`: list, show, export, import, fork, rename, delete and check what was said and done."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from loomkin.cli.place import SESSION_HELP, AsJson, Folder, Place, at_least_one, group, look, say
from loomkin.cli.tables import count, dollars, flat, money, table, to_json, when
from loomkin.cli.transcript import show
from loomkin.errors import UsageError
from loomkin.permissions.grant_book import GrantBook
from loomkin.records.event import Event, Fact, SessionRenamed
from loomkin.records.ids import SessionId
from loomkin.records.usage import Usage
from loomkin.runtime.clock import SystemClock
from loomkin.store import erasing, ledger, rebuild, sessions, transfer
from loomkin.store.journal import write
from loomkin.store.lock import SessionLock
from loomkin.workspace import opening
from loomkin.workspace.export import markdown
from loomkin.workspace.policies import forget_grants

app = group("Sessions of this repository.")
SessionArgument = Annotated[str, typer.Argument(metavar="ID", help=SESSION_HELP)]
_NOTHING = ledger.Spend("", 0, Usage(), 0, 0, 0)


class Format(StrEnum):
    """The forms of an export."""

    MARKDOWN = "markdown"
    JSON = "json"


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
    folder: Folder = None,
) -> None:
    """Show the sessions, last used first."""
    place = look(folder, context)
    with place.database() as database:
        rows = sessions.all_sessions(database, limit) if database else []
        if short:
            say("\n".join(word for row in rows for word in (row.id, row.name) if len(word.split()) == 1))
            return
        spent = {one.group: one for one in ledger.spend(database, "session")} if database else {}
    if as_json:
        say(to_json([_plain(row, spent.get(row.id, _NOTHING)) for row in rows]))
    elif not rows:
        say(f"There are no sessions in {place.root} yet; `loomkin` begins one.")
    else:
        headings = ("ID", "LAST USED", "TURNS", "COST", "MODEL", "NAME OR FIRST WORDS")
        say(table(headings, [_line(row, spent.get(row.id, _NOTHING)) for row in rows], ("TURNS", "COST")))


@app.command("show")
def show_session(
    context: typer.Context,
    session: SessionArgument,
    window: Annotated[
        bool, typer.Option("--context", help="Only what is still in the model's window, in full.")
    ] = False,
    folder: Folder = None,
) -> None:
    """Show one session: words, calls, changes, cost."""
    with look(folder, context).sessions() as database:
        say(show(database, sessions.find(database, session), context=window))


@app.command("export")
def export_session(
    context: typer.Context,
    session: SessionArgument,
    form: Annotated[
        Format, typer.Option("--format", help="For people, or to import again.")
    ] = Format.MARKDOWN,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE", help="File to write.")
    ] = None,
    folder: Folder = None,
) -> None:
    """Print a session as Markdown, or as JSON with every event."""
    with look(folder, context).sessions() as database:
        row = sessions.find(database, session)
        text = transfer.export(database, row.id) if form is Format.JSON else markdown(database, row)
    if output is None:
        say(text.removesuffix("\n"))
        return
    try:
        output.write_text(text, encoding="utf-8", errors="replace")
    except OSError as error:
        raise UsageError(f"Cannot write {output}: {error.strerror}.", hint="Name another file.") from error
    say(f"Wrote session {row.id} to {output}.")


@app.command("import")
def import_session(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="An export in JSON; `-` reads stdin.")],
    name: Annotated[str, typer.Option("-n", "--name", metavar="NAME", help="Name it.")] = "",
    folder: Folder = None,
) -> None:
    """Take in a session exported as JSON, whole or not at all."""
    place = look(folder, context)
    text = _read(file)
    transfer.check(text)
    with place.new_database() as database:
        sessions.refuse_taken(database, name)
        taken = transfer.take(database, text, SystemClock().session_id, name)
    say(f"Imported session {taken.id}: {count(taken.events, 'event')}.")
    if taken.grants:
        say(
            f"{count(taken.grants, 'permission grant')} left out: what was allowed there is not allowed here."
        )


@app.command("fork")
def fork_session(
    context: typer.Context,
    session: SessionArgument,
    name: Annotated[str, typer.Option("-n", "--name", metavar="NAME", help="Name the new one.")] = "",
    folder: Folder = None,
) -> None:
    """Begin a new session from the conversation of another."""
    with look(folder, context).sessions() as database:
        row = sessions.find(database, session)
        sessions.refuse_taken(database, name)
        collected = _Collected()
        agent = sessions.last_agent(database, row.id)
        opened = opening.fork(database, row, agent, SystemClock(), collected, name, row.model)
        write(database, collected.events)
    say(f"Forked {row.id} into {opened.id}; go on with `loomkin -r {opened.id}`.")


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
    say(f"Session {row.id} is now called {name}.")


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


@app.command("check")
def check_sessions(context: typer.Context, as_json: AsJson = False, folder: Folder = None) -> None:
    """Compare the tables with the log; exit 1 where they differ."""
    place = look(folder, context)
    with place.database() as database:
        found = rebuild.differences(database) if database else []
    if as_json:
        say(to_json({"differences": found}))
    elif found:
        say("\n".join(found))
    else:
        say("All tables are what the log says." if database else f"There is no database in {place.root} yet.")
    if found:
        raise typer.Exit(1)


class _Collected:
    """A recorder that keeps events until they are written together."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def record(self, fact: Fact, session: SessionId, agent: str = "", task: str = "") -> None:
        self.events.append(Event(0, SystemClock().now(), session, agent, task, fact))

    async def flush(self) -> None:
        return


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


def _read(file: Path) -> str:
    try:
        with sys.stdin.buffer if str(file) == "-" else file.open("rb") as source:
            size = os.fstat(source.fileno()).st_size
            data = b"" if size > transfer.LARGEST else source.read(transfer.LARGEST + 1)
        if max(size, len(data)) > transfer.LARGEST:
            raise UsageError(f"{file} is larger than {transfer.LARGEST >> 20} MiB; no session is.")
        return data.decode("utf-8-sig")
    except OSError as error:
        raise UsageError(f"Cannot read {file}: {error.strerror}.", hint="Check the file's name.") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{file} is not a session: it is not UTF-8 text.") from error


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
