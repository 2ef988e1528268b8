"""Goals of a team: closed by proved tasks, kept open by claims; doubt reaches the owner and nobody else."""

from typing import Any

import pytest

from tests.scenarios.conftest import Bench, call, said
from tests.scenarios.team.conftest import asked


def goal(title: str) -> dict[str, Any]:
    return call("decision_log", kind="goal", title=title)


def task(title: str, role: str = "coder", **more: Any) -> dict[str, Any]:
    return call("task_create", title=title, description=f"Please {title}.", role=role, **more)


def hand_in(identity: str) -> dict[str, Any]:
    return {"calls": [call("task_complete", task=identity, done="did it")]}


async def graph(bench: Bench) -> dict[str, dict[str, Any]]:
    """All nodes by their ids."""
    nodes = (await bench.run("graph", "show", "--json")).json["nodes"]
    return {node["id"]: node for node in nodes}


@pytest.mark.feature("C1")
@pytest.mark.feature("C4")
async def test_a_goal_closes_itself_when_its_tasks_are_proved(bench: Bench) -> None:
    script = {
        "concierge": [
            {"calls": [goal("Mend mean"), task("mend it", checks=["true"])]},
            {"text": "Under way."},
            {"text": "All done."},
        ],
        "coder": [hand_in("t1"), {"text": "Handed in."}],
    }
    async with bench.model(script=script):
        ended = await bench.run(
            *("ask", "mend mean()", "--team", "default", "--output-format", "stream-json")
        )
    assert ended.code == 0, ended.err
    told = [
        line
        for line in ended.lines
        if line.get("subtype") == "decision" and "status" in line and line["by"] != "automatic"
    ]
    assert [(line["action"], line["status"], line["by"]) for line in told] == [
        ("logged", "active", "concierge"),
        ("revised", "done", "loomkin"),
    ]
    node = (await graph(bench))["d1"]
    assert (node["status"], node["reason"]) == ("done", "all its tasks are done and proved: t1 `true`")
    assert (await bench.run("graph", "pulse", "--json")).json["goals"] == []
    text = (await bench.run("graph", "writeup", "d1")).out
    assert "- [x] d1 Mend mean (done)" in text
    assert "- [x] `true`: exit code 0, by loomkin" in text


@pytest.mark.feature("C1")
async def test_a_task_that_only_claims_to_be_done_keeps_its_goal_open(bench: Bench) -> None:
    script = {
        "concierge": [
            {"calls": [goal("Mend mean"), task("mend it", checks=["true"]), task("tell of it")]},
            {"text": "Under way."},
            {"text": "Half done."},
            {"text": "All done."},
        ],
        "coder": [hand_in("t1"), {"text": "Handed in."}, hand_in("t2"), {"text": "Handed in."}],
        "coder-2": [hand_in("t2"), {"text": "Handed in."}],
    }
    async with bench.model(script=script):
        ended = await bench.run("ask", "mend mean()", "--team", "default")
    assert ended.code == 0, ended.err
    assert (await graph(bench))["d1"]["status"] == "active"


@pytest.mark.feature("C1")
async def test_what_is_only_claimed_is_shown_by_whoever_proves_it_and_its_goal_closes(bench: Bench) -> None:
    script = {
        "concierge": [
            {
                "calls": [
                    goal("Mend mean"),
                    task("mend it"),
                    task("try it", "tester", needs=["t1"], checks=["true"]),
                    task("read it", "reviewer", needs=["t2"]),
                ]
            },
            {"text": "Under way."},
            {"text": "All done.", "repeat": True},
        ],
        "coder": [hand_in("t1")],
        "tester": [hand_in("t2")],
        "reviewer": [hand_in("t3")],
    }
    async with bench.model(script=script):
        ended = await bench.run("ask", "mend mean()", "--team", "default")
    assert ended.code == 0, ended.err
    node = (await graph(bench))["d1"]
    assert (node["status"], node["reason"]) == (
        "done",
        "all its tasks are done and proved: t1 by t2; t2 `true`; t3 which changed nothing",
    )


@pytest.mark.feature("C2")
async def test_doubt_reaches_the_teammate_whose_work_rests_on_it(bench: Bench) -> None:
    rests = call("decision_log", kind="action", title="Write the schema", parent="d1", edge="requires")
    lower = call("decision_update", id="d1", confidence=20, reason="it locks")
    script = {
        "concierge": [
            {"calls": [call("decision_log", kind="decision", title="Use SQLite", confidence=80)]},
            {"calls": [call("team_spawn", role="coder", work="Write the schema.")]},
            {"text": "Under way."},
            {"calls": [call("tool_search", query="decision update confidence")]},
            {"calls": [lower]},
            {"text": "In doubt."},
            {"text": "All done."},
        ],
        "coder": [{"calls": [rests]}, {"text": "Written."}, {"text": "It still holds."}],
    }
    async with bench.model(script=script) as server:
        ended = await bench.run("ask", "choose and write", "--team", "default")
        assert ended.code == 0, ended.err
        told = "d2 (Write the schema), which you logged, is in doubt"
        assert [said(body).count(told) for body in asked(server, "coder")] == [0, 0, 1]
        assert all(told not in said(body) for body in asked(server, "concierge"))
    assert "d1 (Use SQLite) is in doubt, its confidence is 20 %" in ended.err
