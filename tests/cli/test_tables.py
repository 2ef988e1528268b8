"""Tables keep to the width of a terminal, and are whole in a pipe."""

import fcntl
import os
import struct
import subprocess
import sys
import termios

import pytest

PROGRAM = """
from loomkin.cli.tables import table
headings = ("ID", "LAST USED", "TURNS", "MODEL", "WORDS")
row = ("20261121-193702-wyhd", "2026-11-21 19:31", 1, "openai/some-long-model", "read it " * 6 + "日本語" * 9)
print(table(headings, [row], ("TURNS",), fit=True))
"""


def printed(columns: int) -> list[str]:
    """The table's lines on a terminal of so many columns."""
    ours, theirs = os.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    environ = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], stdout=theirs, stdin=theirs, env={**environ, "PYTHONUTF8": "1"}
    )
    os.close(theirs)
    text = os.read(ours, 65_536).decode()
    os.close(ours)
    assert done.returncode == 0
    return text.splitlines()


def width(line: str) -> int:
    return sum(2 if letter in "日本語" else 1 for letter in line)


@pytest.mark.parametrize("columns", [72, 80, 100, 120])
def test_a_table_keeps_to_the_terminal_and_ids_and_times_stay_whole(columns: int) -> None:
    lines = printed(columns)
    assert len(lines) == 2
    assert all(width(line) <= columns for line in lines)
    assert width(lines[1]) >= columns - 1
    assert lines[1].startswith("20261121-193702-wyhd  2026-11-21 19:31  ")
    assert lines[1].endswith("…")


def test_a_table_is_whole_where_there_is_room_and_in_a_pipe() -> None:
    piped = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, encoding="utf-8", check=True)
    assert piped.stdout.splitlines() == printed(200)
    assert "日本語" * 9 in piped.stdout
