"""`loomkin completion`: static completion scripts, made from the commands and flags that there are."""

import pkgutil
from collections.abc import Iterator
from enum import StrEnum
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.main import get_command

from loomkin import cli
from loomkin.cli.command_line import Form
from loomkin.cli.completion_scripts import Flag, Word, bash_script, fish_script, zsh_script
from loomkin.cli.help import COMMANDS, module_of
from loomkin.cli.place import SESSION_HELP, say, single
from loomkin.config.catalogue import INDEX, NAME, SETTINGS

app = single("Completion scripts.")
_FIRST = {"--help": "Show the help.", "-h": "Show the help.", "--version": "Show the version.", "-V": ""}


class Shell(StrEnum):
    """The shells that there are scripts for."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


@app.command()
def completion(
    shell: Annotated[Shell, typer.Argument(metavar="SHELL", help="bash, zsh or fish.")],
) -> None:
    """Print a completion script, for example for `eval "$(loomkin completion bash)"`.

    It holds the commands and flags of this version: print it anew after an upgrade.
    """
    make = {Shell.BASH: bash_script, Shell.ZSH: zsh_script, Shell.FISH: fish_script}[shell]
    say(make(command_tree()).removesuffix("\n"))


def command_tree() -> list[Word]:
    """Every command with its subcommands and flags, the program itself first; imports all commands."""
    present = {entry.name for entry in pkgutil.iter_modules(cli.__path__)}
    words = [_program(present)]
    for name, about in COMMANDS.items():
        if name.replace("-", "_") in present:
            module = import_module(module_of(name))
            if hasattr(module, "FORM"):
                words.append(Word((name,), about, tuple(_of_form(module.FORM)), {}, module.FORM.first))
            else:
                words += _words((name,), get_command(module.app), about)
    return words


def _program(present: set[str]) -> Word:
    flags = [Flag((name,), False, (), about) for name, about in _FIRST.items()]
    if "repl" in present:
        known = {name for flag in flags for name in flag.names}
        own = _of_form(import_module("loomkin.cli.repl").FORM)
        flags += [flag for flag in own if not known & set(flag.names)]
    children = {name: about for name, about in COMMANDS.items() if name.replace("-", "_") in present}
    return Word((), "", tuple(flags), children)


def _words(path: tuple[str, ...], command: Any, about: str) -> Iterator[Word]:
    below = getattr(command, "commands", {})
    children = {name: one.get_short_help_str(80) for name, one in below.items() if not one.hidden}
    yield Word(path, about, tuple(_flags(command)), children, *_values(command))
    for name, one in below.items():
        if not one.hidden:
            yield from _words((*path, name), one, children[name])


def _flags(command: Any) -> Iterator[Flag]:
    for parameter in command.params:
        names = (*parameter.opts, *parameter.secondary_opts)
        if parameter.param_type_name == "option" and not getattr(parameter, "hidden", False):
            takes = not parameter.is_flag and not parameter.count
            about = parameter.help or ""
            yield Flag(names, takes, _choices(parameter), about, sessions=SESSION_HELP in about)
    yield Flag(("-h", "--help"), False, (), "Show this message and exit.")


def _of_form(form: Form) -> Iterator[Flag]:
    for row in form.flags:
        if not row.hidden:
            choices = tuple(f"{key}=" for key in _keys()) if row.field == "settings" else row.choices or ()
            yield Flag(row.names, row.takes_value, tuple(choices), row.about, row.field == "resume")
    yield Flag(("-h", "--help"), False, (), "Show this page and exit.")


def _values(command: Any) -> tuple[tuple[str, ...], bool]:
    """The words that the first argument can be, where there is a fixed set, and whether it is a session."""
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    if not arguments:
        return (), False
    first = arguments[0]
    return tuple(_keys()) if first.name == "key" else _choices(first), first.help == SESSION_HELP


def _keys() -> list[str]:
    """The settings that have one name, whoever the providers and models are."""
    return [setting.key for setting in SETTINGS if NAME not in setting.key and INDEX not in setting.key]


def _choices(parameter: Any) -> tuple[str, ...]:
    values = getattr(parameter.type, "choices", ())
    return tuple(str(getattr(value, "value", value)) for value in values)
