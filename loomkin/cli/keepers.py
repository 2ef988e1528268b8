"""`loomkin keepers`: what left the windows of models: list, show, search, ask, archive, restore."""

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from loomkin.cli.keeper_place import elsewhere, found, looker, plain, told
from loomkin.cli.keeper_show import shown
from loomkin.cli.place import SESSION_HELP, AsJson, Folder, Place, at_least_one, group, look, say
from loomkin.cli.tables import columns, flat, table, to_json, when
from loomkin.errors import UsageError
from loomkin.keepers import catalogue
from loomkin.keepers.catalogue import Entry
from loomkin.keepers.passage import NOTHING, Passage, Wanted
from loomkin.keepers.staleness import State
from loomkin.records.event import Event
from loomkin.records.keeper import KeeperKind, KeeperState, named
from loomkin.records.keeper_event import KeeperMoved
from loomkin.runtime.clock import SystemClock
from loomkin.store import keepers as store
from loomkin.store.database import Database
from loomkin.store.journal import write
from loomkin.store.sessions import find
from loomkin.ui.terminal import printable

app = group("What left the windows of models and is kept word for word.")
KeeperArgument = Annotated[str, typer.Argument(metavar="ID", help="Such as k7.")]
Keepers = Annotated[list[str], typer.Argument(metavar="ID...", help="Such as k7.")]
Kind = Annotated[KeeperKind | None, typer.Option(metavar="KIND", help=", ".join(KeeperKind) + ".")]
Limit = Annotated[int, typer.Option("-n", "--limit", metavar="N", callback=at_least_one, help="At most.")]
Within = Annotated[str, typer.Option("--keeper", metavar="ID", help="Only in that keeper.")]
_HEADINGS = ("ID", "STATE", "KIND", "MESSAGES", "TOKENS", "USES", "MADE", "LAST USED", "AGENT", "TITLE")

WIDE = 110
_FEW = [
    _HEADINGS.index(one) for one in ("ID", "STATE", "MESSAGES", "TOKENS", "USES", "MADE", "AGENT", "TITLE")
]


@app.command("list")
def list_keepers(
    context: typer.Context,
    kind: Kind = None,
    agent: Annotated[str, typer.Option(metavar="NAME", help="Of that agent.")] = "",
    session: Annotated[str, typer.Option(metavar="ID", help=f"Of that session. {SESSION_HELP}")] = "",
    state: Annotated[
        str, typer.Option(metavar="STATE", help=f"{', '.join(State)} or all; else all but archived.")
    ] = "",
    limit: Limit = 1000,
    as_json: AsJson = False,
    folder: Folder = None,
) -> None:
    """Show the keepers, newest first, with how stale they are."""
    if state not in ("", "all", *State):
        raise UsageError(f"There is no state {state!r}.", hint=f"There are: {', '.join(State)}, all.")
    place = look(folder, context)
    with place.database() as database:
        every = _entries(database, place) if database else []
        session = find(database, session).id if database and session else session
    those = catalogue.chosen(every, kind or "", agent, session, state)[::-1][:limit]
    if as_json:
        say(to_json([catalogue.plain(one) for one in those]))
    elif not those:
        hidden = sum(one.now.state is State.ARCHIVED for one in every)
        none = "No keeper fits" if every else "There are no keepers"
        more = f"; {hidden} archived (--state all)" if hidden and state not in ("all", State.ARCHIVED) else ""
        say(f"{none} in {place.root}{'' if every else ' yet: a window that fills up makes them'}{more}.")
    else:
        rows: list[Sequence[object]] = [_HEADINGS, *map(_line, those)]
        if 0 < columns() < WIDE:  # `keepers show` has the rest
            rows = [[row[at] for at in _FEW] for row in rows]
        say(table([str(one) for one in rows[0]], rows[1:], ("MESSAGES", "TOKENS", "USES"), fit=True))
    if not as_json and (note := elsewhere(place.repository)):
        typer.echo(f"loomkin: {printable(note)}", err=True)


@app.command("show")
def show_keeper(
    context: typer.Context,
    keeper: KeeperArgument,
    full: Annotated[bool, typer.Option("--full", help="Every message, word for word.")] = False,
    as_json: AsJson = False,
    folder: Folder = None,
) -> None:
    """Show one keeper: its card, how it stands and why, its files, who used it."""
    place, keeper = look(folder, context), named(keeper)
    with place.sessions() as database:
        row = store.find(database, keeper)
        (entry,) = _entries(database, place, keeper)
        say(shown(database, row.keeper, entry, full=full, as_json=as_json))


@app.command("search")
def search_keepers(
    context: typer.Context,
    words: Annotated[str, typer.Argument(metavar="WORDS", help="What to look for.")],
    keeper: Within = "",
    kind: Kind = None,
    limit: Limit = 5,
    as_json: AsJson = False,
    folder: Folder = None,
) -> None:
    """Find passages in what keepers hold; `loomkin recall` looks also in what none holds."""
    wanted = Wanted(words, named(keeper), kind or KeeperKind.CONTEXT, limit)
    passages = _passages(look(folder, context), wanted)
    say(to_json([plain(one) for one in passages]) if as_json else told(passages, time.time()))
    if not passages:
        raise typer.Exit(1)


@app.command("ask")
def ask_keepers(
    context: typer.Context,
    question: Annotated[str, typer.Argument(metavar="QUESTION", help="About earlier work.")],
    keeper: Within = "",
    model: Annotated[str, typer.Option("-m", "--model", metavar="ID", help="The model that reads.")] = "",
    as_json: AsJson = False,
    folder: Folder = None,
) -> None:
    """Have a cheap model answer from the best passages, with the ids of the messages that show it."""
    place, keeper = look(folder, context), named(keeper)
    if not _passages(place, Wanted(question, keeper)):
        say(to_json({"answer": None}) if as_json else NOTHING)
        raise typer.Exit(1)
    session, answer = asyncio.run(_asked(place.cwd, question, keeper, model))
    say(to_json({"session": session, "answer": answer}) if as_json else answer)


async def _asked(cwd: Path, question: str, keeper: str, model: str) -> tuple[str, str]:
    """The session that bears the cost, named after the question, and the answer."""
    from loomkin.app import open_house, open_session
    from loomkin.cli.ask_run import Nobody
    from loomkin.cli.flags import Flags, options_from

    options = options_from(Flags(folder=cwd, model=model or None, solo=True), attended=False)
    async with open_house(options) as house, open_session(house, None, Nobody()) as opened:
        session = opened.session
        assert session.memory is not None
        session.rename(f"keepers ask: {flat(question, 60)}")
        return session.id, await session.memory.memory.ask(
            session.agent.name, question, keeper, for_person=True
        )


@app.command("archive")
def archive_keepers(context: typer.Context, keepers: Keepers, folder: Folder = None) -> None:
    """Put keepers away: they are still found, count less, and come back when they are used."""
    _move(look(folder, context), keepers, KeeperState.ARCHIVED, "Archived")


@app.command("restore")
def restore_keepers(context: typer.Context, keepers: Keepers, folder: Folder = None) -> None:
    """Bring archived keepers back; their clock begins anew."""
    _move(look(folder, context), keepers, KeeperState.ACTIVE, "Restored")


def _move(place: Place, keepers: list[str], state: KeeperState, what: str) -> None:
    with place.sessions() as database:
        known = [store.find(database, keeper).line for keeper in dict.fromkeys(map(named, keepers))]
        now = SystemClock().now()
        write(database, [Event(0, now, one.session, "", "", KeeperMoved(one.id, state)) for one in known])
    say(f"{what} {', '.join(one.id for one in known)}.")


def _passages(place: Place, wanted: Wanted) -> list[Passage]:
    if not wanted.words.strip():
        raise UsageError("There are no words to look for.", hint='loomkin keepers search "staging port"')
    with place.database() as database:
        return found(database, place.root, place.state, wanted)


def _entries(database: Database, place: Place, keeper: str = "") -> list[Entry]:
    root = place.root
    return catalogue.entries(database.reader, database.project, root, looker(root), time.time(), keeper)


def _line(one: Entry) -> tuple[object, ...]:
    line = one.line
    return (
        line.id, one.now.state, line.kind, line.messages, f"{line.tokens:,}", line.uses, when(line.made),
        when(line.used) if line.used else "never", line.agent, flat(line.title, 60),
    )  # fmt: skip
