"""Text to the clipboard of the machine that the person sits at, through the terminal (OSC 52)."""

import base64
import os
from collections.abc import Mapping
from pathlib import Path

MOST_BYTES = 74_994
"""The longest text that xterm takes (100,000 bytes of base64); others take as much or more."""
FILE = "copied.txt"


def osc52(text: str, environ: Mapping[str, str]) -> str:
    """The sequence that sets the clipboard, wrapped for tmux and screen; empty where the text is too long.

    Source: xterm control sequences, "Operating System Commands", Ps = 52; tmux(1), allow-passthrough.
    """
    data = text.encode("utf-8", "replace")
    if len(data) > MOST_BYTES:
        return ""
    sequence = f"\x1b]52;c;{base64.b64encode(data).decode()}\x07"
    if environ.get("TMUX"):
        return "\x1bPtmux;" + sequence.replace("\x1b", "\x1b\x1b") + "\x1b\\"
    if environ.get("TERM", "").startswith("screen"):
        pieces = [sequence[at : at + 700] for at in range(0, len(sequence), 700)]
        return "".join(f"\x1bP{piece}\x1b\\" for piece in pieces)
    return sequence


def keep(text: str, folder: Path) -> Path:
    """The text in a file of the person's own, for terminals that have no clipboard; raises OSError."""
    path = folder / FILE
    folder.mkdir(parents=True, exist_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as out:
        out.write(text)
    return path
