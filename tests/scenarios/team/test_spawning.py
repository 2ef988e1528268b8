"""An agent gives work to another one and hears how it went."""

import pytest

from tests.scenarios.conftest import Bench, call, said
from tests.scenarios.team.conftest import asked, last


@pytest.mark.feature("A7")
async def test_an_order_of_the_sessions_agent_carries_the_persons_words(bench: Bench) -> None:
    words = "Mend mean() in @calc.py.\n\nLeave double() alone!"
    script = {
        "concierge": [
            {"text": "A coder mends it.", "calls": [call("team_spawn", role="coder", work="calc.py:3.")]},
            {"calls": [call("team_spawn", role="coder", work=f"Once more: {words}")]},
            {"text": "Done.", "repeat": True},
        ],
        "coder": [
            {"calls": [call("tool_search", query="spawn a teammate")]},
            {"calls": [call("team_spawn", role="researcher", work="Where is mean() used?")]},
            {"text": "Mended.", "repeat": True},
        ],
        "researcher": [{"text": "Nowhere.", "repeat": True}],
    }
    async with bench.model(script=script) as server:
        done = await bench.run("ask", words, "--team", "default")
        assert (done.code, done.out) == (0, "Done.\n"), done.err
        letters = {body["messages"][-1]["content"] for body in asked(server, "coder")}
        first = next(text for text in letters if "calc.py:3." in text)
        assert f'kind="order">\ncalc.py:3.\n\nThe person\'s words:\n{words}\n</mail>' in first
        again = next(text for text in letters if "Once more" in text)
        assert again.count("double()") == 1, "they are said once"
        assert "person's words" not in said(asked(server, "researcher")[0]["messages"][1:])


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
