"""Sessions through their whole life: continued, named, forked, carried elsewhere, shared by processes."""

import asyncio
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from loomkin.app import open_house, open_session
from loomkin.cli.ask_run import Nobody
from loomkin.workspace.opening import Wish
from loomkin.workspace.options import Options
from tests.fakes.model_server import ModelServer
from tests.scenarios.conftest import Bench, Ended, bodies, call, said

DONE = {"text": "Done."}
JSON = ("--output-format", "json")
LOOK = {"text": "I look.", "calls": [call("file_read", path="calc.py")]}
LEARN = (LOOK, {"text": "The word is plover."})


async def ask(
    bench: Bench, *words: str, cwd: Path | None = None, environ: Mapping[str, str] | None = None
) -> Ended:
    ended = await bench.run("ask", *words, *JSON, cwd=cwd, environ=environ)
    assert ended.code == 0, ended.err
    return ended


def history(server: ModelServer, number: int = -1) -> list[dict[str, Any]]:
    """The messages of a request without the system prompt."""
    messages: list[dict[str, Any]] = bodies(server)[number]["messages"]
    return messages[1:]


async def listed(bench: Bench, cwd: Path | None = None) -> dict[str, dict[str, Any]]:
    rows = (await bench.run("sessions", "list", "--json", cwd=cwd)).json
    return {row["id"]: row for row in rows}


@pytest.mark.feature("C12")
async def test_a_session_is_continued_with_the_very_same_beginning(bench: Bench):
    async with bench.model(*LEARN, DONE, DONE, DONE, DONE, DONE) as server:
        first = await ask(bench, "learn", "-n", "the word")
        await ask(bench, "another matter")
        by_name = await ask(bench, "by name", "-r", "the word")
        by_id = await ask(bench, "by id", "-r", first.json["session_id"])
        by_tail = await ask(bench, "by its end", "-r", first.json["session_id"][-4:])
        latest = await ask(bench, "the latest", "-c")
    identities = {one.json["session_id"] for one in (first, by_name, by_id, by_tail, latest)}
    assert identities == {first.json["session_id"]}
    learnt = history(server, 1)
    for number in (3, 4, 5, 6):
        assert history(server, number)[: len(learnt)] == learnt
    assert [body["tools"] for body in bodies(server)[3:]] == [bodies(server)[0]["tools"]] * 4
    assert "another matter" not in said(bodies(server)[6])
    assert "plover" in said(bodies(server)[6])
    rows = await listed(bench)
    assert (rows[first.json["session_id"]]["name"], rows[first.json["session_id"]]["turns"]) == (
        "the word",
        5,
    )
    assert len(rows) == 2


@pytest.mark.feature("C12")
async def test_a_fork_knows_the_past_and_leaves_the_original_alone(bench: Bench):
    async with bench.model(*LEARN, {"text": "Forked."}, DONE) as server:
        first = await ask(bench, "learn", "-n", "trunk")
        forked = await ask(bench, "beside", "-r", "trunk", "--fork-session", "-n", "branch")
        await ask(bench, "on the trunk", "-r", "trunk")
    assert forked.json["session_id"] != first.json["session_id"]
    assert "plover" in said(bodies(server)[2])
    assert "beside" not in said(bodies(server)[3])
    rows = await listed(bench)
    assert rows[forked.json["session_id"]]["parent"] == first.json["session_id"]
    assert {row["name"] for row in rows.values()} == {"trunk", "branch"}
    assert (await bench.run("sessions", "check")).code == 0


@pytest.mark.feature("C12")
async def test_a_name_is_taken_once_and_an_unknown_one_is_refused_before_any_call(bench: Bench):
    async with bench.model(DONE, DONE) as server:
        await ask(bench, "one", "-n", "mine")
        taken = await bench.run("ask", "two", "-n", "mine")
        unknown = await bench.run("ask", "three", "-r", "yours")
        renamed = await bench.run("ask", "four", "-c", "-n", "mine")
        forked = await bench.run("ask", "five", "-c", "--fork-session", "-n", "mine")
        assert len(server.chats) == 2
    for ended in (taken, forked):
        assert ended.code == 2
        assert "has that name already.\nChoose another name." in ended.err
    assert renamed.code == 0, "its own name is no other's"
    assert unknown.code == 2
    assert "No session 'yours'" in unknown.err
    assert "sessions list" in unknown.err


@pytest.mark.feature("C12")
async def test_nothing_to_continue_says_so(bench: Bench):
    async with bench.model(DONE) as server:
        ended = await bench.run("ask", "go on", "-c")
        assert server.chats == []
    assert ended.code == 2
    assert "Run the same command without -c." in ended.err
    assert "Traceback" not in ended.err


@pytest.mark.feature("C12")
async def test_a_session_carried_elsewhere_goes_on_with_the_same_history(bench: Bench, tmp_path: Path):
    async with bench.model(*LEARN, DONE) as server:
        await ask(bench, "learn", "-n", "travels")
        await ask(bench, "here", "-r", "travels")
    here = history(server)
    file = tmp_path / "session.json"
    exported = await bench.run("sessions", "export", "travels", "--format", "json", "-o", str(file))
    assert exported.code == 0, exported.err
    other = Bench(tmp_path / "other")
    other.root.mkdir()
    other.git("init", "-q")
    assert (await other.run("sessions", "import", str(file))).code == 0
    async with other.model(DONE) as server:
        await ask(other, "over yonder", "-r", "travels")
    assert history(server)[: len(here)] == here
    assert history(server)[-1]["content"].endswith("over yonder")
    assert (await other.run("sessions", "check")).code == 0
    original = json.loads(file.read_text())
    assert len(original["events"]) > 10
    assert "yonder" not in (await bench.run("sessions", "show", "travels")).out


@pytest.mark.feature("C12")
async def test_a_renamed_session_answers_to_its_new_name_and_a_deleted_one_to_none(bench: Bench):
    async with bench.model(*LEARN, {**DONE, "match": "plover"}, DONE):
        first = await ask(bench, "learn", "-n", "old")
        assert (await bench.run("sessions", "rename", "old", "new")).code == 0
        assert (await bench.run("ask", "x", "-r", "old")).code == 2
        again = await ask(bench, "again", "-r", "new", "-n", "newest")
        assert again.json["session_id"] == first.json["session_id"]
        assert (await bench.run("sessions", "delete", "newest", "-y")).code == 0
        assert (await bench.run("ask", "x", "-r", "newest")).code == 2
        assert (await bench.run("ask", "x", "-c")).code == 2, "the only one is gone"
        assert await listed(bench) == {}
        await ask(bench, "a new beginning", "-n", "new")
    assert (await bench.run("sessions", "check")).code == 0


@pytest.mark.feature("C12")
async def test_a_session_that_was_not_kept_leaves_nothing(bench: Bench):
    async with bench.model(*LEARN):
        ended = await ask(bench, "learn", "--no-session-persistence")
    assert ended.json["result"] == "The word is plover."
    assert not (bench.root / ".loomkin").exists()
    assert bench.git("status", "--porcelain") == ""


async def held(bench: Bench, server: ModelServer, count: int, *words: str) -> asyncio.subprocess.Process:
    """A run that waits for its model, once that many requests have come."""
    process = await bench.start("ask", *words, *JSON)
    await server.until(lambda entries: len(entries) == count)
    return process


async def result(process: asyncio.subprocess.Process) -> dict[str, Any]:
    out, err = await process.communicate()
    assert process.returncode == 0, err
    value: dict[str, Any] = json.loads(out)
    return value


@pytest.mark.feature("C12")
async def test_two_sessions_in_one_repository_at_once_both_finish(bench: Bench):
    slow = {"calls": [call("shell", command="echo done >> log.txt")], "wait_for": "both"}
    async with bench.model(slow, slow, DONE, DONE) as server:
        one = await held(bench, server, 1, "first", "--permission-mode", "yolo", "-n", "one")
        two = await held(bench, server, 2, "second", "--permission-mode", "yolo", "-n", "two")
        server.release("both")
        first, second = await asyncio.gather(result(one), result(two))
    assert (first["result"], second["result"]) == ("Done.", "Done.")
    assert first["session_id"] != second["session_id"]
    assert (bench.root / "log.txt").read_text() == "done\ndone\n"
    rows = await listed(bench)
    assert sorted(row["name"] for row in rows.values()) == ["one", "two"]
    assert {row["model_calls"] for row in rows.values()} == {2}
    checked = await bench.run("sessions", "check")
    assert (checked.code, checked.out) == (0, "All tables are what the log says.\n")


@pytest.mark.feature("C12")
async def test_of_two_runs_that_begin_at_once_with_one_name_one_has_it(bench: Bench):
    async with bench.model({**DONE, "repeat": 2}) as server:
        both = await asyncio.gather(*(bench.run("ask", "go", "-n", "same") for _ in range(2)))
        first, second = sorted(both, key=lambda ended: ended.code)
        assert (first.code, second.code) == (0, 2), (first.err, second.err)
        assert "has that name already" in second.err
        assert "Choose another name." in second.err
        assert len(server.chats) == 1, "who comes second learns it before it pays for anything"
    assert [row["name"] for row in (await listed(bench)).values()] == ["same"]


@pytest.mark.feature("C12")
async def test_one_session_is_not_run_twice_at_once(bench: Bench):
    async with bench.model(DONE, {**DONE, "wait_for": "end"}, DONE, DONE) as server:
        await ask(bench, "begin", "-n", "busy")
        running = await held(bench, server, 2, "go on", "-r", "busy")
        refused = await bench.run("ask", "intruding", "-r", "busy")
        deleted = await bench.run("sessions", "delete", "busy", "-y")
        beside = await ask(bench, "beside", "-r", "busy", "--fork-session")
        server.release("end")
        first = await result(running)
        after = await ask(bench, "now me", "-r", "busy")
    assert refused.code == 1
    assert f"is in use by process {running.pid}." in refused.err
    assert "--fork-session" in refused.err
    assert deleted.code == 1
    assert str(running.pid) in deleted.err
    assert beside.json["session_id"] != first["session_id"] == after.json["session_id"]
    assert "intruding" not in said(bodies(server)[-1])
    assert (await bench.run("sessions", "check")).code == 0


@pytest.mark.feature("C12")
async def test_two_repositories_at_once_never_mix(bench: Bench, tmp_path: Path):
    other = Bench(tmp_path / "other", bench.environ)
    other.root.mkdir()
    other.git("init", "-q")
    other.write("calc.py", "OTHER = True\n")
    here_script = ({**LOOK, "wait_for": "both"}, {**DONE, "match": "The arithmetic mean"})
    there_script = ({**LOOK, "wait_for": "both"}, {**DONE, "match": "OTHER = True"})
    async with bench.model(*here_script) as here, other.model(*there_script) as there:
        one = await held(bench, here, 1, "here")
        two = await held(other, there, 1, "there")
        here.release("both")
        there.release("both")
        first, second = await asyncio.gather(result(one), result(two))
    assert "OTHER" not in said(bodies(here)[-1])
    assert "arithmetic" not in said(bodies(there)[-1])
    assert list(await listed(bench)) == [first["session_id"]]
    assert list(await listed(other)) == [second["session_id"]]
    lost = await other.run("ask", "x", "-r", first["session_id"])
    assert lost.code == 2


@pytest.mark.feature("C12")
async def test_one_who_may_not_go_on_with_a_busy_session_changes_nothing_in_it(bench: Bench):
    os.mkfifo(bench.root / "gate")
    slow = {"calls": [call("shell", command="echo begun > gate; cat gate > /dev/null; echo real result")]}
    async with bench.model(slow, DONE, DONE) as server:
        running = await bench.start("ask", "work", "--permission-mode", "yolo", *JSON)
        gate = await asyncio.to_thread((bench.root / "gate").open)
        assert await asyncio.to_thread(gate.readline) == "begun\n"
        refused = await bench.run("ask", "intruding", "-c")
        gate.close()
        await asyncio.to_thread((bench.root / "gate").write_text, "go on")
        await result(running)
        await ask(bench, "and then?", "-c")
    assert (refused.code, "in use by process" in refused.err) == (1, True)
    results = [message["content"] for message in history(server) if message["role"] == "tool"]
    assert len(results) == 1
    assert "real result" in results[0]


@pytest.mark.feature("C12")
async def test_a_killed_session_keeps_its_own_name(bench: Bench):
    async with bench.model({**DONE, "wait_for": "never"}) as server:
        killed = await held(bench, server, 1, "work", "-n", "long job")
        killed.kill()
        await killed.communicate()
    options = Options(bench.root, {**os.environ, **bench.environ}, wish=Wish(last=True))
    async with open_house(options) as house, open_session(house, None, Nobody()) as opened:
        assert opened.session.name == "long job"


@pytest.mark.feature("C12")
async def test_the_list_shows_the_mode_and_the_model_that_a_session_last_ran_with(bench: Bench):
    async with bench.model(DONE, DONE, DONE) as server:
        first = await ask(bench, "begin", "--permission-mode", "yolo")
        await ask(bench, "go on", "-c", "-m", "openai/another-model")
        row = (await listed(bench))[first.json["session_id"]]
        assert (row["mode"], row["model"]) == ("ask", "openai/another-model")
        await ask(bench, "go on", "-c", environ={"LOOMKIN_MODEL": ""})
    assert bodies(server)[-1]["model"] == "another-model"
    assert (await bench.run("sessions", "check")).code == 0


async def test_a_session_that_was_replayed_without_a_model_goes_on_with_a_real_one(bench: Bench):
    async with bench.model(DONE):
        demo = await bench.run("demo", str(bench.root / "sample"))
        assert demo.code == 0, demo.err
        ended = await bench.run(
            "ask", "-c", "and now?", cwd=bench.root / "sample", environ={"LOOMKIN_MODEL": ""}
        )
    assert (ended.code, ended.out) == (0, "Done.\n"), ended.err


@pytest.mark.feature("C12")
async def test_a_run_that_cannot_begin_leaves_nothing_behind(bench: Bench, tmp_path: Path):
    plain = tmp_path / "plain"
    plain.mkdir()
    cases = ((), ("--role", "nope"), ("--replay", "/nope"), ("--allowed-tools", "shell("))
    async with bench.model(DONE):
        for words in cases:
            environ = {} if words else {"LOOMKIN_MODEL": "", "OPENAI_API_KEY": "", "OPENAI_BASE_URL": ""}
            ended = await bench.run("ask", "hi", *words, cwd=plain, environ=environ)
            assert ended.code != 0
            assert os.listdir(plain) == [], words
        await ask(bench, "hi", cwd=plain)
    assert os.listdir(plain) == [".loomkin"]


@pytest.mark.feature("C12")
async def test_folders_without_a_repository_keep_to_themselves(bench: Bench, tmp_path: Path):
    parent = tmp_path / "parent"
    for name in ("a", "b"):
        (parent / name).mkdir(parents=True)
    async with bench.model(DONE, DONE):
        await ask(bench, "in the parent", cwd=parent)
        await ask(bench, "from a", cwd=parent / "a")
        ended = await bench.run("ask", "-c", "go on", cwd=parent / "b")
    assert ended.code == 2
    assert "no session" in ended.err
    assert [row["title"] for row in (await listed(bench, parent)).values()] == ["in the parent"]


@pytest.mark.feature("C12")
async def test_a_session_in_which_nothing_was_said_was_none(bench: Bench):
    stream = ("--input-format", "stream-json", "--output-format", "stream-json")
    async with bench.model(DONE):
        ended = await bench.run("ask", *stream, stdin=b"{bad\n")
        assert ended.code == 2
        assert await listed(bench) == {}
        await ask(bench, "q1")
        ended = await bench.run("ask", *stream, stdin=b"{bad\n")
    assert [row["title"] for row in (await listed(bench)).values()] == ["q1"]
