"""Repetition is noticed whatever its length, and polling something that changes is none."""

from collections.abc import Sequence

from loomkin.agent.cycles import Cycles, Rung, reminder
from loomkin.records.ids import CallId
from loomkin.records.message import ToolCall, ToolResult


def play(steps: str, results: Sequence[str] = "") -> list[Rung | None]:
    cycles = Cycles()
    found = []
    for number, name in enumerate(steps):
        text = results[number] if results else "same"
        call, result = ToolCall(CallId("c"), name, "{}"), ToolResult(CallId("c"), name, text)
        noticed = cycles.note([call], [result])
        found.append(noticed.rung if noticed else None)
    return found


def test_the_same_step_climbs_the_ladder_once_a_rung():
    assert play("AAAAAAAA") == [None, None, Rung.REMIND, None, Rung.INSIST, None, Rung.STOP, None]


def test_two_steps_in_turn_are_a_cycle():
    rungs = [rung for rung in play("AB" * 7) if rung]
    assert rungs == [Rung.REMIND, Rung.INSIST, Rung.STOP]


def test_four_steps_in_turn_are_a_cycle_and_five_are_not():
    assert Rung.REMIND in play("ABCD" * 3)
    assert set(play("ABCDE" * 3)) == {None}


def test_a_log_that_grows_may_be_polled():
    assert set(play("AAAAAAAA", "12345678")) == {None}


def test_a_run_of_the_same_tests_is_the_same_however_long_it_took():
    texts = [f"<F object at 0x7f{n}a33bd0>: 1 failed in 0.{n}7s; the whole is out{n}" for n in range(7)]
    assert [rung for rung in play("AAAAAAA", texts) if rung] == [Rung.REMIND, Rung.INSIST, Rung.STOP]


def test_a_wait_that_counts_seconds_may_be_polled():
    assert set(play("AAAAAAAA", [f"running for {n} s" for n in range(8)])) == {None}


def test_other_work_between_begins_the_count_anew():
    assert set(play("AABAACAADAA")) == {None}


def test_edits_that_undo_each_other_are_noticed():
    cycles = Cycles()
    pairs = [("1", "2"), ("2", "1"), ("1", "2"), ("2", "1"), ("1", "2")]
    found = [cycles.changed("a.py", before, after) for before, after in pairs]
    assert [one.rung if one else None for one in found] == [None, None, Rung.REMIND, None, Rung.INSIST]
    assert "a.py" in reminder(found[2])  # type: ignore[arg-type]


def test_edits_that_go_on_are_no_repetition():
    cycles = Cycles()
    assert [cycles.changed("a.py", str(n), str(n + 1)) for n in range(9)] == [None] * 9


def test_new_edits_after_a_to_and_fro_are_not_held_against_the_agent():
    cycles = Cycles()
    pairs = [("1", "2"), ("2", "1"), ("1", "2"), ("2", "3"), ("3", "4"), ("4", "5")]
    found = [cycles.changed("a.py", before, after) for before, after in pairs]
    assert [one.rung if one else None for one in found] == [None, None, Rung.REMIND, None, None, None]
