"""How many rows the live part takes after the window has become narrower, where the terminal wraps anew."""

from collections.abc import Mapping

from prompt_toolkit.data_structures import Point
from prompt_toolkit.layout.screen import Screen

_SIGNS = (
    "TMUX", "VTE_VERSION", "KITTY_WINDOW_ID", "ALACRITTY_WINDOW_ID", "WEZTERM_PANE", "WT_SESSION",
    "KONSOLE_VERSION", "ITERM_SESSION_ID",
)  # fmt: skip
_PROGRAMS = frozenset(("Apple_Terminal", "iTerm.app", "WezTerm", "ghostty", "vscode", "tmux"))


def wraps_anew(environ: Mapping[str, str]) -> bool:
    """Whether the terminal is known to wrap long rows anew; others, such as xterm, cut them off."""
    return any(environ.get(sign) for sign in _SIGNS) or environ.get("TERM_PROGRAM") in _PROGRAMS


def more_rows(screen: Screen, cursor: Point, columns: int) -> int:
    """Rows that wrapping at `columns` adds above the cursor to what was drawn for a wider window."""
    added = cursor.x // max(columns, 1)
    for number in range(cursor.y):
        row = screen.data_buffer[number]
        width = max((at + cell.width for at, cell in row.items() if cell.char.strip()), default=0)
        added += max(0, width - 1) // max(columns, 1)
    return added
