"""Two repositories of one user at work in the same moment: neither is told anything of the other."""

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.model_server import ModelServer
from tests.scenarios.conftest import Bench, Ended, bodies, call, said
from tests.scenarios.test_offload import DONE, differences, read, small

__all__ = ["small"]
NAMES = ("plover", "wombat")
YOLO = ("--permission-mode", "yolo")
LOOKS = (
    ("recall", "the gateway is called"),
    ("keepers", "show", "k1", "--full"),
    ("graph", "narrative", "--all"),
    ("failures", "list"),
)
QUESTION = "What do you know of calc.py?"
FAILS = "deploy-tool --now calc.py"
AGAIN = {"calls": [call("shell", command=FAILS)]}
FIND_TOOLS = {"calls": [call("tool_search", query="introspect failures decisions query search memory")]}


def first(name: str) -> Iterator[dict[str, Any]]:
    """Words, a decision, a failure and its fix, then a window that overflows; at its end it stands still."""
    rejected = [{"title": f"The old {name}", "reason": f"that {name} is slow"}]
    yield {
        "text": f"The gateway is called {name}.",
        "calls": [
            call("decision_log", kind="goal", title=f"Reach the {name}"),
            call("decision_log", kind="decision", title=f"The {name}", files=["calc.py"], rejected=rejected),
            *([call("shell", command=FAILS)] if name == NAMES[0] else []),
            call("shell", command=f"sh -c true {name} calc.py"),
        ],
    }
    yield from map(read, range(8))
    yield {**DONE, "wait_for": "both"}


SECOND = (
    {**FIND_TOOLS, "wait_for": "again"},
    {
        "calls": [
            call("context_search", query="the gateway is called"),
            call("decision_query", query="recent"),
        ]
    },
    {"calls": [call("introspect_failures", mine=False), call("introspect_decisions")]},
    {"calls": [call("context_read", keeper="k1"), call("file_read", path="calc.py")]},
    AGAIN,
    {"text": "So it is."},
)


async def together(
    gate: str, held: int, *those: tuple[Bench, ModelServer], words: str, looks: tuple[tuple[str, ...], ...]
) -> list[list[Ended]]:
    """Ask in all repositories, look around in each while all agents stand at a gate, then let them go on."""
    running = [asyncio.create_task(bench.run("ask", words, *YOLO)) for bench, _ in those]
    for _, server in those:
        await server.until(lambda seen: len(seen) >= held)
    found = [await asyncio.gather(*(bench.run(*look) for bench, _ in those)) for look in looks]
    for _, server in those:
        server.release(gate)
    for ended in await asyncio.gather(*running):
        assert (ended.code, ended.err) == (0, "")
    return found


@pytest.mark.feature("C7")
async def test_of_two_repositories_open_at_once_neither_knows_anything_of_the_other(
    small: Bench, tmp_path: Path
) -> None:
    shutil.copytree(small.root, tmp_path / "other")
    other = Bench(tmp_path / "other")
    begun = [list(first(name)) for name in NAMES]
    async with small.model(*begun[0], *SECOND) as one, other.model(*begun[1], *SECOND) as two:
        both = (small, one), (other, two)
        held = len(begun[0])
        await together("both", held, *both, words="Look around.", looks=())
        looks = await together("again", held + 1, *both, words=QUESTION, looks=LOOKS)
        requests = [[said(body) for body in bodies(server)] for server in (one, two)]
    for at, (own, strange) in enumerate((NAMES, NAMES[::-1])):
        for look, ended in zip(LOOKS, looks, strict=True):
            assert strange not in ended[at].out, look
            if look != ("failures", "list"):
                assert own in ended[at].out, look
        assert [request for request in requests[at] if strange in request] == []
        last = requests[at][-1]
        for remembered in (f"called {own}", f"Reach the {own}", f"that {own} is slow"):
            assert remembered in last.split(QUESTION)[1]
    assert [ended.out.count("deploy-tool") for ended in looks[LOOKS.index(("failures", "list"))]] == [2, 0]
    assert "Not run: this command failed once before" in requests[0][-1]
    assert "deploy-tool: command not found" in requests[1][-1]
    assert "before in this repository" not in requests[1][-1]
    assert differences(small) == differences(other) == []
