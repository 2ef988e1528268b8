"""`loomkin commit`: commit with a message in the repository's style, drafted or given."""

import asyncio
import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from loomkin.cli.git_place import session_for
from loomkin.cli.place import AsJson, Folder, Place, look, say, single, warn
from loomkin.cli.tables import to_json
from loomkin.errors import NoModelError, UsageError
from loomkin.workspace.committing import Committing, Plan, Wish

if TYPE_CHECKING:
    from loomkin.project.git_commit import Committed

app = single("Commit with a message in the repository's own style.")
_QUESTION = "Commit? [y]es, [e]dit the message, [n]o: "


@app.command()
def commit(
    paths: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[PATH]...", help="What to commit; else what is staged, else what agents changed."
        ),
    ] = None,
    messages: Annotated[
        list[str] | None,
        typer.Option("-m", "--message", metavar="TEXT", help="Your own message; each one a paragraph."),
    ] = None,
    about: Annotated[str, typer.Option(metavar="WORDS", help="What the message should be about.")] = "",
    everything: Annotated[
        bool, typer.Option("-a", "--all", help="Every changed file that git knows.")
    ] = False,
    sign_off: Annotated[bool, typer.Option("-s", "--signoff", help="Add your Signed-off-by.")] = False,
    no_verify: Annotated[bool, typer.Option("--no-verify", help="Run no commit hooks this once.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show files and message, commit nothing.")
    ] = False,
    yes: Annotated[bool, typer.Option("-y", "--yes", help="Do not ask on a terminal.")] = False,
    no_model: Annotated[bool, typer.Option("--no-model", help="Draft the message without a model.")] = False,
    model: Annotated[str, typer.Option("--model", metavar="ID", help="The model that words it.")] = "",
    as_json: AsJson = False,
    folder: Folder = None,
) -> None:
    """Commit named files only; hooks run, you are the author, nothing is pushed."""
    place, message = look(folder), "\n\n".join(messages or ())
    if messages and not message.strip():
        raise UsageError("The message is empty.", hint="Without -m one is drafted.")
    wish = Wish(about, message, tuple(paths or ()), all=everything, sign_off=sign_off, hooks=not no_verify)
    asks = not (yes or dry_run or as_json or message) and sys.stdin.isatty() and sys.stdout.isatty()
    alone = bool(message) or no_model
    plan, made = asyncio.run(_carried_out(place, wish, "" if alone else model, alone, dry_run, asks))
    for note in plan.notes if made is not None and not (asks or as_json) else ():
        warn(note)
    if as_json:
        say(to_json(_plain(plan, made)))
    elif made is not None:
        say(made.words)
    elif dry_run:
        say(plan.words)
    else:
        say("Nothing was committed.")
    if made is None and not dry_run:
        raise typer.Exit(1)


async def _carried_out(
    place: Place, wish: Wish, model: str, alone: bool, dry_run: bool, asks: bool
) -> tuple[Plan, "Committed | None"]:
    """The plan, and the commit where one was made."""
    if not alone:
        with place.database() as database:
            # a session is made for what can be committed only
            await Committing(place.cwd, place.settings().settings.git, database).chosen(wish)
        try:
            async with session_for(place.cwd, model, "commit") as opened:
                assert opened.session.git is not None
                committing = await opened.session.git.committing(of_session=False)
                return await _decided(committing, wish, dry_run, asks)
        except NoModelError:
            warn("No model was found: the message is made from the changes.")
    with place.database() as database:
        settings = place.settings().settings.git
        return await _decided(Committing(place.cwd, settings, database), wish, dry_run, asks)


async def _decided(
    committing: Committing, wish: Wish, dry_run: bool, asks: bool
) -> tuple[Plan, "Committed | None"]:
    plan = await committing.plan(wish)
    if dry_run:
        return plan, None
    message = ""
    if asks:
        message = await asyncio.to_thread(_asked, plan)
        if not message:
            return plan, None
    return plan, await committing.make(plan, message)


def _asked(plan: Plan) -> str:
    """The message as the person wants it; empty where they want no commit."""
    from loomkin.ui.editor import edit

    say(plan.words)
    message = plan.order.message
    while True:
        word = input(_QUESTION).strip().lower()[:1]
        if word == "y":
            return message
        if word == "e":
            message = edit(message, os.environ).strip()
            say(f"\n{message}\n")
        elif word in ("n", ""):
            return ""


def _plain(plan: Plan, made: "Committed | None") -> dict[str, object]:
    files = [{"path": one.path, "change": one.words} for one in plan.files]
    return {
        "committed": made.id if made else None,
        "branch": made.branch if made else None,
        "message": plan.message,
        "files": files,
        "left": list(plan.left),
        "by_model": plan.by_model,
        "notes": [*plan.notes, *(made.notes if made else ())],
    }
