"""What `loomkin sessions` does with files: exports for people and machines, and imports of the latter."""

import os
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from enum import StrEnum
from functools import partial
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated, BinaryIO, TextIO

import typer

from loomkin.cli.place import SESSION_HELP, Folder, Place, look, say, warn
from loomkin.cli.tables import count
from loomkin.errors import UsageError
from loomkin.project.secrets import Redactor, secret_values, secrets_of, without_keys
from loomkin.records.ids import SessionId
from loomkin.runtime.clock import SystemClock
from loomkin.store import sessions, transfer
from loomkin.store.transfer_known import here_already
from loomkin.store.transfer_read import stage
from loomkin.ui.terminal import printable
from loomkin.workspace.export import markdown

SessionArgument = Annotated[str, typer.Argument(metavar="ID", help=SESSION_HELP)]
_PIECE = 1 << 16
_TOLD = 20


class Format(StrEnum):
    """The forms of an export."""

    MARKDOWN = "markdown"
    JSON = "json"


def add_files(app: typer.Typer) -> None:
    """Put the commands into the application."""
    app.command("export")(export_session)
    app.command("import")(import_session)


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
    """Print a session as Markdown, or as JSON with all that belongs to it."""
    place = look(folder, context)
    notes: list[str] = []
    clean = _redactor(place).redact
    with place.sessions() as database:
        row = sessions.find(database, session)
        if form is Format.JSON:
            text = transfer.export(database, row.id, place.state / "outputs", notes.append, clean)
        else:
            text = map(clean, markdown(database, row))
        with _target(output) as file:
            for piece in text:
                file.write(printable(piece) if file is sys.stdout and sys.stdout.isatty() else piece)
    for note in notes:
        warn(f"left out: {note}.")
    if output is not None:
        say(f"Wrote session {row.id} to {output}.")


def _redactor(place: Place) -> Redactor:
    return Redactor({**secrets_of(place.root), **secret_values(place.environ)})


def import_session(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="An export in JSON; `-` reads stdin.")],
    name: Annotated[
        str,
        typer.Option("-n", "--name", metavar="NAME", help="Name it; one that is here already comes again."),
    ] = "",
    folder: Folder = None,
) -> None:
    """Take in a session exported as JSON, whole or not at all."""
    place = look(folder, context)
    with (
        _open(file) as source,
        closing(stage(_pieces(source, file))) as staged,
        place.new_database() as database,
    ):
        clock, outputs = SystemClock(), place.state / "outputs"
        cleaners = (_redactor(place).redact, without_keys)

        def already() -> SessionId | None:
            return next((one for clean in cleaners if (one := here_already(database, staged, clean))), None)

        taken = transfer.take(database, staged, clock.session_id, name, outputs, already)
    if not taken.events:
        say(f"Session {taken.id} is here already; nothing was imported. With -n NAME it comes as a copy.")
        return
    say(f"Imported session {taken.id}: {count(taken.events, 'event')}.")
    if taken.named:
        say(f"Its name is another session's here: it is called {taken.named}.")
    if taken.grants:
        say(
            f"{count(taken.grants, 'permission grant')} left out: what was allowed there is not allowed here."
        )
    if taken.learnt:
        say(f"{count(taken.learnt, 'event')} about failures left out: what failed there is no advice here.")
    for one in taken.renamed[:_TOLD]:
        say(f"{one.before} in its words is {one.now} here.")
    if len(taken.renamed) > _TOLD:
        say(f"And {len(taken.renamed) - _TOLD} more: `loomkin sessions show {taken.id}` has them all.")


@contextmanager
def _target(output: Path | None) -> Iterator[TextIO]:
    """Standard output, or a file that takes its name only once it is whole."""
    if output is None:
        yield sys.stdout
        return
    plain = not output.exists() or output.is_file()
    half = output.with_name(f".{output.name}.part") if plain else output
    try:
        with half.open("w", encoding="utf-8", errors="replace") as file:
            yield file
        if plain:
            os.replace(half, output)
    except OSError as error:
        raise UsageError(f"Cannot write {output}: {error.strerror}.", hint="Name another file.") from error
    finally:
        if plain:
            with suppress(OSError):
                half.unlink(missing_ok=True)


@contextmanager
def _open(file: Path) -> Iterator[BinaryIO]:
    try:
        with sys.stdin.buffer if str(file) == "-" else file.open("rb") as source:
            if os.fstat(source.fileno()).st_size > transfer.LARGEST:
                raise _too_large(file)
            yield source
    except OSError as error:
        raise UsageError(f"Cannot read {file}: {error.strerror}.", hint="Check the file's name.") from error


def _pieces(source: BinaryIO, file: Path) -> Iterator[str]:
    left = transfer.LARGEST
    with TextIOWrapper(source, encoding="utf-8-sig") as text:
        try:
            for piece in iter(partial(text.read, _PIECE), ""):
                left -= len(piece)
                if left < 0:
                    raise _too_large(file)
                yield piece
        except UnicodeDecodeError as error:
            raise UsageError(f"{file} is not a session: it is not UTF-8 text.") from error


def _too_large(file: Path) -> UsageError:
    return UsageError(f"{file} is larger than {transfer.LARGEST >> 20} MiB; no session is.")
