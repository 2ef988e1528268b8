"""The conversation watches the files: the person's changes are mentioned, and their comments are orders."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.ui.repl_fixtures import MakeStage, Stage, stage

LOOK = {"calls": [{"name": "file_read", "arguments": {"path": "calc.py"}}]}


@pytest.fixture
def play(tmp_path: Path) -> Iterator[MakeStage]:
    with ExitStack() as stack:

        def make(*steps: dict[str, object]) -> Stage:
            root = tmp_path / "repository"
            root.mkdir()
            return stack.enter_context(stage(root, list(steps)))

        yield make


@pytest.mark.feature("D2")
@pytest.mark.feature("F1")
def test_a_persons_change_is_mentioned_and_comments_are_orders_once_asked_for(play: MakeStage) -> None:
    scene = play(LOOK, {"text": "Looked."}, {"text": "Seen both."})
    code = scene.root / "calc.py"
    terminal = scene.ready(rows=30)
    terminal.send("look at calc.py\r")
    terminal.until("Looked.")
    terminal.idle()
    terminal.send("/watch-files\r")
    terminal.until("Watching 1 file. AI comments in them are no orders")
    terminal.idle()
    code.write_text(code.read_text() + "# AI! too early\n")
    terminal.until("You changed calc.py; coder will hear of it before the next step.")
    terminal.send("/watch-files on\r")
    terminal.until("Watching 1 file. Save a comment with AI!")
    terminal.idle()
    code.write_text(code.read_text() + "@app.route('x.y')  # AI! name it\n")
    terminal.until("Seen both.")
    terminal.settle()
    assert "- calc.py:4 (do it): AI! name it" in terminal.shown
    heard = scene.said(2)
    assert "calc.py:4 (do it): AI! name it" in heard
    assert "(do it): AI! too early" not in heard
    assert "+# AI! too early" in heard
    assert "was not put along" not in terminal.shown
    terminal.idle()
    terminal.send("/watch-files off\r")
    terminal.until("› /watch-files off\n\nWatching 1 file. AI comments in them are no orders")
