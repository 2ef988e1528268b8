"""`loomkin why`: from a line of a file to the decision behind it; read without typer, as one waits for it."""

import asyncio
import sys
from pathlib import Path

from loomkin.cli.command_line import Form, Typed
from loomkin.cli.flag_table import FlagRow
from loomkin.errors import UsageError
from loomkin.project.root import find_root, state_dir
from loomkin.project.secrets import without_keys
from loomkin.provenance.account import Account
from loomkin.provenance.why import Spot, Why, spot
from loomkin.provenance.words import in_words, plain
from loomkin.store.database import FILE_NAME, Database
from loomkin.ui.terminal import printable

FORM = Form(
    "loomkin why",
    "Tell why a line is there: the commit, the decision, what was rejected, what was said.",
    (
        FlagRow("as_json", ("--json",), "Print JSON."),
        FlagRow("folder", ("-C",), "Work in that folder.", "DIR", Path),
    ),
    "PATH[:LINE[-LINE]]",
)


def run(typed: Typed) -> int:
    """Print what is known; raises UsageError and NotFoundError with what to do."""
    folder: Path = typed.values.get("folder", Path())
    if not folder.expanduser().is_dir():
        raise UsageError(f"{folder} is not a folder.", hint="Give -C the folder to work in.")
    if len(typed.words) != 1:
        hint = "Quote a name with spaces." if typed.words else ""
        raise UsageError("Name one place: loomkin why PATH[:LINE[-LINE]].", hint=hint)
    cwd = folder.expanduser().resolve()
    account = _ask(cwd, spot(cwd, typed.words[0]))
    if typed.values.get("as_json"):
        from loomkin.cli.tables import to_json  # heavy: late on purpose

        text = to_json(plain(account))
    else:
        text = in_words(account)
    text = without_keys(text)
    sys.stdout.write((printable(text) if sys.stdout.isatty() else text) + "\n")
    return 0


def _ask(cwd: Path, place: Spot) -> Account:
    root = find_root(cwd)
    if root.git_dir is None or not place.path.is_relative_to(root.path):
        other = find_root(place.path.parent)
        if other.git_dir is not None or place.path.is_relative_to(root.path):
            root, cwd = other, other.path  # somebody stands elsewhere and names a file of a repository
    state = state_dir(cwd)
    path = state / FILE_NAME
    database = Database(path) if path.exists() else None
    try:
        return asyncio.run(Why(database, root.path).ask(place))
    finally:
        if database is not None:
            database.close()
