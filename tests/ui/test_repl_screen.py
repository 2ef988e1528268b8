"""What the terminal shows: sizes, scripts, pastes, colours, and what stays in the scrollback."""

import json
import re
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.ui.repl_fixtures import MakeStage, Stage, stage

LONG = "\n\n".join(f"Paragraph {number} says a few words and ends." for number in range(40))


@pytest.fixture
def play(tmp_path: Path) -> Iterator[MakeStage]:
    with ExitStack() as stack:

        def make(*steps: dict[str, Any]) -> Stage:
            root = tmp_path / "repository"
            root.mkdir()
            return stack.enter_context(stage(root, list(steps)))

        yield make


@pytest.mark.parametrize(("columns", "rows"), [(80, 24), (120, 40), (40, 12)])
def test_long_answers_fill_the_scrollback_once_at_any_size(play: MakeStage, columns: int, rows: int) -> None:
    scene = play({"text": LONG, "pieces": 60})
    terminal = scene.ready(columns=columns, rows=rows)
    terminal.send("talk\r")
    terminal.until("Paragraph 39")
    terminal.idle()
    whole = terminal.everything
    assert [whole.count(f"Paragraph {number} says") for number in range(40)] == [1] * 40
    assert [row for row in terminal.rows if row][-1].startswith("ask ·")
    assert all(len(row) <= columns for row in terminal.rows)


def test_a_question_fits_a_small_terminal_with_its_keys(play: MakeStage) -> None:
    content = "".join(f"line {number}\n" for number in range(30))
    scene = play(
        {"calls": [{"name": "file_write", "arguments": {"path": "a.txt", "content": content}}]},
        {"text": "ok"},
    )
    terminal = scene.ready(columns=40, rows=12)
    terminal.send("go\r")
    terminal.until("more lines, Ctrl+E shows all")
    terminal.until("y once")
    terminal.until("n no")
    terminal.send("\x05")
    terminal.until(lambda: "+line 29" in terminal.everything)
    terminal.settle()
    terminal.send("n")
    terminal.until(lambda: len(scene.chats) == 2)


def test_a_resize_in_the_middle_of_an_answer_leaves_one_prompt(play: MakeStage) -> None:
    first = {"calls": [{"name": "shell", "arguments": {"command": "git status"}}], "text": "Looking around."}
    scene = play(first, {"text": "Now the rest of it.", "wait_for": "go"})
    terminal = scene.ready()
    terminal.send("talk\r")
    scene.until_asked(2)
    terminal.resize(60, 20)
    terminal.settle()
    scene.release("go")
    terminal.until("Now the rest of it.")
    terminal.idle()
    assert sum(row.startswith("›") and not row.startswith("› talk") for row in terminal.rows) == 1
    assert terminal.everything.count("Looking around.") == 1


def test_wide_characters_and_emoji_are_typed_and_sent_whole(play: MakeStage) -> None:
    scene = play({"text": "日本語 👩‍💻 done"})
    terminal = scene.ready()
    words = "修正 テスト 👩‍💻🙂 é"
    terminal.send(words)
    terminal.until("テ")
    terminal.send("\x7f\x7fe\r")
    terminal.until(lambda: "done" in terminal.text)
    assert scene.said(0).endswith("修正 テスト 👩‍💻🙂e")
    terminal.until("日")


def test_a_big_paste_is_a_chip_on_the_screen_and_whole_for_the_model(play: MakeStage) -> None:
    scene = play({"text": "Read."})
    terminal = scene.ready()
    pasted = "\r".join(f"row {number}" for number in range(120))
    terminal.send(f"look: \x1b[200~{pasted}\x1b[201~")
    terminal.until("› look: [Pasted text #1, 120 lines]")
    terminal.send("\x7f")
    terminal.until(lambda: "Pasted" not in terminal.shown)
    terminal.send(f"\x1b[200~{pasted}\x1b[201~ thanks\r")
    terminal.until("Read.")
    assert scene.said(0).endswith("look: " + "\n".join(f"row {number}" for number in range(120)) + " thanks")


def test_several_lines_are_typed_with_a_backslash_and_with_alt_enter(play: MakeStage) -> None:
    scene = play({"text": "Read."})
    terminal = scene.ready()
    terminal.send("one\\\r")
    terminal.settle(0.2)
    terminal.send("two\x1b\rthree\nfour\r")
    terminal.until("Read.")
    assert scene.said(0).endswith("one\ntwo\nthree\nfour")


def test_history_is_kept_for_the_project_and_searched(play: MakeStage) -> None:
    scene = play({"text": "A1."}, {"text": "A2."}, {"text": "A3."})
    first = scene.ready()
    first.send("alpha words\r")
    first.until("A1.")
    first.send("beta words\r")
    first.until("A2.")
    first.send("\x04")
    first.ended()
    kept = [json.loads(line) for line in (scene.root / ".loomkin/history").read_text().splitlines()]
    assert kept == ["alpha words", "beta words"]
    assert (scene.root / ".loomkin/history").stat().st_mode & 0o077 == 0
    second = scene.ready()
    second.send("\x1b[A")
    second.until("› beta words")
    second.send("\x03")
    second.until(lambda: "› beta words" not in second.shown)
    second.send("\x12alph")
    second.until("› alpha words")
    second.send("\r")
    second.settle(0.2)
    second.send("\r")
    second.until("A3.")
    assert scene.said(2).endswith("alpha words")


def test_files_and_commands_are_completed_with_tab(play: MakeStage) -> None:
    scene = play({"text": "Read."})
    (scene.root / "deep").mkdir()
    (scene.root / "deep" / "calculator.txt").write_text("seven\n")
    terminal = scene.ready()
    terminal.send("/contex\t")
    terminal.until("› /context")
    terminal.send("\x03")
    terminal.send("see @lculat")
    terminal.until("deep/calculator.txt")
    terminal.send("\t")
    terminal.until("› see @deep/calculator.txt")
    terminal.send("\r")
    terminal.until("Read.")
    assert "seven" in scene.said(0)


def test_enter_takes_a_completion_that_arrows_chose_and_sends_one_that_tab_wrote(play: MakeStage) -> None:
    scene = play({"text": "Read it."})
    (scene.root / "test_calc.py").write_text("nothing\n")
    terminal = scene.ready()
    terminal.send("see @calc")
    terminal.until("  test_calc.py")
    terminal.send("\x1b[B")
    terminal.until("› see @calc.py")
    terminal.send("\r")
    terminal.until(lambda: "  test_calc.py" not in terminal.shown)
    assert scene.chats == []
    terminal.send("\x03see @calc")
    terminal.until("  test_calc.py")
    terminal.send("\t")
    terminal.until("› see @calc.py")
    terminal.send("\r")
    terminal.until("Read it.")
    assert "def mean" in scene.said(0)


def test_the_question_mark_shows_the_keys_on_an_empty_line_only(play: MakeStage) -> None:
    terminal = play().ready(rows=40)
    terminal.send("?")
    terminal.until("steer: the words")
    terminal.send("w")
    terminal.until(lambda: "steer: the words" not in terminal.shown)
    terminal.send("hy?")
    terminal.until("› why?")


def test_the_editor_gets_the_draft_and_gives_it_back(play: MakeStage, tmp_path: Path) -> None:
    editor = tmp_path / "editor"
    editor.write_text('#!/bin/sh\nprintf "%s, edited" "$(cat "$1")" > "$1.new" && mv "$1.new" "$1"\n')
    editor.chmod(0o755)
    scene = play()
    terminal = scene.ready(environ={"EDITOR": str(editor)})
    terminal.send("my draft\x07")
    terminal.until("› my draft, edited")


def test_an_answer_is_copied_through_the_terminal(play: MakeStage) -> None:
    scene = play({"text": "Copy this."})
    terminal = scene.ready()
    terminal.send("say\r")
    terminal.until("Copy this.")
    terminal.send("/copy\r")
    terminal.until("Copied 10 characters.")
    assert b"\x1b]52;c;Q29weSB0aGlzLg==\x07" in terminal.raw
    assert (scene.root / ".loomkin/copied.txt").read_text() == "Copy this."


def test_no_color_means_none(play: MakeStage) -> None:
    scene = play({"text": "# Title\n\nSome `code` here."})
    terminal = scene.ready(environ={"NO_COLOR": "1"})
    terminal.send("say\r")
    terminal.until("here.")
    terminal.settle()
    codes = {code for found in re.findall(rb"\x1b\[([0-9;]*)m", terminal.raw) for code in found.split(b";")}
    assert not {code for code in codes if code[:1] in (b"3", b"4", b"9") and len(code) > 1}


def test_a_dumb_terminal_gets_lines_and_no_escapes(play: MakeStage) -> None:
    write = {"calls": [{"name": "file_write", "arguments": {"path": "a.txt", "content": "x\n"}}]}
    scene = play(write, {"text": "**Finished** with it."})
    terminal = scene.open(environ={"TERM": "dumb"})
    terminal.until(lambda: terminal.last == ">")
    terminal.send("go\r")
    terminal.until("y once")
    terminal.settle()
    terminal.send("please stay\r")
    terminal.until(lambda: terminal.everything.count("y once") == 2)
    terminal.settle()
    terminal.send("y\r")
    terminal.until("Finished with it.")
    assert (scene.root / "a.txt").read_text() == "x\n"
    terminal.send("/quit\r")
    assert terminal.ended() == 0
    assert b"\x1b" not in terminal.raw


def test_escape_sequences_of_a_model_do_not_reach_the_terminal(play: MakeStage) -> None:
    scene = play({"text": "before \x1b[2J\x1b]0;title\x07 after"})
    terminal = scene.ready()
    terminal.send("say\r")
    terminal.until("after")
    terminal.settle()
    assert b"\x1b[2J" not in terminal.raw
    assert b"title" not in terminal.raw


def test_streaming_writes_little_and_keys_are_echoed_meanwhile(play: MakeStage) -> None:
    words = " ".join(f"word{number}" for number in range(400))
    scene = play(
        {"text": words, "pieces": 200}, {"fault": "stall", "text": words, "pieces": 200, "events": 100}
    )
    terminal = scene.ready()
    terminal.send("talk\r")
    terminal.until("word399")
    terminal.idle()
    terminal.send("again\r")
    scene.until_asked(2)
    terminal.settle(0.5)
    before, begun = len(terminal.raw), time.monotonic()
    terminal.settle(1.0)
    assert (len(terminal.raw) - before) / (time.monotonic() - begun) < 20_000
    for letter in "xyzw":
        terminal.send(letter)
        terminal.until(
            lambda letter=letter: any(  # type: ignore[misc]
                row.startswith("›") and row.endswith(letter) for row in terminal.rows
            ),
            1,
        )


@pytest.mark.parametrize(("key", "kept"), [("y", True), ("n", False)])
def test_a_folder_with_settings_of_its_own_asks_once_for_trust(play: MakeStage, key: str, kept: bool) -> None:
    scene = play()
    (scene.root / ".loomkin.toml").write_text('[permissions]\nallow = ["shell(make *)"]\n')
    terminal = scene.open()
    terminal.until("Trust this folder?")
    terminal.until("permissions.allow")
    terminal.send(key)
    terminal.until(lambda: terminal.last.startswith("ask"))
    terminal.send("/permissions\r")
    terminal.until("no grants")
    assert ("shell(make *)" in terminal.shown.rpartition("/permissions")[2]) is kept
    terminal.send("\x04")
    terminal.ended()
    if kept:
        again = scene.ready()
        assert "Trust this folder?" not in again.text


def test_without_a_model_it_says_what_to_do_and_ends_with_41(play: MakeStage) -> None:
    scene = play()
    nothing = {
        "LOOMKIN_MODEL": "",
        "OPENAI_API_KEY": "",
        "OPENAI_BASE_URL": "",
        "OLLAMA_HOST": "http://127.0.0.1:9",
    }
    terminal = scene.open("--offline", environ=nothing)
    terminal.until("›")
    terminal.send("typed ahead")
    assert terminal.ended() == 41
    assert "model" in terminal.text
    assert "Not sent: typed ahead" in terminal.text


def test_a_dumb_terminal_shows_all_that_waits_and_takes_answers_in_any_order(play: MakeStage) -> None:
    questions = (("Which colour?", ["red", "blue"]), ("Which size?", ["large", "small"]))
    calls = [
        {"name": "ask_person", "arguments": {"question": question, "options": options}}
        for question, options in questions
    ]
    scene = play({"calls": calls}, {"text": "Understood."})
    terminal = scene.open(environ={"TERM": "dumb"})
    terminal.until(lambda: terminal.last == ">")
    terminal.send("go\r")
    terminal.until("Which colour?")
    terminal.settle()
    terminal.send("\r")
    terminal.until("│ coder asks [2 waiting]")
    terminal.until("next (an empty line): coder: asks: Which colour?")
    terminal.settle()
    terminal.send("1\r")
    terminal.until(lambda: terminal.everything.count("│ 1 red") == 2)
    terminal.settle()
    terminal.send("2\r")
    terminal.until("Understood.")
    results = [one["content"] for one in scene.chats[1].body["messages"] if one["role"] == "tool"]
    assert results == ["The person answered: blue", "The person answered: large"]
