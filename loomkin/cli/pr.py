"""`loomkin pr`: title and text of a pull request, out of what was decided on the branch."""

import asyncio
from typing import Annotated

import typer

from loomkin.cli.place import AsJson, Folder, look, say, single, warn
from loomkin.cli.tables import to_json
from loomkin.errors import LoomkinError
from loomkin.project.git_changes import count
from loomkin.project.problem import Problem
from loomkin.provenance.pull_request import pull_request
from loomkin.records.dataclass import fields

app = single("Title and text for a pull request of this branch.")


@app.command()
def pr(
    base: Annotated[
        str, typer.Argument(metavar="[BASE]", help="The branch it goes into, such as main.")
    ] = "",
    title: Annotated[bool, typer.Option("--title", help="Print the title alone.")] = False,
    body: Annotated[bool, typer.Option("--body", help="Print the text alone.")] = False,
    as_json: AsJson = False,
    folder: Folder = None,
) -> None:
    """Print what the branch does, why, what was not done and why, and what proves it; nothing is pushed."""
    place = look(folder)
    with place.database() as database:
        settings = place.settings().settings.git
        made = asyncio.run(pull_request(database, place.cwd, base, settings))
    if isinstance(made, Problem):
        raise LoomkinError(made.what, hint=made.hint)
    if made.uncommitted and not as_json:
        warn(f"{count(made.uncommitted, 'changed file')} not committed, and not in it.")
    if as_json:
        say(to_json({field.name: getattr(made, field.name) for field in fields(made)}))
    elif title:
        say(made.title)
    elif body:
        say(made.text.rstrip("\n"))
    else:
        say(f"{made.title}\n\n{made.text}".rstrip("\n"))
