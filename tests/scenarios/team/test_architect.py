"""A strong model plans, a cheap one edits; what fails twice goes back with the failures attached."""

import asyncio

import pytest

from tests.scenarios.conftest import Bench, call, said
from tests.scenarios.team.conftest import asked
from tests.scenarios.team.test_roles import DONE

MODELS = {"LOOMKIN__MODEL__FAST": "openai/fake-fast", "LOOMKIN__MODEL__STRONG": "openai/fake-strong"}
MEND = call("file_edit", path="calc.py", old="+ 1", new="")


def spawn(role: str, work: str, **more: str) -> dict[str, object]:
    return {"calls": [call("team_spawn", role=role, work=work, **more)]}


@pytest.mark.feature("A11")
async def test_an_edit_that_fails_twice_goes_back_to_the_architect_with_the_failures(bench: Bench) -> None:
    missing = call("file_edit", path="calc.py", old="plus one", new="")
    script = {
        "concierge": [spawn("architect", "Mend mean()."), DONE],
        "architect": [
            {"calls": [call("file_read", path="calc.py")]},
            spawn("coder", "Remove `plus one`.", tier="fast"),
            {"text": "Under way."},
            spawn("coder", "Remove `+ 1`.", tier="fast"),
            {"text": "Under way."},
            {"text": "Mended by the plan."},
        ],
        "coder": [
            {"calls": [call("file_read", path="calc.py")], "wait_for": "planned"},
            {"calls": [missing]},
            {"calls": [{**missing, "arguments": {**missing["arguments"], "old": "plus  one"}}]},
            {"text": "The file has no such words."},
            {"calls": [MEND], "wait_for": "planned again"},
            {"text": "Removed."},
        ],
    }
    words = ("ask", "go", "--team", "default", "--permission-mode", "edits")
    async with bench.model(script=script) as server, asyncio.TaskGroup() as group:
        running = group.create_task(bench.run(*words, environ=MODELS))
        for number, gate in ((3, "planned"), (5, "planned again")):
            await server.until(
                lambda entries, number=number: sum(one.agent == "architect" for one in entries) >= number
            )
            server.release(gate)
        done = await running
        assert (done.code, done.out) == (0, "Done.\n"), done.err
        assert {body["model"] for body in asked(server, "architect")} == {"fake-strong"}
        assert {body["model"] for body in asked(server, "coder")} == {"fake-fast"}
        assert {body["model"] for body in asked(server, "concierge")} == {"fake-model"}
        stopped = said(asked(server, "coder")[3])
        assert "2 edits in a row failed. Do not try another" in stopped
        assert "2 edits in a row failed" not in said(asked(server, "coder")[2])
        back = said(asked(server, "architect")[3])
        assert "coder could not carry your plan out" in back
        assert "plus  one" in back
        assert "The file has no such words." in back
        assert "+ 1" not in bench.root.joinpath("calc.py").read_text()


@pytest.mark.feature("A11")
async def test_a_failure_that_the_coder_mends_itself_does_not_go_back(bench: Bench) -> None:
    script = {
        "concierge": [spawn("architect", "Mend mean()."), DONE],
        "architect": [spawn("coder", "Remove `+ 1`.", tier="fast"), DONE],
        "coder": [
            {"calls": [call("file_edit", path="calc.py", old="plus one", new="")]},
            {"calls": [MEND]},
            {"calls": [call("file_edit", path="calc.py", old="plus two", new="")]},
            {"text": "Removed."},
        ],
    }
    async with bench.model(script=script) as server:
        done = await bench.run("ask", "go", "--team", "default", "--permission-mode", "edits")
        assert (done.code, done.out) == (0, "Done.\n"), done.err
        assert "could not carry your plan out" not in said(asked(server, "architect")[-1])


@pytest.mark.feature("A11")
async def test_a_lead_reaches_the_pair(bench: Bench) -> None:
    script = {
        "concierge": [spawn("lead", "Mend mean()."), DONE],
        "lead": [spawn("architect", "Mend mean()."), DONE],
        "architect": [spawn("coder", "Remove `+ 1`.", tier="fast"), DONE],
        "coder": [{"calls": [MEND]}, {"text": "Removed."}],
    }
    async with bench.model(script=script) as server:
        done = await bench.run("ask", "go", "--team", "default", "--permission-mode", "edits")
        assert (done.code, done.out) == (0, "Done.\n"), done.err
        assert "Removed." in said(asked(server, "architect")[-1])
        assert "+ 1" not in bench.root.joinpath("calc.py").read_text()
