"""A lead puts up a plan, and agents carry it out: who is told what, when, and who has a task."""

from typing import Any

import pytest

from tests.fakes.model_server import ModelServer
from tests.scenarios.conftest import Bench, call, said
from tests.scenarios.team.conftest import asked, last

LEAD = {
    "text": "The plan is up.",
}


def create(title: str, role: str, **more: Any) -> dict[str, Any]:
    """A planned call of task_create."""
    return call("task_create", title=title, description=f"Please {title}.", role=role, **more)


def led(*steps: dict[str, Any]) -> list[dict[str, Any]]:
    """A concierge that has a lead do it and says at the end what the lead said."""
    return [
        {"calls": [call("team_spawn", role="lead", work="Mend mean() and test it.")]},
        {"text": "A lead is at it."},
        *steps,
        {"text": "All done."},
    ]


def done(task: str, words: str, **more: Any) -> dict[str, Any]:
    """A step that hands a task in."""
    return {"calls": [call("task_complete", task=task, done=words, **more)]}


@pytest.mark.feature("B3")
@pytest.mark.feature("B4")
async def test_the_second_task_begins_after_the_first_and_with_its_handoff(bench: Bench) -> None:
    script = {
        "concierge": led(),
        "lead": [
            {
                "calls": [
                    create("mend mean", "coder", checks=["true"]),
                    create("test mean", "tester", needs=["t1"]),
                ]
            },
            {"text": "The plan is up."},
            {"text": "Both are done."},
        ],
        "coder": [
            done("t1", "took the + 1 away", changed=["calc.py"], decided="an empty list still raises"),
            {"text": "Handed in."},
        ],
        "tester": [done("t2", "wrote two tests", evidence="2 passed"), {"text": "Handed in."}],
    }
    async with bench.model(script=script) as server:
        ended = await bench.run("ask", "mend mean() and test it", "--team", "default")
        assert (ended.code, ended.out) == (0, "All done.\n"), ended.err
        order = said(asked(server, "coder")[0])
        assert "Task t1: mend mean" in order and "Please mend mean." in order and "`true`" in order
        order = said(asked(server, "tester")[0])
        assert "Task t2: test mean" in order
        assert "took the + 1 away" in order and "an empty list still raises" in order and "calc.py" in order
        assert first_call(server, "tester") > last_call(server, "coder", 0)
        assert "wrote two tests" in last(server, "lead")
        assert "took the + 1 away" in last(server, "lead")
        assert len(asked(server, "lead")) == 3


def first_call(server: ModelServer, agent: str) -> int:
    """The number of an agent's first request among all."""
    return next(entry.number for entry in server.chats if entry.agent == agent)


def last_call(server: ModelServer, agent: str, at: int = -1) -> int:
    """The number of an agent's last request among all."""
    return [entry.number for entry in server.chats if entry.agent == agent][at]
