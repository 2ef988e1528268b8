"""`-r` without an id: the sessions to go on with, picked by a key on a terminal, else listed."""

import os
import select
import sys
from pathlib import Path

from loomkin.commands.sessions import session_line
from loomkin.errors import UsageError
from loomkin.project.root import state_dir
from loomkin.store import sessions
from loomkin.store.database import FILE_NAME, Database
from loomkin.store.sessions import SessionRow
from loomkin.ui.terminal import printable

PAGE = 9
_LEAVE = (b"q", b"\x1b", b"\x03", b"\x04", b"")


def resumable(folder: Path) -> list[SessionRow]:
    """The sessions of the project in which something was said, last used first; nothing is created.

    Raises UsageError where there is none.
    """
    file = state_dir(folder) / FILE_NAME
    rows: list[SessionRow] = []
    if file.exists():
        database = Database(file)
        try:
            with database.failures():
                rows = [row for row in sessions.all_sessions(database) if row.turns or row.title]
        finally:
            database.close()
    if not rows:
        raise UsageError("There is no session in this repository to go on with.", hint="Leave out -r.")
    return rows


def nameless(folder: Path) -> UsageError:
    """The error of a `-r` that names no session, with those that it may name."""
    rows = resumable(folder)
    lines = [session_line(row, False) for row in rows[:PAGE]]
    if len(rows) > PAGE:
        lines.append(f"  and {len(rows) - PAGE} more: loomkin sessions list")
    shown = "\n".join(lines)
    return UsageError("-r names no session.", hint=f"Name one of these by its id, its end, or name:\n{shown}")


def pick(rows: list[SessionRow]) -> str:
    """The id of the session that the person picks by a key, or nothing; the terminal gives keys at once."""
    pages = [rows[at : at + PAGE] for at in range(0, len(rows), PAGE)]
    at = 0
    _show(pages, at)
    while (key := _key()) not in _LEAVE:
        if key in (b"\r", b"\n"):
            return pages[at][0].id
        if key.isdigit() and 1 <= int(key) <= len(pages[at]):
            return pages[at][int(key) - 1].id
        if key == b"n" and len(pages) > 1:
            at = (at + 1) % len(pages)
            _show(pages, at)
    return ""


def _show(pages: list[list[SessionRow]], at: int) -> None:
    lines = [f"{number}{session_line(row, False)}" for number, row in enumerate(pages[at], 1)]
    more = f" · n: the next page ({at + 1} of {len(pages)})" if len(pages) > 1 else ""
    lines.append(f"1-{len(pages[at])}: go on with it · Enter: with the first{more} · q: leave")
    sys.stdout.write(printable("\n".join(lines)) + "\n")
    sys.stdout.flush()


def _key() -> bytes:
    """One key; what an arrow or a function key sends is one that means nothing here."""
    terminal = sys.stdin.fileno()
    key = os.read(terminal, 1)
    if key != b"\x1b" or not select.select([terminal], [], [], 0.05)[0]:
        return key
    if os.read(terminal, 1) in (b"[", b"O"):
        while (last := os.read(terminal, 1)) and not b"@" <= last <= b"~":
            pass
    return b" "
