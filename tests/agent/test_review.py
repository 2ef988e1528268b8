"""A paused agent's planned calls are changed and left out, and each still gets its one result."""

import asyncio
from pathlib import Path

import pytest

from loomkin.errors import NotFoundError
from loomkin.records.event import CallFinished, MessageAdded, StateChanged
from loomkin.records.message import Role
from tests.agent.seat import Seat, look, seated


async def paused_with_a_plan(seat: Seat) -> None:
    """Let the model plan while the agent is to pause, and wait until the plan is there."""
    await seat.server.until(lambda entries: len(entries) == 1)
    seat.agent.steering.pause()
    seat.server.release("go")
    while not any(fact.message.role is Role.ASSISTANT for fact in seat.log.of(MessageAdded)):
        await seat.log.until(MessageAdded, len(seat.log.of(MessageAdded)) + 1)
    while not any(fact.state == "in_tool" for fact in seat.log.of(StateChanged)):
        await seat.log.until(StateChanged, len(seat.log.of(StateChanged)) + 1)


@pytest.mark.feature("A2")
async def test_of_three_planned_calls_one_is_changed_one_left_out_and_each_has_a_result(
    tmp_path: Path,
) -> None:
    script = ({**look("a.py", "b.py", "c.py"), "wait_for": "go"}, {"text": "Seen."})
    async with seated(tmp_path, *script) as seat, asyncio.TaskGroup() as group:
        turn = group.create_task(seat.ask("Look."))
        await paused_with_a_plan(seat)
        review = seat.agent.steering.review
        assert [line.split()[1] for line in review.lines] == ["look", "look", "look"]
        assert seat.results == []
        assert review.edit(2, '{"path": "z.py"}').startswith("look: The person changed the arguments")
        assert "Skipped by the person: not that one" in review.skip(3, "not that one")
        assert "z.py" in review.lines[1]
        with pytest.raises(NotFoundError, match="Planned and not begun: 3"):
            review.skip(4, "")
        seat.agent.steering.resume()
        end = await turn
        assert end.text == "Seen."
        assert len(seat.results) == 3
        assert "saw a.py" in seat.results
        assert any("saw z.py" in text and "changed the arguments" in text for text in seat.results)
        assert any("not that one" in text for text in seat.results)
        assert sorted(fact.state for fact in seat.log.of(CallFinished)) == ["ok", "ok", "skipped"]
        assert review.lines == ()


async def test_a_cancelled_agent_that_was_paused_still_answers_every_planned_call(tmp_path: Path) -> None:
    script = ({**look("a.py", "b.py"), "wait_for": "go"}, {"text": "Seen."})
    async with seated(tmp_path, *script) as seat, asyncio.TaskGroup() as group:
        turn = group.create_task(seat.ask("Look."))
        await paused_with_a_plan(seat)
        turn.cancel()
        await asyncio.wait([turn])
        assert len(seat.results) == 2
        assert {fact.state for fact in seat.log.of(CallFinished)} == {"cancelled"}


async def test_arguments_that_do_not_fit_are_refused_like_the_models_own(tmp_path: Path) -> None:
    script = ({**look("a.py"), "wait_for": "go"}, {"text": "Seen."})
    async with seated(tmp_path, *script) as seat, asyncio.TaskGroup() as group:
        turn = group.create_task(seat.ask("Look."))
        await paused_with_a_plan(seat)
        seat.agent.steering.review.edit(1, '{"pth": 3}')
        seat.agent.steering.resume()
        await turn
        assert len(seat.results) == 1
        assert "path" in seat.results[0]
        assert [fact.state for fact in seat.log.of(CallFinished)] == ["failed"]
