"""Where a command looks: the repository around a folder, its settings, and its database if there is one."""

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from loomkin.config.load import Loaded, load
from loomkin.errors import NotFoundError, UsageError
from loomkin.project.root import Root, ensure_state_dir, find_root, state_dir
from loomkin.project.secrets import without_keys
from loomkin.project.trust import is_trusted
from loomkin.records.dataclass import dataclass
from loomkin.store.database import FILE_NAME, Database
from loomkin.ui.terminal import printable

Folder = Annotated[Path | None, typer.Option("-C", metavar="DIR", help="Work in that folder.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
_LONGEST = 500
"""Characters of a help text's first sentence."""
SESSION_HELP = "Id, 4 or more characters from its beginning or end, or name."


@dataclass(frozen=True, slots=True)
class Place:
    """The folder a command works in, the project's root around it, and the environment."""

    cwd: Path
    repository: Root
    environ: Mapping[str, str]

    @property
    def root(self) -> Path:
        """The project's top folder."""
        return self.repository.path

    @property
    def trusted(self) -> bool:
        """Whether the person trusts this project."""
        return is_trusted(self.root, self.environ)

    @property
    def state(self) -> Path:
        """The project's state folder, whether it exists or not; StoreError for another user's."""
        return state_dir(self.cwd)

    def settings(
        self, flags: Mapping[str, object] | None = None, options: Sequence[str] = (), *, trust: bool = False
    ) -> Loaded:
        """The settings as a run here would have them; warnings go to stderr."""
        loaded = load(self.root, self.environ, flags, options, trusted=trust or self.trusted)
        for warning in loaded.warnings:
            warn(warning)
        return loaded

    @contextmanager
    def database(self) -> Iterator[Database | None]:
        """The open database, or None where no run has made one yet; nothing is created."""
        path = self.state / FILE_NAME
        if not path.exists():
            yield None
            return
        database = Database(path)
        try:
            with database.failures():
                yield database
        finally:
            database.close()

    @contextmanager
    def sessions(self) -> Iterator[Database]:
        """The open database; raises NotFoundError where there is none."""
        with self.database() as database:
            if database is None:
                raise NotFoundError(
                    f"There are no sessions in {self.root} yet.", hint="`loomkin` there begins the first."
                )
            yield database

    @contextmanager
    def new_database(self) -> Iterator[Database]:
        """The open database, made where there is none; raises StoreError where that cannot be."""
        database = Database(ensure_state_dir(self.state.parent) / FILE_NAME)
        try:
            yield database
        finally:
            database.close()


def look(folder: Path | None, context: typer.Context | None = None) -> Place:
    """The place that `-C` names, here or before the subcommand; raises UsageError for no folder."""
    named = folder or (context.obj if context else None)
    cwd = named.expanduser() if named else Path.cwd()
    if not cwd.is_dir():
        raise UsageError(f"{cwd} is not a folder.", hint="Give -C the folder to work in.")
    cwd = cwd.resolve()
    return Place(cwd, find_root(cwd), os.environ)


def single(about: str) -> typer.Typer:
    """The application of a command without subcommands."""
    return typer.Typer(help=about, **_PLAIN)


class Group(TyperGroup):
    """A command with subcommands, whose help says what each does to the end of the sentence."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        rows = [(name, one.get_short_help_str(_LONGEST)) for name, one in self.commands.items()]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


def group(about: str, cls: type[Group] = Group) -> typer.Typer:
    """The application of a command with subcommands; `-C` may stand before or behind the subcommand."""
    app = typer.Typer(help=about, invoke_without_command=True, cls=cls, **_PLAIN)

    @app.callback()
    def before(context: typer.Context, folder: Folder = None) -> None:
        context.obj = folder
        if context.invoked_subcommand is None:
            say(context.get_help())

    return app


def say(text: str) -> None:
    """Print for people or programs without keys; a terminal gets nothing that it would obey."""
    text = without_keys(text)
    typer.echo(printable(text) if sys.stdout.isatty() else text)


def warn(text: str) -> None:
    """Print what the person should know, apart from the result."""
    typer.echo(f"loomkin: warning: {printable(text)}", err=True)


def at_least_one(value: int) -> int:
    """The number, for an option that counts; raises BadParameter below 1."""
    if value < 1:
        raise typer.BadParameter("it must be at least 1.")
    return value


_PLAIN: dict[str, Any] = {
    "add_completion": False,
    "pretty_exceptions_enable": False,
    "rich_markup_mode": None,
    "context_settings": {"help_option_names": ["-h", "--help"]},
}
