"""Sessions forked where they were, carried elsewhere with all that is theirs, brought back from damage."""

import asyncio
import json
import os
import re
import signal
from pathlib import Path
from typing import Any

import pytest

from loomkin.store.database import Database
from tests.scenarios.conftest import Bench, bodies, call, said
from tests.scenarios.team.conftest import asked
from tests.scenarios.test_crash import check_history
from tests.scenarios.test_decisions import log
from tests.scenarios.test_offload import JSON, read, small

__all__ = ["small"]
DONE = {"text": "Done."}
YOLO = ("--permission-mode", "yolo")
TEAM = ("--team", "default", "--role", "lead")
WORDS = [{"text": "It needs a port."}, {"text": "Which port?"}]
LONG = call("shell", command="seq 1 20000 | sed 's/^/quokka /'; echo the plover is here")


def elsewhere(tmp_path: Path, name: str = "other") -> Bench:
    other = Bench(tmp_path / name)
    other.root.mkdir()
    other.git("init", "-q")
    return other


def _ageless(text: str) -> str:
    return re.sub(r"\d+ s ago", "", text)


@pytest.mark.feature("C12")
async def test_a_fork_at_the_end_of_a_turn_knows_that_turn_and_none_after_it(bench: Bench):
    async with bench.model({"text": "It is plover."}, {"text": "It is quokka."}, DONE, DONE) as server:
        assert (await bench.run("ask", "the first word?", "-n", "words")).code == 0
        assert (await bench.run("ask", "and the second?", "-c")).code == 0
        before = (await bench.run("sessions", "show", "words")).out
        forked = await bench.run("sessions", "fork", "words", "--at", "turn:1", "-n", "back")
        assert forked.code == 0, forked.err
        assert (await bench.run("ask", "go on", "-r", "back")).code == 0
        assert (await bench.run("sessions", "show", "words")).out == before
        assert (await bench.run("ask", "here, too", "-r", "words")).code == 0
        beside, original = bodies(server)[-2:]
    assert "plover" in said(beside)
    assert "quokka" not in said(beside)
    assert "quokka" in said(original)
    first = bodies(server)[0]["messages"]
    assert beside["messages"][: len(first)] == first
    assert (await bench.run("sessions", "check")).code == 0


@pytest.mark.feature("C12")
async def test_a_fork_of_a_team_is_its_lead_with_the_plan_and_free_tasks(bench: Bench):
    create = call("task_create", title="serve", description="Please serve.", role="coder")
    block = call("task_block", task="t1", on="person", reason="which port?")
    script = {
        "lead": [{"calls": [create]}, {"text": "Given out."}, *WORDS],
        "coder": [{"calls": [block]}, {"text": "Blocked."}],
    }
    async with bench.model(script=script):
        done = await bench.run("ask", "serve it", "-n", "trunk", *TEAM)
        assert done.code == 0, done.err
    original = (await bench.run("tasks", "list", "--session", "trunk")).out
    forked = await bench.run("sessions", "fork", "trunk", "-n", "branch")
    assert forked.code == 0, forked.err
    listed: Any = (await bench.run("tasks", "list", "--session", "branch", "--json")).json
    assert [(one["title"], one["state"], one["owner"]) for one in listed] == [("serve", "ready", "")]
    complete = call("task_complete", task="t1", done="serves on 80")
    second = {"lead": WORDS * 2, "coder": [{"calls": [complete]}, {"text": "In."}]}
    async with bench.model(script=second) as server:
        done = await bench.run("ask", "port 80", "-r", "branch")
        assert done.code == 0, done.err
        heard = said(asked(server, "lead")[0])
        assert "which port" not in said(asked(server, "coder")[0]), "it is another coder"
    assert "serve it" in heard
    assert "You are alone in it: coder" in heard
    assert "Free again, because their owners stayed there: t1." in heard
    assert (await bench.run("tasks", "list", "--session", "trunk")).out == original
    assert (await bench.run("sessions", "check")).code == 0


@pytest.mark.feature("C12")
async def test_all_that_belongs_to_a_session_is_the_same_in_another_repository(small: Bench, tmp_path: Path):
    rejected = {"title": "Use Redis", "reason": "needs a server"}
    decided = {"calls": [log("decision", "Cache in SQLite", confidence=80, rejected=[rejected])]}
    find = {"calls": [call("tool_search", query="log a decision in the graph")]}
    steps = [find, decided, {"calls": [LONG]}, *map(read, range(8)), DONE, DONE, DONE]
    async with small.model(*steps) as server:
        first = await small.run("ask", "Read all parts.", "-n", "travels", *YOLO, *JSON)
        assert first.code == 0, first.err
        there = elsewhere(tmp_path)
        there.environ = small.environ
        for name in (".loomkin/config.toml", *(f"part{number}.py" for number in range(10))):
            there.write(name, (small.root / name).read_text())
        file = tmp_path / "session.json"
        exported = await small.run("sessions", "export", "travels", "--format", "json", "-o", str(file))
        assert (exported.code, exported.err) == (0, "")
        taken = await there.run("sessions", "import", str(file))
        assert taken.code == 0, taken.err
        for words in (
            ("sessions", "show", "travels"),
            ("sessions", "show", "travels", "--context"),
            ("sessions", "export", "travels"),
            ("keepers", "list"),
            ("graph", "show", "d1"),
            ("recall", "quokka plover"),
        ):
            here, other = await small.run(*words), await there.run(*words)
            assert (here.code, _ageless(here.out)) == (0, _ageless(other.out)), words
        outputs = sorted(path.name for path in (small.root / ".loomkin" / "outputs").iterdir())
        assert outputs == sorted(path.name for path in (there.root / ".loomkin" / "outputs").iterdir())
        assert (await there.run("ask", "Go on.", "-r", "travels")).code == 0
        check_history(bodies(server)[-1]["messages"])
        assert (await there.run("sessions", "import", str(file))).out.count("is here already") == 1
    assert "permission grant" not in taken.out
    assert (await there.run("sessions", "check")).code == 0
    assert first.json["session_id"] not in (await elsewhere(tmp_path, "third").run("sessions", "list")).out


@pytest.mark.feature("C12")
async def test_after_kill_9_in_a_call_the_damage_is_named_mended_and_the_session_goes_on(bench: Bench):
    os.mkfifo(bench.root / "gate")
    slow = {"text": "I run it.", "calls": [call("shell", command="echo begun > gate; cat gate")]}
    async with bench.model(slow, DONE) as server:
        process = await bench.start("ask", "work", *YOLO, *JSON)
        assert await asyncio.to_thread((bench.root / "gate").read_text) == "begun\n"
        os.killpg(process.pid, signal.SIGKILL)
        await process.communicate()
        checked = await bench.run("sessions", "check", "--json")
        assert (checked.code, len(checked.json["open"])) == (0, 1)
        database = Database(bench.root / ".loomkin" / "loomkin.db")
        database.writer.execute("DELETE FROM messages")
        database.writer.execute("UPDATE sessions SET title = 'forged'")
        database.close()
        assert (await bench.run("sessions", "check")).code == 1
        assert "sessions repair" in (await bench.run("doctor")).out
        mended = await bench.run("sessions", "repair")
        assert mended.code == 0, mended.err
        assert "1 call got the result that it was interrupted" in mended.out
        assert (await bench.run("sessions", "check", "--json")).json == {
            "differences": [], "damage": [], "open": [], "newer": 0,
        }  # fmt: skip
        assert (await bench.run("ask", "and?", "-c")).code == 0
        heard: dict[str, Any] = bodies(server)[-1]
    check_history(heard["messages"])
    assert json.dumps(heard).count("Interrupted: loomkin was stopped") == 1
