"""`loomkin hook`: git hooks of ours: install, uninstall, status, and run, which git calls; without typer."""

import os
import sys
from pathlib import Path

from loomkin.cli.command_line import Form, Typed
from loomkin.cli.flag_table import FlagRow
from loomkin.errors import UsageError
from loomkin.githooks.hook import STOP
from loomkin.githooks.run import run_hook
from loomkin.project.secrets import without_keys
from loomkin.ui.terminal import printable

FORM = Form(
    "loomkin hook",
    "Git hooks: install or uninstall them here, say how they stand, run one, or renew the map as they do.",
    (
        FlagRow("as_json", ("--json",), "Print JSON (status)."),
        FlagRow("folder", ("-C",), "Work in that folder.", "DIR", Path),
    ),
    "install|uninstall|status|run|refresh [NAME…]",
    ("install", "uninstall", "status", "run", "refresh"),
)


def run(typed: Typed) -> int:
    """Do what was asked; a hook that stops git ends with 10."""
    folder: Path = typed.values.get("folder", Path())
    if not folder.expanduser().is_dir():
        raise UsageError(f"{folder} is not a folder.", hint="Give -C the folder to work in.")
    cwd, words = folder.expanduser().resolve(), typed.words
    verb = words[0] if words else ""
    if verb == "run":
        return _run(cwd, words[1:])
    if verb not in FORM.first:
        raise UsageError(
            f"{verb!r} is nothing that can be done with hooks." if verb else "Say what to do with the hooks.",
            hint="loomkin hook install, uninstall, status, refresh or run NAME.",
        )
    from loomkin.cli import hook_place

    return hook_place.do(verb, cwd, words[1:], as_json=bool(typed.values.get("as_json")))


def _run(cwd: Path, words: tuple[str, ...]) -> int:
    if not words:
        raise UsageError("Name a hook: loomkin hook run NAME.")
    verdict = run_hook(words[0], words[1:], cwd, os.environ, _written)
    for line in verdict.lines:
        sys.stderr.write(f"loomkin: {printable(without_keys(line))}\n")
    return STOP if verdict.stop else 0


def _written() -> str:
    """What git wrote to standard input; a person at a terminal is not waited for."""
    return sys.stdin.read() if sys.stdin and not sys.stdin.isatty() else ""
