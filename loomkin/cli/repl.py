"""`loomkin`: the conversation in this repository; its prompt is on the screen before the rest loads."""

import os
import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager

import typer

from loomkin import __version__
from loomkin.cli import flags_typed as typed
from loomkin.cli.flags import Flags, options_from
from loomkin.config.load import Loaded, load
from loomkin.errors import UsageError
from loomkin.project.root import find_root
from loomkin.project.trust import is_trusted, trust
from loomkin.records.dataclass import replace
from loomkin.ui.repl_trust import withheld
from loomkin.ui.terminal import printable, wants_color
from loomkin.workspace.options import Options

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)


@app.command(context_settings={"help_option_names": ["-h", "--help"]})
def repl(
    model: typed.Model = None,
    go_on: typed.GoOn = False,
    resume: typed.Resume = None,
    fork: typed.Fork = False,
    name: typed.Name = None,
    folder: typed.Folder = None,
    mode: typed.PermissionMode = None,
    allowed: typed.Allowed = None,
    disallowed: typed.Disallowed = None,
    max_turns: typed.MaxTurns = None,
    max_budget_usd: typed.MaxBudget = None,
    timeout: typed.Timeout = None,
    role: typed.RoleName = None,
    append_system_prompt: typed.Append = None,
    add_dirs: typed.AddDirs = None,
    settings: typed.SetOptions = None,
    record: typed.Record = None,
    replay: typed.Replay = None,
    no_persistence: typed.NoPersistence = False,
    trusted: typed.Trust = False,
    bare: typed.Bare = False,
    offline: typed.Offline = False,
    no_color: typed.NoColor = False,
) -> int:
    """Talk with the agent in this repository. `loomkin --help` lists the other commands."""
    flags = Flags(
        model, go_on, resume, fork, name, folder, mode, allowed or (), disallowed or (), max_turns,
        max_budget_usd, timeout, role, append_system_prompt, add_dirs or (), settings or (), record, replay,
        not no_persistence, trusted, bare, offline, no_color,
    )  # fmt: skip
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError(
            "The conversation needs a terminal, and standard input or output is none.",
            hint='For one job without a terminal: loomkin ask "PROMPT"',
        )
    return _converse(options_from(flags, attended=True))


def _converse(options: Options) -> int:
    root = find_root(options.cwd).path
    known = options.trust or is_trusted(root, options.environ)
    loaded = load(root, options.environ, options.flags, options.set_options, trusted=known)
    color = wants_color(loaded.settings.ui.color, options.environ, True)
    sys.stdout.write(f"loomkin {__version__} in {printable(str(options.cwd))} (/help, ? for keys)\n")
    with _keys_at_once():
        if not known and _wants_trust(options, loaded):
            trust(root, options.environ)
            options = replace(options, trust=True)
        plain = options.environ.get("TERM", "dumb") == "dumb"
        sys.stdout.write("" if plain else "\x1b[1;36m› \x1b[0m" if color else "› ")
        sys.stdout.flush()
        if not plain:
            return _open(options, color, loaded)
    return _open(options, color, loaded, plain=True)


def _open(options: Options, color: bool, loaded: Loaded, *, plain: bool = False) -> int:
    from loomkin.cli.repl_run import converse

    return converse(options, color, loaded.settings.ui.history, plain)


def _wants_trust(options: Options, loaded: Loaded) -> bool:
    """Ask once whether the folder's own things may count; what was typed before the question is dropped."""
    root = find_root(options.cwd).path
    things = withheld(root, options.cwd, options.environ, loaded, options.bare)
    if not things:
        return False
    listed = "\n".join(f"  {printable(line)}" for line in things)
    sys.stdout.write(
        f"This folder brings things along that count only if you trust it:\n{listed}\n"
        "Trust this folder?  y: trust, and remember it · n: work without them "
    )
    sys.stdout.flush()
    termios.tcflush(sys.stdin.fileno(), termios.TCIFLUSH)
    while (key := os.read(sys.stdin.fileno(), 1).lower()) not in (
        b"y",
        b"n",
        b"\r",
        b"\n",
        b"\x1b",
        b"\x04",
        b"",
    ):
        pass
    sys.stdout.write("y\n" if key == b"y" else "n\n")
    return key == b"y"


@contextmanager
def _keys_at_once() -> Iterator[None]:
    """Keys are kept for whoever reads them, one by one and without echo; afterwards all is as before."""
    terminal = sys.stdin.fileno()
    before = termios.tcgetattr(terminal)
    quiet = termios.tcgetattr(terminal)
    quiet[0] &= ~(termios.ICRNL | termios.IXON)
    quiet[3] &= ~(termios.ECHO | termios.ICANON)
    quiet[6][termios.VMIN], quiet[6][termios.VTIME] = 1, 0
    termios.tcsetattr(terminal, termios.TCSANOW, quiet)
    try:
        yield
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)
