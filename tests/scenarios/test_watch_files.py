"""`loomkin watch-files`: comments that the person saves are orders; what git or an agent writes is none."""

import asyncio
import signal
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.scenarios.conftest import CALC, Bench, bodies, call, said

SECONDS = 8.0
ORDER = "With AI comments in files the person gave you"


class Watched:
    """A running `loomkin watch-files` and what it printed so far."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self.err = ""
        self.out = ""

    async def told(self, words: str, times: int = 1, seconds: float = SECONDS) -> None:
        """Return when words were said on standard error so many times."""
        stream = self.process.stderr
        assert stream is not None
        async with asyncio.timeout(seconds):
            while self.err.count(words) < times:
                line = await stream.readline()
                assert line, f"it ended: {self.err}"
                self.err += line.decode()

    async def answered(self, words: str) -> None:
        """Return when words were said on standard output."""
        stream = self.process.stdout
        assert stream is not None
        async with asyncio.timeout(SECONDS):
            while words not in self.out:
                line = await stream.readline()
                assert line, f"it ended: {self.err}"
                self.out += line.decode()

    async def end(self) -> int:
        """Press Ctrl-C; the exit code."""
        self.process.send_signal(signal.SIGINT)
        async with asyncio.timeout(SECONDS):
            out, err = await self.process.communicate()
        self.out += out.decode()
        self.err += err.decode()
        assert self.process.returncode is not None
        return self.process.returncode


@asynccontextmanager
async def watching(bench: Bench, *words: str) -> AsyncIterator[Watched]:
    """`loomkin watch-files` that is ready for what the person saves; ended in any case."""
    watched = Watched(await bench.start("watch-files", *words))
    try:
        await watched.told("Ctrl-C ends.")
        yield watched
    finally:
        if watched.process.returncode is None:
            watched.process.kill()
            await watched.process.wait()


@pytest.mark.feature("D2")
async def test_comments_are_done_or_answered_and_each_counts_once(bench: Bench):
    fixed = CALC.replace(" + 1", "")
    asking = fixed.replace("value * 2", "value * 2  # AI? is this exact for floats")
    steps = (
        {
            "calls": [
                call("file_edit", path="calc.py", old="values) + 1  # AI! do not add one", new="values)")
            ]
        },
        {"text": "It adds one no more."},
        {"calls": [call("file_write", path="calc.py", content="x = 1\n")]},
        {"text": "Yes: doubling is exact."},
    )
    async with bench.model(*steps) as server, watching(bench) as watched:
        bench.write("test_calc.py", '# nothing\nWORDS = "# AI! not a comment"\n')
        bench.write("calc.py", CALC.replace("+ 1", "+ 1  # AI! do not add one"))
        await watched.answered("It adds one no more.")
        assert (bench.root / "calc.py").read_text() == fixed
        bench.write("calc.py", asking)
        await watched.answered("Yes: doubling is exact.")
        assert (bench.root / "calc.py").read_text() == asking
        assert await watched.end() == 0
    first, _, second, last = bodies(server)
    order = first["messages"][-1]["content"]
    assert f"{ORDER} an order:\n- calc.py:3 (do it): AI! do not add one\n" in order
    assert "     1→def mean(values):" in order
    assert "not a comment" not in said(first)
    assert "calc.py:7 (answer it): AI? is this exact for floats" in second["messages"][-1]["content"]
    assert "plan" in last["messages"][-1]["content"], (
        "an AI? comment changes nothing, whatever the model tries"
    )
    assert "order: calc.py:3 AI! do not add one" in watched.err
    assert watched.err.count("order: ") == 2


@pytest.mark.feature("D2")
async def test_what_git_brings_orders_nothing_and_files_saved_together_are_one_order(bench: Bench):
    bench.git("switch", "-qc", "other")
    for number in range(30):
        bench.write(f"part{number}.py", f"# AI! foreign {number}\n")
    bench.git("add", ".")
    bench.git("commit", "-qm", "Parts")
    bench.git("switch", "-q", "main")
    bench.write("calc.py", CALC + "# AI! stashed\n")
    bench.git("stash", "-q")
    async with bench.model({"text": "Both seen."}) as server, watching(bench) as watched:
        bench.git("switch", "-q", "other")
        await watched.told("git went from main to other: 30 files changed.")
        bench.git("switch", "-q", "main")
        await watched.told("git went from other to main: 30 files changed.")
        bench.git("stash", "pop", "-q")
        bench.git("checkout", "-q", "other", "--", "part3.py")
        bench.write("one.py", "# AI! first\n")
        bench.write("deep/two.py", "# a note for the AI\n# AI! second\n")
        # what was saved while git was at work is to be saved again
        while "order: " not in watched.err:
            await watched.told("loomkin: ", watched.err.count("loomkin: ") + 1)
            bench.write("one.py", "# AI! first\n\n")
            bench.write("deep/two.py", "# a note for the AI\n# AI! second\n\n")
        await watched.answered("Both seen.")
        assert await watched.end() == 0
    (asked,) = bodies(server)
    order = asked["messages"][-1]["content"]
    assert f"{ORDER} one order:\n- deep/two.py:1 (context): a note for the AI\n" in order
    assert "- deep/two.py:2 (do it): AI! second\n- one.py:1 (do it): AI! first\n" in order
    assert "foreign" not in order
    assert "stashed" not in order


@pytest.mark.feature("D2")
async def test_what_agents_write_orders_nothing_and_orders_queue_while_a_turn_runs(bench: Bench):
    steps = (
        {
            "calls": [
                call("file_write", path="made.py", content="# AI! by an agent\n"),
                call("shell", command="printf '# AI! by its command\\n' > printed.py"),
            ]
        },
        {"text": "First done.", "wait_for": "second"},
        {"text": "Second done."},
        {"text": "Third done."},
    )
    async with bench.model(*steps) as server, watching(bench, "--permission-mode", "yolo") as watched:
        bench.write("one.py", "# AI! first\n")
        await watched.told(
            "printed.py:1 AI! by its command: an agent's command was at work when this was saved"
        )
        bench.write("calc.py", CALC + "# AI! second\n")
        bench.write("one.py", "# AI! first\n\n")
        # the order waits until the first turn ends
        await watched.told("calc.py:8 AI! second: this order waits until the turn before it has ended.")
        bench.write("back.py", "# AI! taken back\n")
        await watched.told("back.py:1 AI! taken back: this order waits")
        bench.write("back.py", "x = 1\n")
        server.release("second")
        await watched.answered("Second done.")
        await watched.told("back.py:1 AI! taken back: the comment is gone, and the order with it.")
        bench.write("made.py", "# AI! by an agent\n# and this by the person AI!\n")
        await watched.answered("Third done.")
        assert await watched.end() == 0
    asked = [body["messages"][-1]["content"] for body in bodies(server)]
    orders = [text.partition("\n\n")[0] for text in asked if text.startswith(ORDER)]
    assert orders[-2].endswith("- calc.py:8 (do it): AI! second")
    assert orders[-1].endswith("made.py:2 (do it): and this by the person AI!")
    assert "by an agent" not in orders[-1].replace("AI! by an agent\n", "")
    assert watched.err.count("order: ") == 3


@pytest.mark.feature("D2")
async def test_ctrl_c_in_a_turn_stops_it_and_what_cannot_be_watched_is_said_at_once(bench: Bench):
    async with bench.model({"fault": "stall"}) as server, watching(bench) as watched:
        bench.write("one.py", "# AI! first\n")
        await server.until(lambda chats: len(chats) == 1)
        assert await watched.end() == 130
    home = bench.root.parent
    ended = await bench.run("watch-files", environ={"HOME": str(home)}, cwd=home)
    assert ended.code == 2
    assert "this is no repository, and your home folder lies in it" in ended.err


@pytest.mark.slow
@pytest.mark.feature("D2")
async def test_an_order_among_thousands_of_changes_is_found_at_once(bench: Bench):
    async with bench.model({"text": "Found."}), watching(bench) as watched:
        for number in range(6_000):
            bench.write(f"many/{number}.txt", "x")
        bench.write("one.py", "# AI! among them\n")
        # where each change is compared with each it takes more than twice as long
        await watched.told("order: one.py:1 AI! among them", seconds=20.0)
        await watched.answered("Found.")
        assert await watched.end() == 0
