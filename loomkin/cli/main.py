"""From words on the command line to the one module that knows the command, and to an exit code."""

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any

from loomkin import __version__
from loomkin.cli import command_line
from loomkin.cli.flag_table import VALUE_FLAGS
from loomkin.cli.help import COMMANDS, help_text, module_of
from loomkin.errors import LoomkinError, UsageError
from loomkin.runtime.garbage import collect_seldom
from loomkin.runtime.threads import share_soon
from loomkin.ui.terminal import printable


def run(arguments: Sequence[str]) -> int:
    """Carry out a command line and return its exit code; never raises for anything a person did."""
    words = list(arguments)
    if words in (["--help"], ["-h"], ["help"]):
        return _print(help_text())
    first = words[1:2] if words and words[0] in COMMANDS else words[:1]
    if first and first[0] in command_line.VERSION_NAMES:
        return _print(f"loomkin {__version__}\n")
    name, rest = route(words)
    try:
        return _call(name, rest)
    except LoomkinError as error:
        sys.stderr.write(f"loomkin: {printable(str(error))}\n")
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:  # noqa: BLE001 - boundary: the last one
        return _bug(error)


def route(words: list[str]) -> tuple[str, list[str]]:
    """The command and its words: `-p` makes it `ask`, no command makes it the REPL."""
    at = 0
    while at < len(words) and words[at].startswith("-") and words[at] not in ("-p", "--print", "-"):
        at += 2 if words[at] in VALUE_FLAGS else 1
    if at < len(words) and words[at] in COMMANDS:
        return words[at], words[:at] + words[at + 1 :]
    if any(word in ("-p", "--print") for word in words):
        return "ask", [word for word in words if word not in ("-p", "--print")]
    return "repl", words


def _call(name: str, words: list[str]) -> int:
    module = import_module(module_of(name))
    collect_seldom()
    share_soon()
    form = getattr(module, "FORM", None)
    if form is None:
        return _call_typer(module.app, name, words)
    tell = getattr(module, "tell_failure", _nothing)
    try:
        typed = command_line.read(form, words)
    except UsageError as error:
        tell(words, error)
        raise
    if typed.help:
        return _print(command_line.help_of(form))
    try:
        code: int = module.run(typed)
    except (LoomkinError, BrokenPipeError):
        raise
    except Exception as error:
        tell(words, LoomkinError(_defect(error), hint=_AFTER_DEFECT))
        raise
    return code


def _nothing(words: list[str], error: LoomkinError) -> None:
    """Commands for people say all on standard error."""


def _call_typer(app: Any, name: str, words: list[str]) -> int:
    import typer  # heavy: late on purpose
    from typer.exceptions import TyperException

    try:
        code = app(args=words, prog_name=f"loomkin {name}", standalone_mode=False)
    except typer.Exit as stop:
        return int(stop.exit_code)
    except typer.Abort:
        return 130
    except TyperException as error:
        return _usage(error, f"loomkin {name}")
    return code if isinstance(code, int) else 0


def _usage(error: object, shown: str) -> int:
    words = error.format_message() if hasattr(error, "format_message") else str(error)
    shown = getattr(getattr(error, "ctx", None), "command_path", "") or shown
    sys.stderr.write(f"{shown}: {words}\nTry `{shown} --help`.\n")
    return 2


def _print(text: str) -> int:
    sys.stdout.write(text)
    return 0


def _bug(error: Exception) -> int:
    """The last resort: a defect of ours, said in one line, with the trace for who asks."""
    if os.environ.get("LOOMKIN_DEBUG"):
        raise error
    sys.stderr.write(f"loomkin: {_defect(error)}\n{_AFTER_DEFECT}\n")
    return 1


def _defect(error: Exception) -> str:
    return f"this is a defect in loomkin: {type(error).__name__}: {printable(str(error))}"


_AFTER_DEFECT = "Nothing that was saved is lost. Set LOOMKIN_DEBUG=1 to see where it happened, and report it."
