"""/commit, /review and /pr in the conversation, on a real terminal with real git."""

import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest

from tests.ui.repl_fixtures import MakeStage, Stage, stage

MEND = {"path": "calc.py", "edits": [{"old_text": " + 1", "new_text": ""}]}
WORK = ({"calls": [{"name": "file_edit", "arguments": MEND}]}, {"text": "Mended."})


@pytest.fixture
def play(tmp_path: Path) -> Iterator[MakeStage]:
    with ExitStack() as stack:

        def make(*steps: dict[str, Any]) -> Stage:
            root = tmp_path / "repository"
            root.mkdir()
            scene = stack.enter_context(stage(root, list(steps)))
            git(root, "add", ".")
            git(root, "commit", "-qm", "Add mean")
            return scene

        yield make


def git(root: Path, *words: str) -> str:
    return subprocess.run(["git", *words], cwd=root, check=True, capture_output=True, text=True).stdout


def own_words(root: Path) -> int:
    """How many messages of the coder's conversation are the person's own."""
    words = "SELECT count(*) FROM messages WHERE sender = 'person' AND agent = 'coder'"
    with closing(sqlite3.connect(root / ".loomkin" / "loomkin.db")) as database:
        return int(database.execute(words).fetchone()[0])


@pytest.mark.feature("C5")
def test_commit_shows_files_and_message_and_the_person_asks_for_other_words_edits_and_commits(
    play: MakeStage,
) -> None:
    scene = play(*WORK, {"text": "Change calc"}, {"text": "Mend the mean"})
    terminal = scene.ready("--permission-mode", "edits", rows=30)
    terminal.send("mend it\r")
    terminal.until("Mended.")
    terminal.idle()
    (scene.root / "mine.txt").write_text("x\n")
    terminal.send("/commit\r")
    terminal.until("Commit this?")
    terminal.settle()
    assert "changed: calc.py" in terminal.shown
    assert "Not in it: mine.txt" in terminal.shown
    assert "Change calc" in terminal.shown
    terminal.send("d")
    terminal.until("type your answer")
    terminal.send("say what was wrong\r")
    terminal.until("Mend the mean")
    assert "The person wants: say what was wrong" in scene.said(3)
    terminal.settle()
    terminal.send("2")
    terminal.until("/commit -m Mend the mean")
    terminal.send(" of one value\r")
    terminal.until("Committed ")
    message = git(scene.root, "log", "-1", "--format=%B")
    assert message.startswith("Mend the mean of one value\n\nAssisted-by: loomkin:openai/")
    assert git(scene.root, "status", "--porcelain") == "?? mine.txt\n"
    terminal.send("/commit\r")
    terminal.until("no agent of this session")
    terminal.send("/commit mine.txt\r")
    terminal.until("new: mine.txt")


@pytest.mark.feature("C5")
def test_commit_works_while_no_model_answers_and_a_refusing_hook_is_shown(play: MakeStage) -> None:
    scene = play(*WORK, *[{"fault": "status", "status": 400}] * 3)
    hook = scene.root / ".git" / "hooks" / "pre-commit"
    hook.write_text("#!/bin/sh\necho 'calc.py:2: too clever' >&2\nexit 1\n")
    hook.chmod(0o755)
    terminal = scene.ready("--permission-mode", "edits", rows=30)
    terminal.send("mend it\r")
    terminal.until("Mended.")
    terminal.idle()
    terminal.send("/commit\r")
    terminal.until("Commit this?")
    terminal.settle()
    assert "Change mean in calc" in terminal.shown
    assert "No model answered" in terminal.shown
    terminal.send("1")
    terminal.until("calc.py:2: too clever")
    terminal.send("/commit\r")
    terminal.until("Commit this?")
    terminal.settle()
    terminal.send("3")
    terminal.until("Nothing was committed.")
    assert git(scene.root, "log", "--format=%s") == "Add mean\n"


@pytest.mark.feature("C5")
def test_review_and_pr_answer_in_the_conversation_and_the_agent_knows_what_was_found(
    play: MakeStage,
) -> None:
    stalled = {"fault": "stall", "text": "half a verdict", "events": 2}
    scene = play(*WORK, stalled, {"text": "Approve. No faults in calc.py."}, {"text": "I know."})
    git(scene.root, "branch", "-M", "main")
    terminal = scene.ready("--permission-mode", "edits", rows=30)
    terminal.send("mend it\r")
    terminal.until("Mended.")
    terminal.idle()
    terminal.send("/review worktree\r")
    scene.until_asked(3)
    terminal.send("\x1b")
    terminal.until("Interrupted /review.")
    terminal.send("/review worktree\r")
    terminal.until("No faults in calc.py")
    assert scene.chats[3].agent.startswith("coder/reviewer")
    terminal.send("what did it say?\r")
    terminal.until("I know.")
    assert "The person had the work tree reviewed" in scene.said(4)
    assert own_words(scene.root) == 2, "what was found is none of them: it may leave the window"
    assert "The person had the work tree reviewed" not in terminal.everything, "the review stands there once"
    terminal.idle()
    terminal.send("/pr\r")
    terminal.until("It is not known which branch")
    terminal.until("This is main itself")
    git(scene.root, "switch", "-qc", "mend-mean")
    git(scene.root, "commit", "-qam", "Mend the mean")
    terminal.send("/pr main\r")
    terminal.until("No command is on record")
