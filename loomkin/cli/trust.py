"""`loomkin trust`: let this folder's own settings, hooks and roles count."""

from typing import Annotated

import typer

from loomkin.cli.place import Folder, look, say, single
from loomkin.config.load import load
from loomkin.project.trust import trust, untrust

app = single("Trust this folder.")


@app.command()
def trust_folder(
    revoke: Annotated[bool, typer.Option("--revoke", help="Trust it no longer.")] = False,
    folder: Folder = None,
) -> None:
    """Trust the project around this folder, and say what of its own settings counts from now on."""
    place = look(folder)
    before = place.trusted
    if revoke:
        untrust(place.root, place.environ)
        say(f"{place.root} is {'no longer' if before else 'not'} trusted.")
        return
    trust(place.root, place.environ)
    state = "was trusted already" if before else "is trusted now"
    say(f"{place.root} {state}; `loomkin trust --revoke` undoes it.")
    withheld = load(place.root, place.environ, trusted=False).warnings
    for line in withheld if not before else ():
        what, mark, _ = line.partition(" ignored until")
        if mark:
            say(f"  counts from now on: {what}")
