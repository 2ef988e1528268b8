"""`loomkin graph diff` and `apply`: decisions that travel with the code, as files to commit."""

import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated

import typer

from loomkin.cli.graph_exports import EMPTY, Output, written
from loomkin.cli.graph_place import at_graph, changed, with_graph
from loomkin.cli.graph_views import Branch, SessionOption, session_id
from loomkin.cli.place import AsJson, Folder, Place, look, say, warn
from loomkin.cli.tables import count, to_json
from loomkin.decisions import exchange
from loomkin.decisions.answers import Answers
from loomkin.decisions.desk import Who
from loomkin.decisions.patch import LARGEST
from loomkin.errors import UsageError
from loomkin.store.database import Database

_UNITS = {"h": 3600.0, "d": 86400.0, "w": 604800.0}


def add_patches(app: typer.Typer) -> None:
    """Put the commands for patch files into the application."""
    app.command("diff")(diff)
    app.command("apply")(apply)


def diff(
    context: typer.Context,
    output: Output = None,
    branch: Branch = "",
    session: SessionOption = "",
    since: Annotated[
        str, typer.Option(metavar="WHEN", help="Changed since 2026-01-31, 2026-01-31T10:00, 7d, 12h or 2w.")
    ] = "",
    prompts: Annotated[
        bool, typer.Option("--prompts", help="With your words before each decision, verbatim.")
    ] = False,
    folder: Folder = None,
) -> None:
    """Write decisions as a patch file for other clones, to be committed with the change."""
    moment = _moment(since) if since else 0.0

    async def work(answers: Answers) -> str:
        scope = exchange.Scope(branch, session_id(answers, session), moment)
        patch = exchange.diff(answers.graph.database, scope, prompts=prompts)
        if not patch.nodes and not patch.deletions:
            warn(EMPTY)
        if output is None:
            return patch.text.rstrip("\n")
        told = f" {count(patch.prompts, 'prompt')} of yours in it, word for word." if patch.prompts else ""
        parts = [count(patch.nodes, "node"), count(patch.edges, "edge")]
        parts += [count(patch.deletions, "deletion")] if patch.deletions else []
        return written(output, patch.text, ", ".join(parts)) + told

    say(with_graph(look(folder, context), work, needed=True))


def apply(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A patch file; `-` reads stdin.")],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would change, change nothing.")
    ] = False,
    as_json: AsJson = False,
    folder: Folder = None,
) -> None:
    """Take in a patch file, whole or not at all; a second time nothing changes."""
    text = _read(file)

    async def work(answers: Answers) -> str:
        applied = await exchange.apply(answers.graph, text, Who(), dry_run=dry_run)
        if as_json:
            return to_json({"dry_run": dry_run, **exchange.plain(applied)})
        return exchange.in_words(applied, dry_run=dry_run)

    say((_tried if dry_run else changed)(look(folder, context), work))


def _tried(place: Place, work: Callable[[Answers], Awaitable[str]]) -> str:
    """What changing the graph would come to; nothing is created where there is none."""
    with place.database() as database:
        if database is not None:
            return changed(place, work)
    return at_graph(Database(None), place, work)


def _read(file: Path) -> str:
    try:
        data = sys.stdin.buffer.read(LARGEST + 1) if str(file) == "-" else _bytes(file)
    except OSError as error:
        raise UsageError(f"Cannot read {file}: {error.strerror}.", hint="Name a patch file.") from error
    if len(data) > LARGEST:
        raise UsageError(
            f"{file} is larger than {LARGEST >> 20} MB.", hint="Split it: see `loomkin graph diff`."
        )
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise UsageError(f"{file} is not text in UTF-8.", hint="Name a patch file.") from error


def _bytes(file: Path) -> bytes:
    with file.open("rb") as stream:
        return stream.read(LARGEST + 1)


def _moment(text: str) -> float:
    """Seconds since the epoch for a date, or for so many hours, days or weeks ago."""
    number, unit = text[:-1], text[-1:]
    if unit in _UNITS and number.isdecimal():
        return time.time() - int(number) * _UNITS[unit]
    for form in ("%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"):
        try:
            return time.mktime(time.strptime(text, form))
        except (ValueError, OverflowError):
            continue
    raise UsageError(
        f"--since {text!r} is no time.", hint="Such as 2026-01-31, 2026-01-31T10:00, 7d, 12h or 2w."
    )
