"""Decisions outlive their session: later ones hear what was rejected, and doubt reaches who it concerns."""

from typing import Any

import pytest

from tests.scenarios.conftest import Bench, bodies, call, said

YOLO = ("--permission-mode", "yolo")


def log(kind: str, title: str, **more: Any) -> dict[str, Any]:
    """A planned call of decision_log."""
    return call("decision_log", kind=kind, title=title, **more)


def opening(body: dict[str, Any]) -> str:
    """The first message of a conversation."""
    text: str = body["messages"][1]["content"]
    return text


REDIS = {"title": "Use Redis", "reason": "needs a server"}
LOGGED = {
    "calls": [
        log("goal", "Cache the means"),
        log(
            "decision",
            "Cache in SQLite",
            confidence=80,
            parent="d1",
            rejected=[REDIS],
            files=["calc.py"],
        ),
    ]
}


@pytest.mark.feature("C1")
async def test_the_next_session_is_told_what_was_decided_and_what_was_rejected_and_why(bench: Bench) -> None:
    async with bench.model(LOGGED, {"text": "Decided."}, {"text": "I know."}) as server:
        first = await bench.run("ask", "cache what mean() gives", *YOLO)
        assert (first.code, first.err) == (0, "")
        assert "d2 decision: Cache in SQLite (80 %)" in said(bodies(server)[1])
        second = await bench.run("ask", "go on", *YOLO)
        assert second.code == 0, second.err
    told = opening(bodies(server)[2])
    assert "d1 Cache the means" in told
    assert "d2 Cache in SQLite (80 %)" in told
    assert "rejected: d3 Use Redis: needs a server" in told


@pytest.mark.feature("C1")
async def test_a_node_knows_branch_commit_files_and_the_persons_own_words(bench: Bench) -> None:
    edit = call("file_edit", path="calc.py", old="value * 2", new="2 * value")
    script = ({"calls": [edit]}, {"calls": [log("decision", "Multiply from the left")]}, {"text": "Done."})
    async with bench.model(*script):
        assert (await bench.run("ask", "Double it  from the LEFT!", *YOLO)).code == 0
    (node,) = (await bench.run("graph", "show", "d1", "--json")).json["nodes"]
    assert node["prompt"] == "Double it  from the LEFT!"
    assert node["branch"] == bench.git("branch", "--show-current").strip()
    assert node["commit"] == bench.git("rev-parse", "HEAD").strip()
    assert (node["files"], node["agent"], node["author"]) == (["calc.py"], "coder", "agent")
    listed: Any = (await bench.run("sessions", "list", "--json")).json
    assert node["session"] == listed[0]["id"]
    assert len(node["messages"]) == 2


@pytest.mark.feature("C1")
async def test_who_comes_to_a_file_is_told_once_what_was_rejected_for_it(bench: Bench) -> None:
    await bench.run(
        "graph", "add", "decision", "Plain list", "--file", "calc.py", "--reject", "Use numpy: slow to import"
    )
    line = "d2 Use numpy: rejected for calc.py: slow to import (decided: d1 Plain list)"
    look = {"calls": [call("file_read", path="calc.py")]}
    async with bench.model(look, look, {"text": "Seen."}, {"text": "Named."}) as server:
        assert (await bench.run("ask", "look around", *YOLO)).code == 0
        results = [one["content"] for one in bodies(server)[2]["messages"] if one["role"] == "tool"]
        assert [line in result for result in results] == [True, False]
        assert (await bench.run("ask", "make mean() in calc.py faster", *YOLO)).code == 0
    assert bodies(server)[3]["messages"][-1]["content"].endswith(f"make mean() in calc.py faster\n\n{line}")


LOWER = ("graph", "edit", "d1", "--confidence")
RESTS = {"calls": [log("action", "Write the schema", parent="d1", edge="requires")]}
ON_SQLITE = ("graph", "add", "decision", "Cache in SQLite", "--confidence", "80")


@pytest.mark.feature("C2")
async def test_a_drop_of_confidence_reaches_the_owner_of_what_rests_on_it_once(bench: Bench) -> None:
    await bench.run(*ON_SQLITE)
    look = {"calls": [call("file_read", path="calc.py")]}
    async with bench.model(RESTS, {"text": "Written."}, look, {"text": "I look again."}) as server:
        assert (await bench.run("ask", "write it", *YOLO)).code == 0
        dropped = await bench.run(*LOWER, "30")
        assert "d1 (Cache in SQLite) is in doubt, its confidence is 30 %" in dropped.out
        assert "d2 (Write the schema). coder will be told." in dropped.out
        assert "in doubt" not in (await bench.run(*LOWER, "20")).out
        assert (await bench.run("ask", "-c", "go on", *YOLO)).code == 0
    told = "d2 (Write the schema), which you logged, is in doubt: d1 (Cache in SQLite)"
    assert [said(body).count(told) for body in bodies(server)] == [0, 0, 1, 1]


@pytest.mark.feature("C2")
async def test_recovery_clears_the_doubt_and_says_so_once(bench: Bench) -> None:
    await bench.run(*ON_SQLITE)
    script = (RESTS, {"text": "Written."}, {"text": "Good."}, {"text": "Yes."}, {"text": "Still."})
    async with bench.model(*script) as server:
        assert (await bench.run("ask", "write it", *YOLO)).code == 0
        await bench.run(*LOWER, "30")
        assert (await bench.run("ask", "-c", "and now", *YOLO)).code == 0
        assert "d1 (Cache in SQLite) is in doubt no more" in (await bench.run(*LOWER, "90")).out
        assert (await bench.run("ask", "-c", "go on", *YOLO)).code == 0
    assert "d2 (Write the schema) is in doubt no more" in said(bodies(server)[3])
    checked = await bench.run("sessions", "check")
    assert checked.out == "All tables are what the log says.\n"


@pytest.mark.feature("C1")
async def test_of_two_repositories_open_at_once_nothing_of_one_reaches_the_other(bench: Bench) -> None:
    other = Bench(bench.root.parent / "other")
    other.root.mkdir()
    other.git("init", "-q")
    other.write("calc.py", "x = 1\n")
    add = (
        "graph",
        "add",
        "decision",
        "Plain list",
        "--file",
        "calc.py",
        "--reject",
        "Use numpy: slow to import",
    )
    assert (await bench.run(*add)).code == 0
    look = {
        "calls": [call("file_read", path="calc.py"), call("decision_query", query="search", words="numpy")]
    }
    find = {"calls": [call("tool_search", query="decision query")]}
    async with bench.model(find, look, {"text": "Seen."}) as server:
        other.environ = bench.environ
        assert (await other.run("ask", "make calc.py faster", *YOLO)).code == 0
    assert all("Use numpy" not in said(body) for body in bodies(server))
    assert "Nothing fits 'numpy'." in said(bodies(server)[-1])
    assert (await other.run("graph", "show", "--json")).json == {"nodes": [], "edges": []}
    assert len((await bench.run("graph", "show", "--json")).json["nodes"]) == 2


@pytest.mark.feature("C4")
async def test_an_agent_reconsiders_and_writes_up_with_what_it_gave_up(bench: Bench) -> None:
    find = call("tool_search", query="decision pivot writeup")
    pivot = call(
        "decision_pivot", id="d1", observation="It locks under load", new="Use Postgres", confidence=70
    )
    script = (
        {"calls": [log("decision", "Use SQLite", files=["calc.py"]), find]},
        {"calls": [pivot, log("outcome", "It holds", parent="d4")]},
        {"calls": [call("decision_writeup", title="Storage")]},
        {"text": "Done."},
    )
    async with bench.model(*script) as server:
        assert (await bench.run("ask", "choose a store", *YOLO)).code == 0
    text = bodies(server)[-1]["messages"][-1]["content"]
    assert "- **Use Postgres** (d4, confidence 70 %)" in text
    assert "~~Use SQLite~~ (d1 superseded): It locks under load; now: Use Postgres" in text
    assert "- d5 It holds" in text
    assert "file_read" not in text


@pytest.mark.feature("F3")
async def test_where_nothing_was_decided_a_run_loads_no_graph(bench: Bench) -> None:
    async with bench.model({"text": "Hello."}):
        ended = await bench.run("ask", "hello", environ={"PYTHONPROFILEIMPORTTIME": "1"})
    loaded = {line.rpartition("|")[2].strip() for line in ended.err.splitlines()}
    assert "loomkin.decisions.desk" in loaded
    own = {"graph", "answers", "brief", "confidence", "pulse", "narrative"}
    assert loaded & {f"loomkin.decisions.{name}" for name in own} == set()
    assert loaded & {"loomkin.store.decisions", "loomkin.store.doubts"} == set()
