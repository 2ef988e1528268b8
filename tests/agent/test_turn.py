"""A turn ends in one way, said in the log, and whoever steers or hooks into it is heard."""

import json
from pathlib import Path

import pytest

from loomkin.agent.turn import Outcome
from loomkin.config.settings import HookSettings
from loomkin.errors import ReplayDivergence
from loomkin.records.event import NoticeGiven, TurnEnded
from tests.agent.seat import look, seated


async def test_a_hook_ends_the_run_before_a_call_and_every_call_has_its_result(tmp_path: Path):
    (tmp_path / "say.json").write_text(
        json.dumps({"continue": False, "stopReason": "enough", "systemMessage": "a word for you"})
    )
    hooks = [HookSettings("PreToolUse", "cat say.json")]
    async with seated(tmp_path, look("a", "b"), {"text": "never asked for"}, hooks=hooks) as seat:
        end = await seat.ask("go")
    assert end.outcome is Outcome.BLOCKED
    assert "enough" in str(end.error)
    assert len(seat.results) == 2
    assert all("had no effect" in text for text in seat.results)
    assert "a word for you" in {notice.text for notice in seat.log.of(NoticeGiven)}
    assert [fact.outcome for fact in seat.log.of(TurnEnded)] == ["blocked"]


async def test_a_hook_ends_the_run_after_a_call_whose_result_stays(tmp_path: Path):
    (tmp_path / "say.json").write_text(json.dumps({"continue": False}))
    hooks = [HookSettings("PostToolUse", "cat say.json")]
    async with seated(tmp_path, look("a"), {"text": "never asked for"}, hooks=hooks) as seat:
        end = await seat.ask("go")
    assert (end.outcome, end.steps) == (Outcome.BLOCKED, 1)
    assert seat.results == ["saw a"]


async def test_a_stop_hook_knows_the_session_and_may_end_the_run_it_objects_to(tmp_path: Path):
    (tmp_path / "say.json").write_text(
        json.dumps({"continue": False, "decision": "block", "reason": "not yet"})
    )
    hooks = [HookSettings("Stop", "cat > told.json; cat say.json")]
    async with seated(tmp_path, {"text": "done"}, hooks=hooks) as seat:
        end = await seat.ask("go")
    assert end.outcome is Outcome.DONE
    told = json.loads((tmp_path / "told.json").read_text())
    assert (told["session_id"], told["permission_mode"]) == ("s", "yolo")


async def test_an_empty_answer_is_forgiven_once_the_agent_has_worked_again(tmp_path: Path):
    script = ({"text": ""}, look("a"), {"text": " "}, {"text": "done"})
    async with seated(tmp_path, *script) as seat:
        end = await seat.ask("go")
    assert (end.outcome, end.text) == (Outcome.DONE, "done")


async def test_two_empty_answers_in_a_row_end_the_turn(tmp_path: Path):
    async with seated(tmp_path, look("a"), {"text": ""}, {"text": " "}) as seat:
        end = await seat.ask("go")
    assert end.outcome is Outcome.FAILED


async def test_what_is_said_while_the_answer_is_looked_at_is_heard_in_the_same_turn(tmp_path: Path):
    async with seated(tmp_path, {"text": "one"}, {"text": "two", "match": "also that"}) as seat:

        async def check(text: str) -> str:
            if text == "one":
                seat.agent.steering.say("also that")
            return ""

        end = await seat.ask("go", check)
    assert (end.outcome, end.text) == (Outcome.DONE, "two")
    assert seat.agent.steering.waiting == ()


async def test_a_turn_that_an_error_ends_is_not_called_cancelled(tmp_path: Path):
    async def check(text: str) -> str:
        raise ReplayDivergence("Something else was asked.")

    async with seated(tmp_path, look("a"), {"text": "done"}) as seat:
        with pytest.raises(ReplayDivergence):
            await seat.ask("go", check)
    ended = seat.log.of(TurnEnded)[-1]
    assert (ended.outcome, ended.steps) == ("failed", 2)


async def test_only_the_turns_own_time_counts_as_its_limit(tmp_path: Path):
    async def check(text: str) -> str:
        raise TimeoutError("a disk that does not answer")

    async with seated(tmp_path, {"text": "done"}) as seat:
        with pytest.raises(TimeoutError, match="a disk"):
            await seat.ask("go", check, seconds=60.0)
    assert [fact.outcome for fact in seat.log.of(TurnEnded)] == ["failed"]


async def test_a_turn_whose_time_is_up_ends_with_what_was_said_and_valid_history(tmp_path: Path):
    stalled = {"text": "half a", "fault": "stall", "events": 3}
    async with seated(tmp_path, {"text": "I look.", **look("a")}, stalled) as seat:
        end = await seat.ask("go", seconds=0.3)
    assert (end.outcome, end.limit, end.text) == (Outcome.LIMIT_REACHED, "time", "I look.")
    assert seat.results == ["saw a"]


async def test_an_answer_that_the_content_filter_cut_runs_no_half_call(tmp_path: Path):
    half = {"calls": [{"name": "look", "raw": '{"path": "a"'}], "finish": "content_filter"}
    async with seated(tmp_path, half, {"text": "done"}) as seat:
        await seat.ask("go")
    assert len(seat.results) == 1
    assert "saw" not in seat.results[0]


async def test_an_answer_cut_off_by_the_output_limit_goes_on(tmp_path: Path):
    cut = {"text": "The first half, ", "finish": "length"}
    async with seated(tmp_path, cut, {"text": "and the second."}) as seat:
        end = await seat.ask("go")
        heard = seat.agent.transcript.messages[-2].text
    assert (end.outcome, end.text) == (Outcome.DONE, "The first half, and the second.")
    assert "cut off" in heard


async def test_an_answer_that_is_always_cut_off_is_no_success(tmp_path: Path):
    async with seated(tmp_path, {"text": "more, ", "finish": "length", "repeat": True}) as seat:
        end = await seat.ask("go")
    assert (end.outcome, end.steps) == (Outcome.FAILED, 3)
    assert end.text == "more, more, more, "


async def test_words_that_the_content_filter_cut_are_no_answer(tmp_path: Path):
    async with seated(tmp_path, {"text": "First we", "finish": "content_filter"}) as seat:
        end = await seat.ask("go")
    assert end.outcome is Outcome.FAILED
    assert "withheld the rest" in str(end.error)
