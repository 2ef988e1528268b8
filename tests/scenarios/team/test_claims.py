"""Two agents in one file: both edits stand, and the second on one function hears whose it is and why."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.fakes.model_server import ModelServer
from tests.scenarios.conftest import Bench, call
from tests.scenarios.team.conftest import asked, last

READ = {"calls": [call("file_read", path="calc.py")]}
WRONG, RIGHT = "    return sum(values) / len(values) + 1", "    return sum(values) / len(values)"
MEAN = call("file_edit", path="calc.py", old=WRONG, new=RIGHT)
DOUBLE = call("file_edit", path="calc.py", old="    return value * 2", new="    return 2 * value")


def spawn(name: str, work: str) -> dict[str, Any]:
    return {"name": "team_spawn", "arguments": {"role": "coder", "work": work, "name": name}}


HOST = (
    {"calls": [spawn("ann", "Mend mean() in calc.py."), spawn("bob", "Tidy calc.py.")]},
    {"text": "Two coders are at it.", "repeat": True},
)


def steps(server: ModelServer, name: str, count: int) -> bool:
    return len(asked(server, name)) >= count


@asynccontextmanager
async def at_work(
    bench: Bench, ann: Sequence[Mapping[str, Any]], bob: Sequence[Mapping[str, Any]], mode: str = "edits"
) -> AsyncIterator[ModelServer]:
    """Two coders at work; the run must end well."""
    script = {"concierge": HOST, "ann": ann, "bob": bob}
    async with bench.model(script=script) as server:
        process = await bench.start(
            "ask", "mend calc.py", "--team", "default", "--permission-mode", mode,
            stdin=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        try:
            yield server
            _, err = await process.communicate()
            assert process.returncode == 0, err.decode()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()


@pytest.mark.feature("B12")
async def test_two_coders_edit_two_functions_of_one_file_at_once(bench: Bench) -> None:
    ann = (READ, {"calls": [MEAN], "wait_for": "write"}, {"text": "Mended.", "wait_for": "end"})
    bob = (READ, {"calls": [DOUBLE], "wait_for": "write"}, {"text": "Turned.", "wait_for": "end"})
    async with at_work(bench, ann, bob) as server:
        # each writes after both have read: the second one's view of the file is old by then
        await server.until(lambda _: steps(server, "ann", 2) and steps(server, "bob", 2))
        server.release("write")
        await server.until(lambda _: steps(server, "ann", 3) and steps(server, "bob", 3))
        text = (bench.root / "calc.py").read_text()
        told = [last(server, name) for name in ("ann", "bob")]
        server.release("end")
    assert "return sum(values) / len(values)\n" in text
    assert "return 2 * value\n" in text
    assert all("Changed calc.py: +1 -1" in words for words in told)
    assert sum("the file changed elsewhere since you read it (by " in words for words in told) == 1
    # who wrote first hears of the other, who wrote second has heard of it with the edit
    assert sum("Changed since you read it, not by you" in words for words in told) <= 1


@pytest.mark.feature("B12")
async def test_the_second_on_one_function_hears_the_holders_intent_and_its_choice(bench: Bench) -> None:
    ann = (READ, {"calls": [MEAN]}, {"text": "Mended.", "wait_for": "end"})
    other = call(
        "file_edit", path="calc.py", old='    """The arithmetic mean."""', new='    """Their mean."""'
    )
    wait = call("region_claim", path="calc.py", symbol="mean", intent="Say it better.", wait=True)
    bob = (
        {"calls": [*READ["calls"]], "wait_for": "held"},
        {"calls": [other, DOUBLE]},
        {"calls": [wait]},
        {"calls": [other], "match": "`mean` in calc.py (lines 1-3) is yours until your task or turn ends"},
        {"text": "Said."},
    )
    async with at_work(bench, ann, bob) as server:
        await server.until(lambda _: steps(server, "ann", 3) and steps(server, "bob", 1))
        server.release("held")
        await server.until(lambda _: steps(server, "bob", 3))
        refused = last(server, "bob")
        assert "The arithmetic mean" in (bench.root / "calc.py").read_text()
        assert "ann holds `mean` in calc.py (lines 1-3) since" in refused
        assert "for: Mend mean() in calc.py." in refused
        assert 'region_claim(path=\\"calc.py\\", symbol=\\"mean\\", wait=true)' in refused
        assert "agree with ann by peer_message" in refused
        # the other function of the file was free all the while
        assert "return 2 * value\n" in (bench.root / "calc.py").read_text()
        server.release("end")
    text = (bench.root / "calc.py").read_text()
    assert '"""Their mean."""\n    return sum(values) / len(values)\n' in text


@pytest.mark.feature("B13")
async def test_a_command_that_writes_to_a_held_function_is_told_to_both(bench: Bench) -> None:
    sed = call(
        "shell", command="sed -i 's/value \\* 2/value * 3/; s/len(values)$/len(list(values))/' calc.py"
    )
    ann = (READ, {"calls": [MEAN]}, {"text": "Mended.", "wait_for": "end"}, {"text": "I looked again."})
    bob = ({"calls": [sed], "wait_for": "held"}, {"text": "Done.", "wait_for": "bob"})
    async with at_work(bench, ann, bob, "yolo") as server:
        await server.until(lambda _: steps(server, "ann", 3) and steps(server, "bob", 1))
        server.release("held")
        await server.until(lambda _: steps(server, "bob", 2))
        told = last(server, "bob")
        assert "this command changed `mean` in calc.py (lines 1-3), which ann holds" in told
        assert "for: Mend mean() in calc.py." in told
        server.release("end")
        await server.until(lambda _: steps(server, "ann", 4))
        letter = last(server, "ann")
        assert "bob ran a command that changed `mean` in calc.py (lines 1-3), which you hold" in letter
        server.release("bob")
