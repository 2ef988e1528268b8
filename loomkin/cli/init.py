"""`loomkin init`: writes LOOMKIN.md and .loomkin.toml for this repository, and overwrites nothing."""

from collections.abc import Sequence
from pathlib import Path

from loomkin.cli.place import Folder, look, say, single
from loomkin.config.catalogue import SINGLE, Kind, Setting
from loomkin.config.paths import project_files
from loomkin.errors import StoreError
from loomkin.permissions.rules import exact_rule_text
from loomkin.project.profile import Found, find_profile
from loomkin.project.rules import NAMES

app = single("Write LOOMKIN.md and .loomkin.toml.")
# unset settings need a value that shows the form and would do no harm
_EXAMPLES = {"model.num_ctx": "32768", "model.max_output": "16384", "budget.session_tokens": "2000000"}


@app.command()
def init(folder: Folder = None) -> None:
    """Write what agents should know here, with the commands found, and a settings file of commented keys."""
    place = look(folder)
    found = find_profile(place.root).commands
    rules = place.root / NAMES[0]
    _write(rules, rules_text(place.root.name, found))
    for peer in NAMES[1:]:
        if (place.root / peer).exists():
            say(f"  {peer} is passed over from now on; put `@{peer}` into LOOMKIN.md to have it read too.")
    own, other = project_files(place.root)
    if other.exists() and not own.exists():
        say(f"Left alone: {other} has the settings.")
    else:
        _write(own, settings_text())
    if found:
        say("Found: " + "; ".join(f"{one.purpose}: {one.command} ({one.source})" for one in found))
    else:
        say("Found no build, test or lint command; write yours into LOOMKIN.md.")


def rules_text(name: str, found: Sequence[Found]) -> str:
    """LOOMKIN.md for a project of this name."""
    commands = "\n".join(f"- {one.purpose}: `{one.command}` (from {one.source})" for one in found)
    patterns = ", ".join(f"`{_pattern(one.command)}`" for one in found) or "`make test`"
    missing = "- Build:\n- Test:\n- Lint:"
    return _RULES.format(name=name, commands=commands or missing, patterns=patterns)


def settings_text() -> str:
    """.loomkin.toml with every plain setting as a comment; it changes nothing until a line is uncommented."""
    lines = [_SETTINGS]
    section = ""
    for path, setting in SINGLE.items():
        if str(path[0]) != section:
            section = str(path[0])
            lines.append(f"\n[{section}]")
        trust = "; counts once the folder is trusted" if setting.trusted_only else ""
        lines.append(f"# {path[1]} = {_example(setting)}  # {setting.why}{trust}")
    return "\n".join(lines) + "\n"


def _example(setting: Setting) -> str:
    match setting.default:
        case None:
            return _EXAMPLES.get(setting.key, "5.0" if "usd" in setting.key else "3600")
        case bool():
            return str(setting.default).lower()
        case tuple():
            return "[" + ", ".join(f'"{item}"' for item in setting.default) + "]"
        case str():
            value = setting.default or (setting.choices[0] if setting.choices else "")
            return f'"{value}"'
        case int() | float() as number:
            return f"{number:g}" if setting.kind is Kind.INTEGER else f"{number:.1f}"
    return "{}"


def _pattern(command: str) -> str:
    return exact_rule_text(command).removeprefix("shell(").removesuffix(")")


def _write(path: Path, text: str) -> None:
    """Make a new file; one that exists, also as a dangling link, stays as it is."""
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        say(f"Left alone: {path} exists.")
        return
    except OSError as error:
        raise StoreError(
            f"{path} cannot be written: {error.strerror}.", hint="Make the folder writable."
        ) from error
    say(f"Wrote {path}.")


_RULES = """\
# {name}

What every agent working here should know: what this project is, how it is laid out, what to look out for.

## Commands

{commands}

## Rules

- Run the tests after a change, and say so when they fail.

<!-- Lists below become rules that are enforced. What is allowed counts once this folder is trusted
(`loomkin trust`); what is denied always counts. Take the comment marks away to use them.

## Allowed Operations

- Shell: {patterns}

## Denied Operations

- File Write: `.github/**`
-->
"""
_SETTINGS = """\
# Settings of this repository for loomkin. Uncomment a line to change it.
# All settings, their values and origins: loomkin config list. One explained: loomkin config explain KEY."""
