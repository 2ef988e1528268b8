"""A narrower window: what the terminal wraps by itself is erased with the rest."""

import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from prompt_toolkit.data_structures import Point
from prompt_toolkit.layout.screen import Char, Screen

from loomkin.ui.repl_resize import more_rows, wraps_anew
from tests.ui.repl_fixtures import stage
from tests.ui.repl_terminal import environment

LONG = "words that make a rather long line of text which a narrow window has to wrap into two"


def drawn(*lines: str) -> Screen:
    screen = Screen()
    for number, line in enumerate(lines):
        for at, letter in enumerate(line):
            screen.data_buffer[number][at] = Char(letter)
    return screen


@pytest.mark.parametrize(("columns", "rows"), [(40, 0), (20, 1), (19, 2), (10, 3), (5, 7)])
def test_rows_that_wrap_are_counted_by_their_written_width(columns: int, rows: int) -> None:
    screen = drawn("x" * 20 + " " * 30, "x" * 21, "", "› y")
    assert more_rows(screen, Point(3, 3), columns) == rows


def test_only_terminals_that_are_known_to_wrap_anew_count() -> None:
    assert wraps_anew({"TMUX": "/tmp/tmux-0/default,1,0"})
    assert wraps_anew({"TERM_PROGRAM": "Apple_Terminal"})
    assert not wraps_anew({"TERM": "xterm-256color", "TMUX": ""})


@pytest.mark.timeout(60)
@pytest.mark.skipif(shutil.which("tmux") is None, reason="needs tmux")
def test_a_box_leaves_no_pieces_when_a_window_of_tmux_becomes_narrower(tmp_path: Path) -> None:
    root = tmp_path / "repository"
    root.mkdir()
    arguments = {"path": "a.txt", "content": f"{LONG}\n" * 3}
    with stage(root, [{"calls": [{"name": "file_write", "arguments": arguments}]}]) as scene:
        tmux = ["tmux", "-S", str(tmp_path / "socket"), "-f", "/dev/null"]

        def told(*words: str) -> str:
            return subprocess.run([*tmux, *words], check=True, capture_output=True, text=True).stdout

        def until(holds: Callable[[str], bool]) -> str:
            end = time.monotonic() + 8
            while not holds(shown := told("capture-pane", "-p", "-S", "-")):
                assert time.monotonic() < end, shown
            return shown

        variables = [f"{name}={value}" for name, value in environment(scene.server).items()]
        command = ["env", *variables, sys.executable, "-m", "loomkin"]
        told("new-session", "-d", "-x", "110", "-y", "30", "-c", str(root), *command)
        try:
            until(lambda shown: "\nask ·" in shown)
            told("send-keys", "!seq 15", "Enter")  # what tmux moves off the screen by itself cannot be erased
            until(lambda shown: "\n  15\n" in shown)
            told("send-keys", "go", "Enter")
            until(lambda shown: "y once" in shown and "\nask ·" in shown)
            told("resize-window", "-x", "60", "-y", "30")
            # a look may fall between two parts of one drawing: the whole box, once, is what it comes to
            pieces = ("y once", "│ @@ -0,0 +1,3 @@", "coder wants: file_write", "\nask ·")
            until(
                lambda shown: (
                    "\n│ w window has to wrap" in shown and all(shown.count(piece) == 1 for piece in pieces)
                )
            )
        finally:
            told("kill-server")
