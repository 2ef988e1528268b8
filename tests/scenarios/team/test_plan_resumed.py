"""A plan outlives its process: a later one goes on with the same tasks and the same owners."""

import pytest

from tests.scenarios.conftest import Bench, call, said
from tests.scenarios.team.conftest import asked, last

OPTIONS = ("--team", "default", "--role", "lead")


@pytest.mark.feature("B3")
async def test_a_task_that_waited_for_the_person_goes_on_in_a_later_session(bench: Bench) -> None:
    create = call("task_create", title="serve", description="Please serve.", role="coder")
    after = call("task_create", title="test", description="Please test.", role="tester", needs=["t1"])
    block = call("task_block", task="t1", on="person", reason="which port?")
    first = {
        "lead": [
            {"calls": [create, after]},
            {"text": "Given out."},
            {"text": "It needs a port."},
            {"text": "Which port?"},
        ],
        "coder": [{"calls": [block]}, {"text": "Blocked."}],
    }
    second = {
        "lead": [
            {"calls": [call("task_update", task="t1", reason="port 80", move="resume")]},
            {"text": "It goes on."},
            {"text": "Served and tested."},
        ],
        "coder": [{"calls": [call("task_complete", task="t1", done="serves on 80")]}],
        "tester": [{"calls": [call("task_complete", task="t2", done="tested 80")]}],
    }
    async with bench.model(script=first):
        done = await bench.run("ask", "serve it", *OPTIONS)
        assert (done.code, done.out) == (0, "Which port?\n"), done.err
    async with bench.model(script=second) as server:
        done = await bench.run("ask", "-c", "--resume-run", "port 80", *OPTIONS)
        assert (done.code, done.out) == (0, "Served and tested.\n"), done.err
        assert "t1 (serve) goes on: port 80." in last(server, "coder")
        assert "serves on 80" in said(asked(server, "tester")[0])
        assert "tested 80" in last(server, "lead")
