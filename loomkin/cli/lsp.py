"""`loomkin lsp`: the language servers for the files here."""

from loomkin.cli.place import AsJson, Folder, Place, look, say, single
from loomkin.cli.tables import table, to_json
from loomkin.lsp.survey import Surveyed, misled, missing, survey

app = single("Language servers.")
_HEADINGS = ("SERVER", "FILES", "STATE", "VERSION", "PROGRAM", "PID", "MB", "RESTARTS")


@app.command()
def lsp(as_json: AsJson = False, folder: Folder = None) -> None:
    """Show which language servers are known for the files here, found where, and which run in a session."""
    place = look(folder)
    settings = place.settings().settings.lsp
    found = survey(settings, place.root, place.state, place.environ, trusted=place.trusted)
    if as_json:
        plain = {"root": str(place.root), "enabled": settings.enabled, "trusted": place.trusted}
        say(to_json({**plain, "servers": [_plain(one) for one in found]}))
        return
    if not found:
        say(f"No language server is known for the files in {place.root}.")
        return
    rows = [_row(one) for one in found if one.found or not one.instead]
    say(table(_HEADINGS, rows, ("FILES", "PID", "MB", "RESTARTS")))
    for line in [*misled(settings, found), *_notes(place, settings.enabled, found)]:
        say(line)


def _notes(place: Place, enabled: bool, found: list[Surveyed]) -> list[str]:
    notes = [f"For {one.kind.name}: {one.kind.install}" for one in missing(found) if one.kind.install]
    if not enabled:
        notes.insert(0, "They are switched off: `lsp.enabled` is false.")
    elif not place.trusted:
        notes.insert(0, "None is started here until you trust this folder: `loomkin trust`.")
    return notes


def _row(one: Surveyed) -> tuple[object, ...]:
    program = one.found.command[0] if one.found else ""
    live = one.running[0] if one.running else {}
    figures = (live.get("pid") or "", live.get("megabytes") or "", live.get("restarts") or "")
    return (one.kind.name, one.files, one.state, one.version, program, *figures)


def _plain(one: Surveyed) -> dict[str, object]:
    return {
        "name": one.kind.name,
        "extensions": list(one.kind.extensions),
        "files": one.files,
        "state": one.state,
        "command": list(one.found.command) if one.found else None,
        "version": one.version,
        "install": one.kind.install,
        "running": [dict(row) for row in one.running],
    }
