"""A turn ends in one way, said in the log, and whoever steers or hooks into it is heard."""

import json
from pathlib import Path

from loomkin.agent.turn import Outcome
from loomkin.config.settings import HookSettings
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
    assert end.error is not None and "enough" in end.error.message
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
