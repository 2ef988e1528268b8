"""/cost in a session with several agents."""

from pathlib import Path
from typing import Any

import pytest

from loomkin.agent.turn import Limits
from loomkin.commands.command import Context, load_commands
from loomkin.store.database import Database
from tests.scenarios.conftest import Bench, call
from tests.team.conftest import at_work


@pytest.mark.feature("B14")
async def test_cost_shows_the_money_of_the_whole_session_and_what_is_left(bench: Bench, home: Path) -> None:
    script: dict[str, Any] = {
        "concierge": [
            {"calls": [call("team_spawn", role="coder", work="Look at calc.py.")], "usage": {"input": 1000}},
            {"text": "A coder looks.", "usage": {"input": 2000}},
            {"text": "Done.", "usage": {"input": 4000}, "repeat": True},
        ],
        "coder": [{"text": "Seen.", "usage": {"input": 500}}],
    }
    prices = {"input": 3, "output": 15}
    sets = [f'models."openai/fake-model".{kind}_usd_per_million={usd}' for kind, usd in prices.items()]
    budgets = ["budget.session_usd=2", "budget.team_usd=1", "budget.agent_usd=0.9", "team.orient=false"]
    async with at_work(bench, home, script, set_options=(*sets, *budgets)) as (session, company, _):
        await session.send("go", Limits(10))
        commands = load_commands()
        house = company.services()[Database]
        scribe = session.agent.scribe
        context = Context(session, house, scribe, None, commands)  # type: ignore[arg-type]
        text = (await commands["cost"].run(context, "")).text
    lines = {line.strip().partition("  ")[0]: line for line in text.splitlines()}
    assert "4 calls" in lines["this session"]
    assert "7,500 tokens in" in lines["this session"]
    assert "3 calls" in lines["by concierge"]
    assert "500 tokens in" in lines["by coder"]
    assert {"left of session", "left of team main", "left of agent concierge", "left of agent coder"} <= set(
        lines
    )
