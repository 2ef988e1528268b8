"""What the conversation says of a session that goes on."""

import asyncio
import os
import signal

import pytest

from loomkin.app import open_house, open_session
from loomkin.cli.ask_run import Nobody
from loomkin.cli.repl_run import greeting
from loomkin.records.event import CallFinished
from loomkin.ui.transcript import Kind
from loomkin.workspace.opening import Wish
from loomkin.workspace.options import Options
from tests.scenarios.conftest import Bench, call
from tests.scenarios.conftest import bench as bench


async def shown(bench: Bench) -> list[tuple[Kind, str]]:
    """The kind and first line of each block of the greeting, in a run with `-c`."""
    options = Options(bench.root, {**os.environ, **bench.environ}, wish=Wish(last=True))
    async with open_house(options) as house, open_session(house, None, Nobody()) as opened:
        feed = house.bus.feed()
        blocks = greeting(opened)
        await house.journal.flush()
        feed.close()
        assert [event async for event in feed if isinstance(event.fact, CallFinished)] == []
    return [(block.kind, block.text.split("\n")[0]) for block in blocks][1:]


@pytest.mark.feature("C12")
async def test_a_greeting_pairs_the_last_words_with_their_own_answer(bench: Bench) -> None:
    script = "echo > alive; cat hold"
    hang = {"text": "I run it.", "calls": [call("shell", command=script)]}
    mute = {"calls": [call("shell", command=script)]}
    for name in ("alive", "hold"):
        os.mkfifo(bench.root / name)
    async with bench.model({"text": "a1"}, {"text": "a2"}, mute, hang):
        await bench.run("ask", "q1")
        await bench.run("ask", "-c", "q2")
        assert await shown(bench) == [(Kind.PERSON, "q2"), (Kind.ANSWER, "a2")]
        for number, words in (("q3", []), ("q4", [(Kind.ANSWER, "I run it.")])):
            process = await bench.start("ask", "-c", number, "--permission-mode", "yolo")
            await asyncio.to_thread((bench.root / "alive").read_text)
            os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
            os.close(os.open(bench.root / "hold", os.O_RDWR | os.O_NONBLOCK))
            assert await shown(bench) == [(Kind.PERSON, number), *words, (Kind.FAILED, f"shell {script}")]
