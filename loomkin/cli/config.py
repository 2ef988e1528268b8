"""`loomkin config`: every setting, its value, where it came from, and how to change it."""

import re
from typing import Annotated

import typer

from loomkin.cli.place import AsJson, Folder, group, look, say
from loomkin.cli.tables import clean, table, to_json
from loomkin.config.catalogue import Path, Setting, Value, find, nearest, spell
from loomkin.config.load import Loaded, Origin, parse_key
from loomkin.config.paths import Layer, files
from loomkin.config.write import locate, set_value, unset_value
from loomkin.errors import NotFoundError, UsageError
from loomkin.project.root import ensure_state_dir

app = group("Settings, and where they come from.")
Key = Annotated[str, typer.Argument(metavar="KEY", help="For example model.default.")]
User = Annotated[bool, typer.Option("--user", help="In your own file (the default).")]
Project = Annotated[bool, typer.Option("--project", help="In this repository's file.")]
Local = Annotated[bool, typer.Option("--local", help="For this repository, on this machine.")]
_HIDDEN = "(hidden)"
_NAMES = {Layer.OPTION: "--set", Layer.BUILT_IN: "built-in"}


@app.command("list")
def list_settings(
    context: typer.Context,
    words: Annotated[str, typer.Argument(metavar="[FILTER]", help="Only keys that hold this.")] = "",
    as_json: AsJson = False,
    folder: Folder = None,
) -> None:
    """Show all settings with their values and origins."""
    loaded = look(folder, context).settings()
    keys = [key for key in loaded.values if words in key]
    if as_json:
        say(
            to_json({key: {"value": _plain(loaded, key), "from": _origin(loaded, key).where} for key in keys})
        )
    else:
        rows = [(key, _shown(key, loaded.values[key]), _origins(loaded, key)) for key in keys]
        say(table(("SETTING", "VALUE", "FROM"), rows))


@app.command("get")
def get_setting(context: typer.Context, key: Key, as_json: AsJson = False, folder: Folder = None) -> None:
    """Print the value in force and nothing else, lists by line."""
    loaded = look(folder, context).settings()
    path, setting = _known(key)
    spelled = spell(path)
    value = loaded.values.get(spelled, setting.default)
    if as_json:
        say(to_json(_HIDDEN if setting.secret and value else value))
    elif isinstance(value, tuple):
        say("\n".join(map(clean, value)))
    else:
        say(_shown(spelled, value, unset=""))


@app.command("set")
def set_setting(
    context: typer.Context,
    key: Key,
    value: Annotated[str, typer.Argument(metavar="VALUE", help='Lists: a,b or ["a", "b"].')],
    user: User = False,
    project: Project = False,
    local: Local = False,
    folder: Folder = None,
) -> None:
    """Change a setting in a file; comments in it stay."""
    scope = _scope(user, project, local)
    place = look(folder, context)
    path, setting = _known(key)
    if scope == "local":
        ensure_state_dir(place.root)
    file = locate(scope, place.root, place.environ)
    written = set_value(file, key, value)
    spelled = spell(path)
    say(f"Set {spelled} to {_shown(spelled, written)} in {file}.")
    if scope != "user" and not place.trusted and (setting.trusted_only or written in setting.trusted_values):
        say("It counts once this folder is trusted: `loomkin trust`.")
        return
    winner = _origin(place.settings(), spelled)
    if winner.value != written and not setting.merges:
        say(f"It does not count now: {winner.where} says {_shown(spelled, winner.value)}.")


@app.command("unset")
def unset_setting(
    context: typer.Context,
    key: Key,
    user: User = False,
    project: Project = False,
    local: Local = False,
    folder: Folder = None,
) -> None:
    """Take a setting out of a file, so that what other files say counts; comments in it stay."""
    place = look(folder, context)
    path, setting = _known(key)
    file = locate(_scope(user, project, local), place.root, place.environ)
    spelled = spell(path)
    if not unset_value(file, key):
        say(f"{spelled} is not set in {file}.")
        return
    loaded = place.settings()
    value = _shown(spelled, loaded.values.get(spelled, setting.default))
    say(f"Took {spelled} out of {file}; it is {value} now ({_name(_origin(loaded, spelled))}).")


@app.command("path")
def show_paths(context: typer.Context, as_json: AsJson = False, folder: Folder = None) -> None:
    """Show the file of each layer, lowest first, and whether it exists."""
    place = look(folder, context)
    rows = [
        (layer.name.lower(), "yes" if path.exists() else "no", str(path))
        for layer, path in files(place.root, place.environ).items()
    ]
    if as_json:
        say(to_json([{"layer": row[0], "exists": row[1] == "yes", "path": row[2]} for row in rows]))
    else:
        say(table(("LAYER", "EXISTS", "FILE"), rows))


@app.command("explain")
def explain_setting(context: typer.Context, key: Key, folder: Folder = None) -> None:
    """Say what a setting is for and what every layer says of it."""
    loaded = look(folder, context).settings()
    path, setting = _known(key)
    spelled = spell(path)
    say(f"{spelled}: {setting.why}")
    say(f"  value     {_shown(spelled, loaded.values.get(spelled, setting.default))}")
    say(f"  may be    {setting.expected}")
    say(f"  default   {_shown(spelled, setting.default)}")
    say(f"  variable  LOOMKIN__{'__'.join(str(name) for name in path).upper()}")
    if setting.flag:
        say(f"  flag      {setting.flag}")
    if setting.trusted_only:
        say("  trust     a repository's own file may set it once the folder is trusted")
    elif setting.trusted_values:
        values = ", ".join(map(str, setting.trusted_values))
        say(f"  trust     a repository's own file may set {values} once the folder is trusted")
    origins = loaded.provenance.get(spelled, ())
    if origins:
        say("  said by" + (" (all are added up)" if setting.merges else " (the last counts)"))
        for origin in origins:
            say(f"    {_name(origin)}: {_shown(spelled, origin.value)}")


def _scope(user: bool, project: bool, local: bool) -> str:
    chosen = [name for name, on in (("user", user), ("project", project), ("local", local)) if on]
    if len(chosen) > 1:
        raise UsageError("Give one of --user, --project and --local.", hint="Without any, --user is meant.")
    return chosen[0] if chosen else "user"


def _known(key: str) -> tuple[Path, Setting]:
    path = parse_key(key)
    setting = find(path)
    if setting is None:
        near = nearest(path)
        hint = f"Did you mean {near}?" if near else "All settings: loomkin config list"
        raise NotFoundError(f"There is no setting {spell(path)}.", hint=hint)
    return path, setting


def _origin(loaded: Loaded, key: str) -> Origin:
    origins = loaded.provenance.get(key, ())
    return origins[-1] if origins else Origin(Layer.BUILT_IN, "built-in", None)


def _origins(loaded: Loaded, key: str) -> str:
    setting = find(parse_key(key))
    said = loaded.provenance.get(key, ())
    if setting is None or not setting.merges or len(said) < 2:
        return _name(_origin(loaded, key))
    return ", ".join(_name(origin) for origin in said if origin.layer is not Layer.BUILT_IN)


def _name(origin: Origin) -> str:
    if origin.layer in _NAMES or origin.layer in (Layer.ENVIRONMENT, Layer.FLAG):
        return origin.where
    return f"{origin.layer.name.lower()} {origin.where}"


def _shown(key: str, value: Value, unset: str = "(unset)") -> str:
    setting = find(parse_key(key))
    if value is None:
        return unset
    if setting is not None and setting.secret:
        return _HIDDEN
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return ", ".join(map(clean, value)) or "(none)"
    if isinstance(value, float):
        return f"{value:g}"
    # a password may stand in an address
    return re.sub(r"(?<=://)[^/@\s]+@", "***@", clean(str(value))) or ("(empty)" if unset else "")


def _plain(loaded: Loaded, key: str) -> object:
    value, setting = loaded.values[key], find(parse_key(key))
    if setting is not None and setting.secret and value is not None:
        return _HIDDEN
    return _shown(key, value) if isinstance(value, str) and "://" in value else value
