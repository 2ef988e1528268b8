"""`loomkin`: the conversation in this repository; its prompt is on the screen before the rest loads."""

import os
import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from loomkin import __version__
from loomkin.cli.command_line import Form, Typed
from loomkin.cli.flag_table import SHARED
from loomkin.cli.flags import Flags, options_from
from loomkin.config.load import Loaded, load
from loomkin.errors import UsageError
from loomkin.project.root import find_root
from loomkin.project.trust import is_trusted, trust
from loomkin.records.dataclass import replace
from loomkin.ui.repl_trust import withheld
from loomkin.ui.terminal import legible, printable, wants_color
from loomkin.workspace.options import Options

FORM = Form(
    "loomkin",
    "Talk with the agent in this repository. `loomkin --help` lists the commands.",
    SHARED,
)


def run(typed: Typed) -> int:
    """Hold the conversation and return its exit code; raises LoomkinError."""
    flags = Flags(**typed.values)
    attended = sys.stdin.isatty() and sys.stdout.isatty()
    if attended and flags.resume is not None and not flags.resume.strip():
        picked = _picked(flags)
        if not picked:
            return 0
        flags = replace(flags, resume=picked)
    if not attended:
        options_from(flags, attended=True)  # a wrong flag is told first
        raise UsageError(
            "The conversation needs a terminal, and standard input or output is none.",
            hint='For one job without a terminal: loomkin ask "PROMPT"',
        )
    return _converse(options_from(flags, attended=True))


def _picked(flags: Flags) -> str:
    """The session that the person picks for a `-r` that names none."""
    from loomkin.cli.pick import pick, resumable

    rows = resumable((flags.folder or Path()).expanduser())
    with _keys_at_once():
        return pick(rows)


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
    listed = "\n".join("  " + legible(line).replace("\n", "\n      ") for line in things)
    termios.tcflush(sys.stdin.fileno(), termios.TCIFLUSH)
    sys.stdout.write(
        f"This folder brings things along that count only if you trust it:\n{listed}\n"
        "Trust this folder?  y: trust, and remember it · n: work without them "
    )
    sys.stdout.flush()
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
