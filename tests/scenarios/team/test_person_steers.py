"""The person steers one agent of a team on a real terminal, and nobody else stops for it."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.scenarios.conftest import call
from tests.ui.repl_fixtures import Stage, stage
from tests.ui.repl_terminal import Terminal

pytestmark = pytest.mark.timeout(60)
READ = call("file_read", path="calc.py")


def spawn(role: str, work: str = "Look at calc.py.") -> dict[str, Any]:
    return call("team_spawn", role=role, work=work)


@pytest.fixture
def play(tmp_path: Path) -> Iterator[Any]:
    with ExitStack() as stack:

        def make(**script: list[dict[str, Any]]) -> Stage:
            root = tmp_path / "repository"
            root.mkdir()
            return stack.enter_context(stage(root, dict(script)))

        yield make


def at_work(scene: Stage, **options: Any) -> Terminal:
    words = ("--team", "default", "--allowed-tools", "team_spawn", "--set", "team.orient=false")
    terminal = scene.ready(*words, **options)
    terminal.send("go\r")
    return terminal


@pytest.mark.feature("A2")
def test_words_for_a_busy_agent_are_in_its_very_next_request(play: Any) -> None:
    scene = play(
        concierge=[{"calls": [spawn("coder")]}, {"text": "Under way."}, {"text": "All is done."}],
        coder=[{"calls": [READ], "wait_for": "sent"}, {"text": "I left it alone."}],
    )
    terminal = at_work(scene)
    scene.until_agent("coder", 1)
    terminal.until("Under way.")
    terminal.until(lambda: re.search(r"● coder  thinking  step 1", terminal.shown) is not None)
    terminal.send("@coder Leave double() alone.\r")
    terminal.until("queued for coder (thinking)")
    scene.release("sent")
    terminal.until("All is done.")
    first, second = scene.of("coder")
    assert "Leave double() alone." not in first
    assert "Leave double() alone." in second
    assert "I left it alone." in scene.of("concierge")[-1]
    terminal.until(lambda: "● concierge" in terminal.shown)


@pytest.mark.feature("A2")
def test_words_for_an_idle_agent_wake_it_and_its_answer_comes_to_the_person(play: Any) -> None:
    scene = play(
        concierge=[{"calls": [spawn("coder")]}, {"text": "Under way."}, {"text": "All is done."}],
        coder=[{"text": "It adds one."}, {"text": "In line 2, as I said."}],
    )
    terminal = at_work(scene)
    terminal.until("All is done.")
    terminal.send("/tell coder Which line?\r")
    terminal.until("In line 2, as I said.")
    terminal.until("[coder]")
    assert "Which line?" in scene.of("coder")[1]
    assert len(scene.of("concierge")) == 3


@pytest.mark.feature("A2")
def test_pausing_one_agent_does_not_stop_the_others(play: Any) -> None:
    scene = play(
        concierge=[
            {"calls": [spawn("coder"), spawn("tester")]},
            {"text": "Under way."},
            {"text": "The tester is done."},
            {"text": "The coder, too."},
        ],
        coder=[{"calls": [READ], "wait_for": "held"}, {"text": "Coded."}],
        tester=[{"calls": [READ], "wait_for": "held"}, {"calls": [READ]}, {"text": "Tested."}],
    )
    terminal = at_work(scene)
    scene.until_agent("coder", 1)
    scene.until_agent("tester", 1)
    terminal.until("Under way.")
    terminal.send("/pause coder\r")
    terminal.until("Held before the next step: coder")
    scene.release("held")
    terminal.until("The tester is done.")
    assert len(scene.of("coder")) == 1
    terminal.until(lambda: "● coder  paused" in terminal.shown)
    terminal.send("/unpause coder\r")
    terminal.until("The coder, too.")
    assert len(scene.of("coder")) == 2


@pytest.mark.feature("B2")
def test_what_the_person_edits_and_deletes_in_a_queue_changes_what_is_read(play: Any) -> None:
    scene = play(
        concierge=[{"calls": [spawn("coder")]}, {"text": "Under way."}, {"text": "All is done."}],
        coder=[{"text": "Coded."}, {"text": "Understood all of it."}],
    )
    terminal = at_work(scene)
    terminal.until("All is done.")
    terminal.send("/pause coder\r")
    terminal.until("Held before the next step: coder")
    for number, word in enumerate(("first", "second", "third"), 1):
        terminal.send(f"/tell coder {word} words\r")
        terminal.until(lambda number=number: terminal.everything.count("queued for coder") == number)
    terminal.send("/queue coder\r")
    terminal.until(lambda: terminal.shown.count(" urgent ") == 3)
    ids = re.findall(r"^ +(m\d+) +urgent control from person: (\w+) words", terminal.shown, re.M)
    by_word = {word: letter for letter, word in ids}
    assert list(by_word) == ["first", "second", "third"]
    terminal.send(f"/queue edit {by_word['second']} changed words\r")
    terminal.until("now says: changed words")
    terminal.send(f"/queue delete {by_word['first']}\r")
    terminal.until("it will not be read")
    terminal.send(f"/queue move {by_word['third']} 1\r")
    terminal.until(lambda: terminal.shown.rfind("third words") < terminal.shown.rfind(": changed words"))
    terminal.until(lambda: "2 in its queue" in terminal.shown)
    assert len(scene.of("coder")) == 1, "it is held"
    terminal.send("/unpause coder\r")
    terminal.until("Understood all of it.")
    heard = scene.of("coder")[1]
    assert "first words" not in heard
    assert "second words" not in heard
    assert 0 < heard.index("third words") < heard.index("changed words")


def waits_for_the_person(scene: Stage) -> dict[str, str]:
    """Who waits for the person and for what, as another process sees it."""
    words = [sys.executable, "-m", "loomkin", "ps", "--json"]
    done = subprocess.run(words, cwd=scene.root, capture_output=True, text=True, check=True)
    (one,) = json.loads(done.stdout)["sessions"]
    waits = [agent for agent in one["agents"] if agent["state"] == "waiting_person"]
    return {agent["agent"]: agent["detail"] for agent in waits}


@pytest.mark.feature("A13")
def test_several_agents_ask_at_once_and_are_answered_in_any_order(play: Any) -> None:
    scene = play(
        concierge=[
            {"calls": [spawn("coder"), spawn("tester")]},
            {"text": "Under way."},
            {"text": "One is done."},
            {"text": "Both are done."},
        ],
        coder=[{"calls": [call("shell", command="touch by-coder")]}, {"text": "Coded."}],
        tester=[
            {"calls": [call("shell", command="touch by-tester")], "wait_for": "second"},
            {"text": "Tested."},
        ],
    )
    terminal = at_work(scene, rows=40)
    terminal.until("coder wants: shell")
    terminal.until(lambda: "coder  waits for you" in terminal.shown)
    scene.release("second")
    terminal.until("[2 waiting]")
    terminal.until("next (Ctrl+N): tester: wants shell touch by-tester")
    assert waits_for_the_person(scene) == {"coder": "shell touch by-coder", "tester": "shell touch by-tester"}
    terminal.send("\x0e")
    terminal.until("tester wants: shell")
    terminal.settle()
    terminal.send("y")
    terminal.until("One is done.")
    assert (scene.root / "by-tester").exists()
    assert not (scene.root / "by-coder").exists()
    terminal.until("coder  waits for you")
    terminal.until("coder wants: shell")
    terminal.settle()
    terminal.send("n")
    terminal.until("Both are done.")
    assert not (scene.root / "by-coder").exists()
    assert "the person declined" in scene.of("coder")[1]


@pytest.mark.feature("A2")
def test_stopping_one_agent_tells_who_asked_for_it_and_others_go_on(play: Any) -> None:
    scene = play(
        concierge=[
            {"calls": [spawn("coder"), spawn("tester")]},
            {"text": "Under way."},
            {"text": "The coder is gone."},
            {"text": "Tests are there."},
        ],
        coder=[{"text": "never", "wait_for": "never"}],
        tester=[{"text": "Tested.", "wait_for": "later"}],
    )
    terminal = at_work(scene)
    scene.until_agent("coder", 1)
    scene.until_agent("tester", 1)
    terminal.until("Under way.")
    terminal.send("/stop coder\r")
    terminal.until("The coder is gone.")
    assert "coder was stopped: stopped by the person" in scene.of("concierge")[2]
    scene.release("later")
    terminal.until("Tests are there.")
    terminal.until(lambda: "● coder" not in terminal.shown)


@pytest.mark.feature("A2")
def test_esc_stops_the_own_agent_alone_and_twice_the_whole_team(play: Any) -> None:
    scene = play(
        concierge=[
            {"calls": [spawn("coder"), spawn("tester")]},
            {"text": "never", "wait_for": "never"},
            {"text": "Here I am again."},
        ],
        coder=[{"calls": [READ], "wait_for": "one"}, {"text": "never", "wait_for": "never"}],
        tester=[{"text": "never", "wait_for": "never"}],
    )
    terminal = at_work(scene)
    scene.until_agent("concierge", 2)
    scene.until_agent("tester", 1)
    scene.until_agent("coder", 1)
    terminal.send("\x1b")
    terminal.until("Interrupted. What was done so far stays. Teammates go on")
    scene.release("one")
    scene.until_agent("coder", 2)
    terminal.settle(1.2)
    terminal.send("\x1b")
    terminal.until("Esc again within a second")
    terminal.send("\x1b")
    terminal.until("Stopped the turns of coder, tester; held")
    terminal.until(lambda: terminal.shown.count("  paused") == 2)
    assert len(scene.of("concierge")) == 2, "nobody is woken by it"
    terminal.send("what now?\r")
    terminal.until("Here I am again.")
    assert "The person stopped the turns of coder, tester" in scene.of("concierge")[2]
    terminal.until(lambda: terminal.shown.count("  idle") == 3)
    assert (len(scene.of("coder")), len(scene.of("tester"))) == (2, 1)


@pytest.mark.feature("A13")
def test_esc_on_the_question_of_a_teammate_declines_that_one_alone(play: Any) -> None:
    scene = play(
        concierge=[
            {"calls": [spawn("coder"), spawn("tester")]},
            {"calls": [READ], "wait_for": "later"},
            {"text": "All is done."},
        ],
        coder=[{"calls": [call("shell", command="touch by-coder")]}, {"text": "Not done."}],
        tester=[{"text": "Tested.", "wait_for": "later"}],
    )
    terminal = at_work(scene, rows=40)
    scene.until_agent("concierge", 2)
    scene.until_agent("tester", 1)
    terminal.until("coder wants: shell")
    terminal.settle()
    terminal.send("\x1b")
    scene.until_agent("coder", 2)
    assert "Not permitted: the person declined" in scene.of("coder")[1]
    scene.release("later")
    terminal.until("All is done.")
    assert "Interrupted" not in terminal.everything
    assert not (scene.root / "by-coder").exists()


@pytest.mark.feature("A13")
def test_the_person_hires_an_agent_of_their_own_and_looks_at_its_stream(play: Any) -> None:
    scene = play(
        concierge=[],
        researcher=[
            {"text": "I look at it first.", "calls": [READ], "wait_for": "go"},
            {"text": "It adds one."},
        ],
        coder=[],
    )
    terminal = scene.ready("--set", "team.orient=false")
    terminal.send("/spawn researcher What does mean() do?\r")
    terminal.until("researcher is at work.")
    terminal.send("/focus researcher\r")
    terminal.until("You see what researcher says and does.")
    scene.release("go")
    terminal.until("It adds one.")
    assert "I look at it first." in terminal.everything
    assert "[researcher]" in terminal.everything
    assert terminal.everything.count("It adds one.") == 1
    terminal.send("/team\r")
    terminal.until(
        lambda: re.search(r"researcher: idle for \d+ s · 2 steps", terminal.everything) is not None
    )
