"""The conversation on a real terminal, against a model that speaks from a script."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.ui.repl_fixtures import MakeStage, Stage, stage
from tests.ui.repl_terminal import environment

STALL = {"fault": "stall", "text": "half an answer here", "events": 3}


@pytest.fixture
def play(tmp_path: Path) -> Iterator[MakeStage]:
    with ExitStack() as stack:

        def make(*steps: dict[str, Any]) -> Stage:
            root = tmp_path / "repository"
            root.mkdir()
            return stack.enter_context(stage(root, list(steps)))

        yield make


def edit(**more: Any) -> dict[str, Any]:
    arguments = {"path": "calc.py", "edits": [{"old_text": " + 1", "new_text": ""}]}
    return {"calls": [{"name": "file_edit", "arguments": {**arguments, **more}}]}


def write(path: str, content: str) -> dict[str, Any]:
    return {"calls": [{"name": "file_write", "arguments": {"path": path, "content": content}}]}


def shell(command: str) -> dict[str, Any]:
    return {"calls": [{"name": "shell", "arguments": {"command": command}}]}


def test_an_answer_is_printed_once_as_rendered_markdown_and_the_screen_is_never_cleared(
    play: MakeStage,
) -> None:
    scene = play({"text": "# Report\n\nThis is **sure**.\n\n- one\n- two\n\nThe end of it."})
    terminal = scene.ready()
    terminal.send("tell me\r")
    terminal.until("The end of it.")
    terminal.idle()
    assert terminal.everything.count("The end of it.") == 1
    assert terminal.everything.count("Report") == 1
    assert "**" not in terminal.shown
    terminal.until("› tell me")
    terminal.send("\x04")
    assert terminal.ended() == 0
    assert "loomkin -r " in terminal.text
    assert b"\x1b[2J" not in terminal.raw
    assert b"\x1b[3J" not in terminal.raw
    assert b"\x1b[?1049h" not in terminal.raw


def test_an_edit_is_made_after_y_and_its_diff_was_shown_before(play: MakeStage) -> None:
    scene = play(write("new.py", "x = 1\n"), {"text": "Written."})
    terminal = scene.ready()
    terminal.send("write it\r")
    terminal.until("y once")
    terminal.until("+x = 1")
    terminal.until("new.py")
    terminal.settle()
    terminal.send("y")
    terminal.until("Written.")
    assert (scene.root / "new.py").read_text() == "x = 1\n"
    assert "● file_write new.py +1 -0" in terminal.everything


def test_a_declined_command_does_not_run_and_the_reason_reaches_the_model(play: MakeStage) -> None:
    scene = play(shell("touch made"), {"text": "Understood."})
    terminal = scene.ready()
    terminal.send("go\r")
    terminal.until("y once")
    terminal.until("touch made")
    terminal.settle()
    terminal.send("d")
    terminal.until("say why")
    terminal.send("not on a friday\r")
    terminal.until("Understood.")
    assert not (scene.root / "made").exists()
    assert "not on a friday" in str(scene.chats[1].body)
    assert "✗ shell touch made" in terminal.everything


def test_keys_typed_as_the_box_appears_approve_nothing_and_stay_in_the_draft(play: MakeStage) -> None:
    scene = play(shell("touch made"), {"text": "Over."})
    terminal = scene.ready()
    terminal.send("go\ryay")
    terminal.until("y once")
    terminal.settle(0.5)
    terminal.until("y once")
    assert not (scene.root / "made").exists()
    assert any(row.startswith("› yay") for row in terminal.rows)
    terminal.until("empty the line first")
    terminal.send("\x03")
    terminal.until(lambda: "› yay" not in terminal.shown)
    terminal.settle()
    terminal.send("n")
    terminal.until("Over.")
    assert not (scene.root / "made").exists()


def test_words_typed_or_pasted_into_a_box_answer_nothing(play: MakeStage) -> None:
    scene = play(shell("touch made"), {"text": "Over."})
    terminal = scene.ready()
    terminal.send("go\r")
    terminal.until("y once")
    terminal.settle()
    terminal.send("Stay!")
    terminal.until("› Stay!")
    terminal.settle()
    terminal.send("\x1b[200~ and look\x1b[201~")
    terminal.until("› Stay! and look")
    terminal.settle()
    terminal.send("apy")
    terminal.until("› Stay! and lookapy")
    terminal.until("y once")
    assert not (scene.root / "made").exists()
    terminal.send("\r")
    terminal.until("1 queued")
    terminal.until("y once")


def test_escape_in_the_box_declines_and_interrupts(play: MakeStage) -> None:
    scene = play(shell("touch made"), {"text": "never"})
    terminal = scene.ready()
    terminal.send("go\r")
    terminal.until("y once")
    terminal.send("\x1b")
    terminal.until("Interrupted")
    assert "y once" not in terminal.shown
    assert not (scene.root / "made").exists()
    assert len(scene.chats) == 1


def test_a_question_of_the_agent_is_answered_by_number_and_the_draft_comes_back(play: MakeStage) -> None:
    question = {"question": "Which colour?", "options": ["red", "blue"]}
    scene = play(
        {"calls": [{"name": "ask_person", "arguments": question}], "wait_for": "go"}, {"text": "Blue it is."}
    )
    terminal = scene.ready()
    terminal.send("go\r")
    scene.until_asked(1)
    terminal.send("half a thought")
    terminal.until("› half a thought")
    scene.release("go")
    terminal.until("2 blue")
    terminal.settle()
    terminal.send("\x03")
    terminal.until(lambda: "› half" not in terminal.shown)
    terminal.settle()
    terminal.send("2")
    terminal.until("Blue it is.")
    assert "The person answered: blue" in str(scene.chats[1].body)
    terminal.send("\x1b[A")
    terminal.until("› half a thought")


def test_up_on_an_empty_line_takes_the_queued_words_back(play: MakeStage) -> None:
    scene = play({"text": "First.", "wait_for": "go"})
    terminal = scene.ready()
    terminal.send("one\r")
    scene.until_asked(1)
    terminal.send("two\r")
    terminal.until("1 queued")
    terminal.send("\x1b[A")
    terminal.until(lambda: "› two" in terminal.rows)
    assert "queued" not in terminal.last


def test_a_rule_for_the_session_is_asked_for_once(play: MakeStage) -> None:
    scene = play(shell("touch made"), shell("touch made"), {"text": "Twice."})
    terminal = scene.ready()
    terminal.send("go\r")
    terminal.until("a, p save: shell(touch made)")
    terminal.settle()
    terminal.send("a")
    terminal.until("Twice.")
    assert "allowed for the session from now on: shell(touch made)" in terminal.everything
    assert "/permissions revoke" in terminal.everything
    terminal.send("/permissions\r")
    terminal.until("shell(touch made)  (session)")


def test_escape_during_a_stalled_stream_gives_the_prompt_back_with_the_draft(play: MakeStage) -> None:
    scene = play(STALL, {"text": "Fresh."})
    terminal = scene.ready()
    terminal.send("hang\r")
    terminal.until("half an")
    terminal.send("my draft")
    terminal.until("› my draft")
    terminal.send("\x1b")
    terminal.until("Interrupted", 2)
    scene.until_gone(0)
    assert any(row.startswith("› my draft") for row in terminal.rows)
    terminal.send("\r")
    terminal.until("Fresh.")
    assert scene.said(1).endswith("my draft")


def test_escape_ends_the_children_of_a_running_command(play: MakeStage) -> None:
    scene = play(shell("echo $$ > pid; sleep 60"), {"text": "never"})
    terminal = scene.open("--permission-mode", "yolo")
    terminal.until("yolo ·")
    terminal.send("run\r")
    terminal.until(lambda: (scene.root / "pid").exists() and (scene.root / "pid").read_text().strip() != "")
    pid = int((scene.root / "pid").read_text())
    terminal.send("\x1b")
    terminal.until("Interrupted", 3)
    terminal.until(lambda: not Path(f"/proc/{pid}").exists(), 1)


def test_words_typed_during_a_turn_are_queued_and_sent_together_at_its_end(play: MakeStage) -> None:
    scene = play({"text": "First.", "wait_for": "go"}, {"text": "Second."})
    terminal = scene.ready()
    terminal.send("one\r")
    scene.until_asked(1)
    terminal.send("two\r")
    terminal.until("1 queued")
    terminal.send("three\r")
    terminal.until("2 queued")
    scene.release("go")
    terminal.until("Second.")
    assert scene.said(1).endswith("two\n\nthree")
    assert terminal.everything.index("First.") < terminal.everything.index("› two")


def test_an_interrupt_puts_queued_words_back_into_the_line(play: MakeStage) -> None:
    scene = play({"text": "First.", "wait_for": "go"})
    terminal = scene.ready()
    terminal.send("one\r")
    scene.until_asked(1)
    terminal.send("two\r")
    terminal.until("1 queued")
    terminal.send("\x1b")
    terminal.until("Interrupted")
    terminal.until(lambda: any(row.startswith("› two") for row in terminal.rows))
    assert len(scene.chats) == 1


def test_steered_words_are_in_the_very_next_request(play: MakeStage) -> None:
    scene = play({**shell("git status"), "wait_for": "go"}, {"text": "As you said."})
    terminal = scene.ready()
    terminal.send("look\r")
    scene.until_asked(1)
    terminal.send("only the tests\x13")
    terminal.until("⇢ only the tests")
    scene.release("go")
    terminal.until("As you said.")
    assert scene.said(1).endswith("only the tests")


def test_control_c_clears_then_interrupts_then_ends(play: MakeStage) -> None:
    scene = play(STALL)
    terminal = scene.ready()
    terminal.send("hang\r")
    terminal.until("half an")
    terminal.send("draft")
    terminal.until("› draft")
    terminal.send("\x03")
    terminal.until(lambda: "› draft" not in terminal.shown)
    assert "Interrupted" not in terminal.shown
    terminal.send("\x03")
    terminal.until("Interrupted")
    terminal.settle(1.2)
    terminal.send("\x03")
    terminal.until("Ctrl+C again (or Ctrl+D) to exit")
    terminal.send("x\x03")
    terminal.until(lambda: "Ctrl+C again" not in terminal.shown)
    terminal.send("\x03")
    terminal.until("Ctrl+C again")
    assert terminal.code is None
    terminal.send("\x03")
    assert terminal.ended() == 0


def test_help_lists_every_command_and_an_unknown_one_gets_the_nearest_name(play: MakeStage) -> None:
    scene = play()
    terminal = scene.ready(rows=90)
    terminal.send("/help\r")
    terminal.until("Ctrl+S")
    names = ("clear", "context", "copy", "cost", "diff", "editor", "help", "mode", "model", "permissions")
    names += ("quit", "rename", "resume", "sessions")
    assert all(f"/{name} " in terminal.shown for name in names)
    terminal.send("/contxt\r")
    terminal.until("Did you mean /context")
    assert scene.chats == []


def test_the_last_row_and_context_name_the_same_share_of_the_window(play: MakeStage) -> None:
    scene = play({"text": "Noted.", "usage": {"input": 100_000, "output": 9_000}})
    terminal = scene.ready()
    terminal.send("hello\r")
    terminal.until("Noted.")
    terminal.send("/context\r")
    terminal.until("lost 0")
    said = re.search(r"tokens \((\d+)%\)", terminal.shown)
    assert said is not None
    terminal.until(f"{said[1]}% of window")


def test_a_command_of_the_person_is_shown_and_told_to_the_agent(play: MakeStage) -> None:
    scene = play({"text": "I saw it."})
    terminal = scene.ready()
    terminal.send("!echo from-the-shell; exit 3\r")
    terminal.until("(exit 3)")
    terminal.until("  from-the-shell")
    terminal.send("what was it\r")
    terminal.until("I saw it.")
    assert "from-the-shell" in scene.said(0)
    assert "(exit 3)" in scene.said(0)


def test_a_program_that_draws_on_a_terminal_is_not_started_behind_an_exclamation_mark(
    play: MakeStage,
) -> None:
    scene = play({"text": "Here."})
    terminal = scene.ready()
    terminal.send("!true && EDITOR=x /usr/bin/vi x\r")
    terminal.until("vi draws on a terminal")
    terminal.idle()
    terminal.send("!echo vi; echo a=$((1+1))\r")
    terminal.until("a=2")


def test_a_session_begun_with_a_command_is_called_by_it_until_words_come(play: MakeStage) -> None:
    scene = play({"text": "Seen."})
    terminal = scene.ready()
    terminal.send("!echo one\r")
    terminal.until("  one")
    terminal.idle()
    terminal.send("/sessions\r")
    terminal.until("turns  !echo one")
    terminal.send("what was that\r")
    terminal.until("Seen.")
    terminal.idle()
    terminal.send("/sessions\r")
    terminal.until("1 turn   what was that")
    assert "The person ran" not in terminal.everything


def test_a_failing_model_says_so_in_a_line_and_the_words_come_back_with_up(play: MakeStage) -> None:
    scene = play({"fault": "status", "status": 401, "message": "bad key"}, {"text": "Better."})
    terminal = scene.ready()
    terminal.send("remember me\r")
    terminal.until("press Up")
    terminal.until("✗")
    assert "Traceback" not in terminal.text
    terminal.send("\x1b[A")
    terminal.until(lambda: terminal.shown.count("› remember me") == 2)
    terminal.send("\r")
    terminal.until("Better.")
    assert scene.said(1).endswith("remember me")


def test_a_rate_limit_counts_down_and_passes(play: MakeStage) -> None:
    slow = {"fault": "status", "status": 429, "headers": {"retry-after": "2"}, "message": "slow down"}
    scene = play(slow, {"text": "Through."})
    terminal = scene.ready(columns=120)
    terminal.send("hello\r")
    terminal.until("retrying in")
    terminal.until("Through.")


def test_shift_tab_cycles_the_modes(play: MakeStage) -> None:
    scene = play()
    terminal = scene.ready()
    for mode in ("edits", "plan", "ask"):
        terminal.send("\x1b[Z")
        terminal.until(lambda mode=mode: any(row.startswith(f"{mode} ·") for row in terminal.rows))  # type: ignore[misc]


def test_another_session_is_resumed_in_the_same_terminal(play: MakeStage) -> None:
    scene = play({"text": "Noted."}, {"text": "Again."})
    first = scene.ready("-n", "one")
    first.send("remember the number 7\r")
    first.until("Noted.")
    first.send("\x04")
    first.ended()
    terminal = scene.ready()
    terminal.send("/resume nobody\r")
    terminal.until("No session 'nobody'")
    terminal.send("/resume one\r")
    terminal.until("going on with")
    terminal.until("remember the number 7")
    terminal.send("go on\r")
    terminal.until("Again.")
    assert "remember the number 7" in scene.said(1)


def test_a_resumed_session_keeps_its_mode_only_where_it_lets_less_pass(play: MakeStage) -> None:
    scene = play({"text": "Noted."}, {"text": "Noted too."})
    first = scene.ready("-n", "strict", "--permission-mode", "plan")
    first.send("remember\r")
    first.until("Noted.")
    first.send("/quit\r")
    first.ended()
    other = scene.ready("-n", "loose")
    other.send("/mode yolo\r")
    other.until("yolo ·")
    other.send("remember\r")
    other.until("Noted too.")
    other.send("/quit\r")
    other.ended()
    again = scene.ready("-c")
    again.until("this session last ran in yolo")
    assert again.last.startswith("ask ·")
    again.send("/resume strict\r")
    again.until("The mode is plan, as this session last ran")
    again.until("plan ·")
    again.send("/quit\r")
    again.ended()
    named = scene.ready("-r", "strict", "--permission-mode", "edits")
    assert named.last.startswith("edits ·")
    assert "The mode is" not in named.everything


def test_a_mode_that_the_administrator_fixed_cannot_be_changed(play: MakeStage, tmp_path: Path) -> None:
    scene = play()
    (tmp_path / "system").mkdir()
    (tmp_path / "system" / "managed.toml").write_text('[permissions]\nmode = "ask"\n')
    terminal = scene.ready(environ={"LOOMKIN_SYSTEM_CONFIG_DIR": str(tmp_path / "system")})
    terminal.send("/mode yolo\r")
    terminal.until("it stays ask.")
    terminal.send("\x1b[Z")
    terminal.until(lambda: terminal.shown.count("it stays ask.") == 2)
    terminal.idle()
    assert terminal.last.startswith("ask ·")


def test_a_session_in_which_nothing_was_said_is_not_the_one_to_go_on_with(play: MakeStage) -> None:
    scene = play({"text": "Noted."})
    first = scene.ready()
    first.send("remember\r")
    first.until("Noted.")
    first.send("\x04")
    first.ended()
    for _ in range(2):
        idle = scene.ready()
        idle.send("\x04")
        idle.ended()
    again = scene.ready("-c")
    again.until("going on with")
    assert "Noted." in again.shown


def test_without_a_terminal_it_points_to_ask(play: MakeStage) -> None:
    scene = play()
    done = subprocess.run(
        [sys.executable, "-m", "loomkin"], cwd=scene.root, input=b"", capture_output=True, check=False
    )
    assert done.returncode == 2
    assert b"loomkin ask" in done.stderr


def test_a_hook_that_ends_a_session_at_its_start_ends_the_conversation_with_its_reason(
    play: MakeStage,
) -> None:
    scene = play()
    hook = '[[hooks]]\nevent = "SessionStart"\ncommand = "cat no.json"\n'
    (scene.root / ".loomkin.toml").write_text(hook)
    (scene.root / "no.json").write_text('{"continue": false, "stopReason": "not during the freeze"}')
    terminal = scene.open("--trust")
    assert terminal.ended() == 1
    assert "A hook ended the session: not during the freeze" in terminal.text
    assert "Traceback" not in terminal.text


def ran(scene: Stage, *words: str) -> tuple[int, str]:
    """Exit code and standard error of loomkin without a terminal."""
    environ = {**os.environ, **environment(scene.server)}
    call = [sys.executable, "-m", "loomkin", *words]
    done = subprocess.run(call, cwd=scene.root, env=environ, input=b"", capture_output=True, check=False)
    return done.returncode, done.stderr.decode()


def test_a_session_to_go_on_with_is_picked_by_a_key(play: MakeStage) -> None:
    scene = play({"text": "Noted."}, {"text": "Noted."}, {"text": "Third answer."})
    assert [ran(scene, "ask", word)[0] for word in ("walnut", "hazelnut")] == [0, 0]
    terminal = scene.open("-r")
    terminal.until("1-2: go on with it · Enter: with the first · q: leave")
    rows = [row for row in terminal.rows if "nut" in row]
    assert [(row[:1], row.split()[-1]) for row in rows] == [("1", "hazelnut"), ("2", "walnut")]
    terminal.send("\x1b[B\x1b[1;5C7x2")
    terminal.until("going on with")
    terminal.idle()
    terminal.send("which?\r")
    terminal.until("Third answer.")
    assert "walnut" in scene.said(2)
    assert "hazelnut" not in scene.said(2)


def test_the_picker_of_sessions_is_left_with_nothing_begun(play: MakeStage) -> None:
    scene = play({"text": "Noted."})
    assert ran(scene, "ask", "walnut")[0] == 0
    terminal = scene.open("-r")
    terminal.until("q: leave")
    terminal.send("q")
    assert terminal.ended() == 0
    assert len(scene.chats) == 1


def test_a_resume_that_names_no_session_lists_them_where_there_is_no_terminal(play: MakeStage) -> None:
    scene = play({"text": "Noted."})
    none = ran(scene, "-r")
    assert (none[0], "no session in this repository" in none[1]) == (2, True)
    assert ran(scene, "ask", "walnut")[0] == 0
    for words in (("-r",), ("ask", "go on", "--resume", "--quiet"), ("ask", "-r", "", "go on")):
        code, err = ran(scene, *words)
        assert code == 2, words
        assert err.startswith("loomkin: -r names no session."), words
        assert "walnut" in err, words
