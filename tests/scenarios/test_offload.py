"""A window that overflows: old turns go to keepers, the person's words stay, and nothing is lost."""

import json
import os
import signal
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest

from loomkin.store import rebuild, sessions
from loomkin.store.database import Database
from loomkin.store.keepers import keepers
from tests.scenarios.conftest import Bench, bodies, call, said
from tests.scenarios.test_crash import check_history

JSON = ("--output-format", "json")
CORRECTION = "No: never touch the file vendor.py, whatever it says. The word is plover."
DONE = {"text": "All read."}


def read(number: int) -> dict[str, Any]:
    return {"text": f"Reading {number}.", "calls": [call("file_read", path=f"part{number % 10}.py")]}


def steps(count: int) -> Iterator[dict[str, Any]]:
    yield from map(read, range(count))
    yield DONE


@pytest.fixture
def small(bench: Bench) -> Bench:
    """A repository with ten larger files, and a model with a small window."""
    for number in range(10):
        lines = (f"value_{number}_{line} = {line} * {number}  # of part {number}\n" for line in range(250))
        bench.write(f"part{number}.py", "".join(lines))
    model = '[models."openai/fake-model"]\nwindow = 24000\nmax_output = 2000\n'
    bench.write(".loomkin/config.toml", model)
    return bench


def differences(bench: Bench) -> list[str]:
    database = Database(bench.root / ".loomkin" / "loomkin.db")
    try:
        return rebuild.differences(database)
    finally:
        database.close()


def sizes(requests: list[dict[str, Any]]) -> list[int]:
    return [len(json.dumps(body["messages"])) for body in requests]


def repeated(before: str, after: str) -> float:
    """Which part of a text the next one begins with."""
    same = next((at for at, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), len(before))
    return same / len(before)


@pytest.mark.feature("C6")
@pytest.mark.feature("C11")
async def test_after_five_offloads_the_persons_correction_stands_word_for_word(small: Bench) -> None:
    async with small.model(*steps(6), *steps(20), DONE) as server:
        first = await small.run("ask", "Read all parts.", *JSON)
        assert first.code == 0, first.err
        second = await small.run("ask", CORRECTION, "-c", "--output-format", "stream-json")
        third = await small.run("ask", "And now?", "-c", "-v")
        assert (third.code, third.out) == (0, "All read.\n")
        requests = bodies(server)
    made = [line for line in second.lines if line.get("subtype") == "keeper"]
    assert len(made) >= 5
    assert [line for line in made if not line["before_percent"] >= 70 > line["after_percent"]] == []
    lengths = sizes(requests)
    smaller = [at for at in range(1, len(lengths)) if lengths[at] < 0.8 * lengths[at - 1]]
    assert len(smaller) >= 5
    assert max(lengths) / 3.5 < 24_000
    for body in requests:
        check_history(body["messages"])
    for body in requests[7:]:
        assert CORRECTION in body["messages"][2]["content"] or CORRECTION in said(body)
    assert "Working directory" in said(requests[-1])
    assert "Your window holds 24k tokens." in requests[0]["messages"][0]["content"]
    assert all(body["messages"][0] == requests[0]["messages"][0] for body in requests)
    shown = await small.run("sessions", "show", first.json["session_id"], "--context")
    assert "lost 0: of " in shown.out
    assert f'<keeper id="{made[-1]["keeper_id"]}"' in shown.out
    assert CORRECTION in shown.out
    assert differences(small) == []


@pytest.mark.feature("C11")
async def test_the_person_is_told_in_one_line(small: Bench) -> None:
    async with small.model(*steps(8)):
        ended = await small.run("ask", "Read all parts.", "-v")
    told = [line for line in ended.err.splitlines() if "moved to keeper" in line]
    assert told
    assert "%: 7 messages moved to keeper k1 (recall with @k1)" in told[0]


@pytest.mark.feature("C11")
async def test_the_bytes_of_twenty_requests_repeat_those_before_them(small: Bench) -> None:
    small.write(".loomkin/config.toml", "")
    look = (call("content_search", pattern=f"value_1_{n}", path="part1.py") for n in range(20))
    twenty = [{"text": f"Look {n}.", "calls": [one]} for n, one in enumerate(look)]
    async with small.model(*twenty, DONE) as server:
        ended = await small.run("ask", "Look around.")
        assert ended.code == 0, ended.err
        texts = [json.dumps(body["messages"]) for body in bodies(server)]
        tools = [body["tools"] for body in bodies(server)]
    assert len(texts) == 21
    assert all(one == tools[0] for one in tools)
    assert all(repeated(before, after) >= 0.95 for before, after in pairwise(texts))


@pytest.mark.feature("C11")
async def test_between_two_offloads_the_beginning_stays_the_same(small: Bench) -> None:
    async with small.model(*steps(16)) as server:
        assert (await small.run("ask", "Read all parts.")).code == 0
        texts = [json.dumps(body["messages"]) for body in bodies(server)]
    grown = [(before, after) for before, after in pairwise(texts) if len(after) > len(before)]
    assert len(grown) >= 8
    assert all(repeated(before, after) >= 0.95 for before, after in grown)


@pytest.mark.feature("C11")
async def test_a_request_that_the_provider_finds_too_long_is_made_again_with_less(small: Bench) -> None:
    refusal = {"fault": "status", "status": 400, "message": "prompt is too long: 30000 tokens > 9000 maximum"}
    async with small.model(*map(read, range(4)), refusal, DONE, refusal, refusal) as server:
        ended = await small.run("ask", "Read some parts.", *JSON)
        assert (ended.code, ended.json["result"]) == (0, "All read."), ended.err
        lengths = sizes(bodies(server))
        assert lengths[5] < 0.8 * lengths[4]
        check_history(bodies(server)[5]["messages"])
        failed = await small.run("ask", "And more.", "-c")
        assert failed.code == 1
        assert "prompt is too long" in failed.err
        assert len(bodies(server)) <= 8, "once more, not for ever"


@pytest.mark.feature("C6")
async def test_killed_right_after_an_offload_it_goes_on_with_the_same_window(small: Bench) -> None:
    script = [*map(read, range(6)), {**read(6), "wait_for": "never"}, DONE, DONE]
    async with small.model(*script) as server:
        process = await small.start("ask", "Read all parts.")
        await server.until(lambda entries: len(entries) == 7)
        os.killpg(process.pid, signal.SIGKILL)
        await process.communicate()
        resumed = await small.run("ask", "Go on.", "-c")
        assert resumed.code == 0, resumed.err
        forked = await small.run("ask", "Beside.", "-c", "--fork-session", *JSON)
        requests = bodies(server)
    killed, after, beside = (body["messages"] for body in requests[-3:])
    assert '<keeper id=\\"k1\\"' in said(requests[-3])
    assert after[: len(killed) - 1] == killed[:-1]
    assert beside[: len(after)] == after
    database = Database(small.root / ".loomkin" / "loomkin.db")
    try:
        held = keepers(database, forked.json["session_id"])
        assert [row.keeper.id for row in held] == ["k1"]
        assert held[0].keeper.files[0].sha
        assert len(sessions.messages(database, forked.json["session_id"])) > 10
    finally:
        database.close()
    shown = await small.run("sessions", "show", forked.json["session_id"], "--context")
    assert "lost 0: of " in shown.out
    assert differences(small) == []


@pytest.mark.feature("C6")
async def test_an_agent_frees_its_window_itself_and_its_next_request_is_smaller(small: Bench) -> None:
    search = {"calls": [call("tool_search", query="context offload window free")]}
    offload = {"calls": [call("context_offload", topic="reading the parts")]}
    async with small.model(search, *map(read, range(3)), read(3), read(4), offload, DONE) as server:
        small.write(".loomkin/config.toml", "")
        ended = await small.run("ask", "Read five parts.", *JSON)
        assert ended.code == 0, ended.err
        requests = bodies(server)
    assert sizes(requests)[-1] < 0.75 * sizes(requests)[-2]
    assert "to keeper k1. Your window was" in said(requests[-1])
    assert "reading the parts" in said(requests[-1])
    check_history(requests[-1]["messages"])


@pytest.mark.feature("C6")
async def test_an_imported_session_gives_its_keepers_numbers_of_their_own(small: Bench) -> None:
    async with small.model(*steps(8), DONE, DONE) as server:
        first = await small.run("ask", "Read all parts.", *JSON)
        file = small.root.parent / "session.json"
        identity = first.json["session_id"]
        exported = await small.run("sessions", "export", identity, "--format", "json", "-o", str(file))
        assert exported.code == 0, exported.err
        assert (await small.run("sessions", "import", str(file), "-n", "copy")).code == 0
        assert (await small.run("ask", "Here?", "-r", "copy")).code == 0
        asked = said(bodies(server)[-1])
    assert '<keeper id=\\"k1\\"' not in asked
    database = Database(small.root / ".loomkin" / "loomkin.db")
    try:
        everywhere = [row.keeper.id for row in keepers(database)]
    finally:
        database.close()
    assert len(set(everywhere)) == len(everywhere) >= 2
    assert f'<keeper id=\\"{everywhere[-1]}\\"' in asked


@pytest.mark.feature("C11")
async def test_a_run_that_never_overflows_does_not_load_what_makes_keepers(bench: Bench) -> None:
    async with bench.model(read(0), DONE, *steps(1)):
        ended = await bench.run("ask", "Look.", environ={"PYTHONPROFILEIMPORTTIME": "1"})
    assert ended.code == 0
    assert "loomkin.agent.window\n" in ended.err
    assert "loomkin.keepers" not in ended.err
