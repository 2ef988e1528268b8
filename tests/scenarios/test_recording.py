"""What a session leaves in the decision graph by itself: what is proved, and nothing else."""

import sys
from typing import Any

import pytest

from tests.scenarios.conftest import Bench, call

YOLO = ("--permission-mode", "yolo")
CHECK = f"{sys.executable} -B -m unittest -q check_calc"
TEST = """\
from unittest import TestCase

from calc import mean


class Mean(TestCase):
    def test_of_three(self):
        assert mean([1, 2, 3]) == 2
"""
MEND = call("file_edit", path="calc.py", old=" + 1", new="")
READ = {"calls": [call("file_read", path="calc.py")]}
GOAL = {"calls": [call("decision_log", kind="goal", title="A right mean")]}
DECIDE = call("decision_log", kind="decision", title="Divide by the count", parent="d1", confidence=90)


async def nodes(bench: Bench) -> dict[str, dict[str, Any]]:
    """The graph's nodes by title."""
    shown = await bench.run("graph", "show", "--json")
    assert shown.code == 0, shown.err
    return {node["title"]: node for node in shown.json["nodes"]} if shown.out.startswith("{") else {}


async def edges(bench: Bench) -> set[tuple[str, str, str]]:
    """The graph's edges."""
    found = (await bench.run("graph", "show", "--json")).json["edges"]
    return {(edge["from"], edge["type"], edge["to"]) for edge in found}


@pytest.fixture(autouse=True)
def quick_test(bench: Bench) -> None:
    """A test that runs in no time."""
    bench.write("check_calc.py", TEST)
    bench.git("add", ".")
    bench.git("commit", "-qm", "A test")


@pytest.mark.feature("C3")
async def test_a_session_that_only_reads_leaves_nothing(bench: Bench) -> None:
    look = {"calls": [call("shell", command="git log -1"), call("content_search", pattern="no such word")]}
    async with bench.model(READ, look, {"text": "Seen."}, {"text": "I meant that, too."}):
        assert (await bench.run("ask", "look around", *YOLO)).err == ""
        assert (await bench.run("ask", "-c", "no, the other one", *YOLO)).err == ""
    assert await nodes(bench) == {}


@pytest.mark.feature("C3")
async def test_what_records_is_loaded_only_where_there_is_something_to_record(bench: Bench) -> None:
    async with bench.model(READ, {"text": "Seen."}):
        ended = await bench.run("ask", "look around", *YOLO, environ={"PYTHONPROFILEIMPORTTIME": "1"})
    loaded = {line.rpartition("|")[2].strip() for line in ended.err.splitlines()}
    assert "loomkin.workspace.recording" in loaded
    assert [name for name in loaded if name.startswith("loomkin.provenance")] == []


@pytest.mark.feature("C3")
async def test_a_check_after_an_edit_is_an_outcome_of_the_decision_and_is_kept_once(bench: Bench) -> None:
    check = {"calls": [call("shell", command=CHECK)]}
    again = {"calls": [call("file_edit", path="calc.py", old="value * 2", new="2 * value")]}
    script = (
        GOAL,
        {"calls": [DECIDE]},
        READ,
        {"calls": [MEND]},
        check,
        {"text": "Mended."},
        again,
        check,
        {"text": "So."},
    )
    async with bench.model(*script):
        assert (await bench.run("ask", "mend the mean", *YOLO)).err == ""
        assert (await bench.run("ask", "-c", "and the other way round", *YOLO)).err == ""
    found = await nodes(bench)
    assert len(found) == 3
    outcome = found[f"{CHECK} passes"]
    assert (outcome["kind"], outcome["author"], outcome["failed"]) == ("outcome", "automatic", False)
    assert outcome["description"].startswith(f"`{CHECK}`: exit code 0")
    assert outcome["prompt"] == "mend the mean"
    assert (found["Divide by the count"]["id"], "leads_to", outcome["id"]) in await edges(bench)
    checked = await bench.run("sessions", "check")
    assert (checked.err, checked.out) == ("", "All tables are what the log says.\n")


@pytest.mark.feature("C3")
async def test_a_check_that_fails_puts_what_rests_on_the_decision_in_doubt_until_it_passes(
    bench: Bench,
) -> None:
    rests = call("decision_log", kind="action", title="Write the report", parent="d2", edge="requires")
    wrong = call("file_edit", path="calc.py", old=" + 1", new=" + 2")
    right = call("file_edit", path="calc.py", old=" + 2", new="")
    check = {"calls": [call("shell", command=CHECK)]}
    script = (
        GOAL, {"calls": [DECIDE]}, {"calls": [rests]}, READ, {"calls": [wrong]}, check, {"text": "Red."},
        {"calls": [right]}, check, {"text": "Green."},
    )  # fmt: skip
    async with bench.model(*script):
        assert (await bench.run("ask", "mend the mean", *YOLO)).err == ""
        failed = (await nodes(bench))[f"{CHECK} fails"]
        assert failed["failed"] is True
        assert failed["description"].startswith(f"`{CHECK}`: exit code 1")
        assert "Write the report rests on" in (await bench.run("graph", "show", "--doubts")).out
        assert (await bench.run("ask", "-c", "go on", *YOLO)).err == ""
    assert (await nodes(bench))[f"{CHECK} passes"]["failed"] is False
    assert (await bench.run("graph", "show", "--doubts")).out == "Nothing is in doubt.\n"


@pytest.mark.feature("C3")
async def test_a_commit_through_the_shell_is_an_action_that_an_amendment_changes(bench: Bench) -> None:
    first = {"calls": [call("shell", command="git commit -qam 'Mend the mean'")]}
    more = {"calls": [call("shell", command="git commit -q --amend -m 'Mend mean()'")]}
    async with bench.model(READ, {"calls": [MEND]}, first, more, {"text": "Done."}):
        assert (await bench.run("ask", "mend and commit", *YOLO)).err == ""
    found = await nodes(bench)
    assert list(found) == ["Commit: Mend mean()"]
    node = found["Commit: Mend mean()"]
    assert (node["commit"], node["files"]) == (bench.git("rev-parse", "HEAD").strip(), ["calc.py"])


@pytest.mark.feature("C3")
async def test_undo_and_the_story_pass_over_what_was_recorded_automatically(bench: Bench) -> None:
    await bench.run("graph", "add", "goal", "By hand")
    steer = {"calls": [MEND, call("shell", command=CHECK)]}
    async with bench.model(READ, steer, {"text": "Done."}, {"text": "Sorry."}):
        assert (await bench.run("ask", "mend it", *YOLO)).err == ""
        assert (await bench.run("ask", "-c", "No, use statistics.mean", *YOLO)).err == ""
    found = await nodes(bench)
    assert found["The person: No, use statistics.mean"]["description"] == "No, use statistics.mean"
    written = (await bench.run("graph", "writeup")).out
    assert f"## Evidence\n- [x] `{CHECK}`: exit code 0, by coder, " in written
    story = (await bench.run("graph", "narrative")).out
    assert "statistics.mean" not in story
    assert f"{CHECK} passes" in story
    whole = (await bench.run("graph", "narrative", "--all")).out
    assert "The person: No, use statistics.mean" in whole
    assert {line for line in story.splitlines() if line[:1].isdigit()} < set(whole.splitlines())
    assert "(By hand) was added by person" in (await bench.run("graph", "undo")).out
