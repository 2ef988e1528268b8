"""An agent gives work to another one and hears how it went."""

import pytest

from tests.scenarios.conftest import Bench, call
from tests.scenarios.team.conftest import asked, last


@pytest.mark.feature("A1")
async def test_what_a_spawned_agent_says_last_reaches_the_one_who_asked(bench: Bench) -> None:
    script = {
        "concierge": [
            {"calls": [call("team_spawn", role="coder", work="Say what mean() does wrong.")]},
            {"text": "A coder looks at it."},
            {"text": "mean() adds one."},
        ],
        "coder": [
            {"calls": [call("file_read", path="calc.py")]},
            {"text": "It adds 1 to the mean."},
        ],
    }
    async with bench.model(script=script) as server:
        done = await bench.run("ask", "what is wrong with mean()?", "--team", "default")
        assert (done.code, done.out) == (0, "mean() adds one.\n"), done.err
        first = asked(server, "coder")[0]
        assert first["messages"][0]["content"].startswith("You are coder, the coder of team main in project.")
        assert "Say what mean() does wrong." in last(server, "coder")
        assert "It adds 1 to the mean." in last(server, "concierge")
        assert len(asked(server, "concierge")) == 3
