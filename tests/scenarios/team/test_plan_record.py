"""How tasks went decides, in a later session, who gets the next one."""

import sqlite3

import pytest

from tests.scenarios.conftest import Bench, call
from tests.scenarios.team.conftest import asked, last

MODELS = {"LOOMKIN__MODEL__FAST": "openai/fake-fast", "LOOMKIN__MODEL__STRONG": "openai/fake-strong"}


def hire(name: str, tier: str) -> dict[str, object]:
    """A coder of a tier who has looked around and is idle."""
    return call("team_spawn", role="coder", name=name, work="Look around.", tier=tier)


@pytest.mark.feature("B9")
async def test_a_model_that_failed_before_gets_the_next_task_only_after_the_others(bench: Bench) -> None:
    create = call("task_create", title="write it", description="Please write it.", role="coder")
    looked = {"text": "Looked around."}
    first = {
        "lead": [
            {"calls": [hire("ada", "fast")]},
            {"text": "She looks."},
            {"calls": [create]},
            {"text": "Given out."},
            {"calls": [call("task_update", task="t1", reason="it cannot work", move="fail")]},
            {"text": "Given up."},
        ],
        "ada": [
            looked,
            {"calls": [call("task_block", task="t1", on="person", reason="I do not see how")]},
            {"text": "Blocked."},
        ],
    }
    second = {
        "lead": [
            {"calls": [hire("ada", "fast")]},
            {"text": "She looks."},
            {"calls": [hire("bob", "strong")]},
            {"text": "He looks."},
            {"calls": [create]},
            {"text": "Given out."},
            {"text": "Written."},
        ],
        "ada": [looked],
        "bob": [
            looked,
            {"calls": [call("task_complete", task="t1", done="wrote it")]},
        ],
    }
    options = ("--team", "default", "--role", "lead")
    async with bench.model(script=first):
        done = await bench.run("ask", "write it", *options, environ=MODELS)
        assert (done.code, done.out) == (0, "Given up.\n"), done.err
    async with bench.model(script=second) as server:
        done = await bench.run("ask", "write it now", *options, environ=MODELS)
        assert (done.code, done.out) == (0, "Written.\n"), done.err
        assert "Task t1: write it" in last(server, "bob")
        assert len(asked(server, "ada")) == 1
    (file,) = (bench.root / ".loomkin").glob("*.db")
    with sqlite3.connect(file) as db:
        spent = db.execute("SELECT DISTINCT agent, task FROM usage WHERE task <> '' ORDER BY agent")
        assert spent.fetchall() == [("ada", "t1"), ("bob", "t1")]
