"""`loomkin ask` under signals, lost and slow readers, and on terminals."""

import asyncio
import json
import os
import signal
import sys
from typing import Any

import pexpect
import pytest

from tests.scenarios.conftest import Bench, call
from tests.scenarios.conftest import bench as bench

HI = {"text": "Hi there."}


async def first_line(process: asyncio.subprocess.Process) -> dict[str, Any]:
    assert process.stdout is not None
    line: dict[str, Any] = json.loads(await process.stdout.readline())
    return line


@pytest.mark.parametrize(
    ("number", "code", "reason"), [(signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "terminated")]
)
async def test_a_signal_ends_the_run_with_a_result_and_the_session_can_go_on(
    bench: Bench, number: int, code: int, reason: str
) -> None:
    script = f"{sys.executable} -c 'import time; print(\"here\", flush=True); time.sleep(600)' > alive"
    steps = ({"calls": [call("shell", command=script)]}, {**HI, "match": "Stopped before it ended"})
    stream = ("--output-format", "stream-json", "--permission-mode", "yolo")
    os.mkfifo(bench.root / "alive")
    async with bench.model(*steps):
        process = await bench.start("ask", "hi", *stream)
        assert (await first_line(process))["subtype"] == "init"
        assert (await first_line(process))["type"] == "assistant"
        alive = await asyncio.to_thread((bench.root / "alive").open)
        assert await asyncio.to_thread(alive.readline) == "here\n"
        process.send_signal(number)
        out, err = await process.communicate()
        assert process.returncode == code, err
        result = json.loads(out.splitlines()[-1])
        assert (result["type"], result["terminal_reason"]) == ("result", reason)
        async with asyncio.timeout(2):
            assert await asyncio.to_thread(alive.read) == "", "the last writer is gone"
        alive.close()
        again = await bench.run("ask", "go on", "-c")
    assert (again.code, again.out) == (0, "Hi there.\n")


async def test_a_signal_reaches_a_run_whose_reader_stands_still(bench: Bench) -> None:
    async with bench.model({"text": "word " * 100_000, "pieces": 1}):
        reading, writing = os.pipe()
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "loomkin", "ask", "hi", "--output-format", "stream-json",
            cwd=bench.root, env={**os.environ, **bench.environ},
            stdin=asyncio.subprocess.DEVNULL, stdout=writing,
        )  # fmt: skip
        os.close(writing)
        assert await asyncio.to_thread(os.read, reading, 100)
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(9):
            assert await process.wait() == 143
        os.close(reading)


async def test_a_closed_pipe_ends_the_run_without_a_trace(bench: Bench) -> None:
    look = {"calls": [call("shell", command="seq 1 50")], "repeat": True}
    async with bench.model(look):
        process = await bench.start(
            "ask",
            "hi",
            "--output-format",
            "stream-json",
            "--permission-mode",
            "yolo",
            "--max-turns",
            "150",
            cold=True,
        )
        assert process.stdout is not None
        assert process.stderr is not None
        assert (await first_line(process))["subtype"] == "init"
        process._transport.get_pipe_transport(1).close()  # type: ignore[attr-defined]
        err = await process.stderr.read()
        assert await process.wait() == 1
    assert b"Traceback" not in err
    assert b"Exception" not in err


@pytest.mark.parametrize(
    ("redirection", "code", "words"),
    [(">/dev/full", 1, "No space left"), (">&-", 1, ""), ("2>&-", 0, ""), ("<&-", 0, "")],
)
async def test_streams_that_are_full_or_closed_harm_nothing(
    bench: Bench, redirection: str, code: int, words: str
) -> None:
    async with bench.model(HI, HI):
        shell = await asyncio.create_subprocess_shell(
            f"exec {sys.executable} -m loomkin ask hi {redirection}",
            cwd=bench.root,
            env={**os.environ, **bench.environ},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await shell.communicate()
        assert shell.returncode == code
        assert (out == b"Hi there.\n") is (code == 0)
        assert words.encode() in err
        assert b"Traceback" not in err
        assert (await bench.run("ask", "-c", "hi")).code == 0, "the database is whole"


async def test_on_a_terminal_the_live_view_goes_and_the_answer_stays(bench: Bench) -> None:
    async with bench.model({"calls": [call("shell", command="sleep 0.4")]}, {"text": "Do\x1b[2Jne."}):
        screen = await asyncio.to_thread(_on_terminal, bench, {"TERM": "xterm-256color"})
    assert "● coder" in screen
    assert "\x1b[2J" not in screen
    assert screen.rstrip().endswith("Done.")


async def test_a_dumb_terminal_gets_the_answer_alone(bench: Bench) -> None:
    async with bench.model(HI):
        screen = await asyncio.to_thread(_on_terminal, bench, {"TERM": "dumb"})
    assert screen == "Hi there.\r\n"


def _on_terminal(bench: Bench, environ: dict[str, str]) -> str:
    child = pexpect.spawn(
        sys.executable,
        ["-m", "loomkin", "ask", "hi", "--permission-mode", "yolo"],
        cwd=str(bench.root),
        env={**os.environ, **bench.environ, **environ},
        encoding="utf-8",
        dimensions=(24, 80),
        timeout=9,
    )
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0
    text: str = child.before
    return text


async def test_a_hangup_that_the_caller_ignores_does_not_end_the_run(bench: Bench) -> None:
    async with bench.model({**HI, "wait_for": "hung up"}) as server:
        process = await asyncio.create_subprocess_exec(
            "nohup", sys.executable, "-m", "loomkin", "ask", "hi",
            cwd=bench.root, env={**os.environ, **bench.environ}, stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        await server.until(lambda entries: len(entries) == 1)
        process.send_signal(signal.SIGHUP)
        server.release("hung up")
        out, err = await process.communicate()
    assert (process.returncode, out) == (0, b"Hi there.\n"), err


async def test_a_terminal_that_goes_away_takes_the_view_and_not_the_answer(bench: Bench) -> None:
    look = ({"calls": [call("content_search", pattern=f"word{number}")]} for number in range(15))
    async with bench.model({"wait_for": "gone", **next(look)}, *look, HI) as server:
        keyboard, terminal = os.openpty()
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "loomkin", "ask", "hi",
            cwd=bench.root, env={**os.environ, **bench.environ, "TERM": "xterm", "PYTHONUNBUFFERED": "1"},
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=terminal,
            start_new_session=True,
        )  # fmt: skip
        os.close(terminal)
        await server.until(lambda entries: len(entries) == 1)
        assert await asyncio.to_thread(os.read, keyboard, 1), "the view is there"
        os.close(keyboard)
        server.release("gone")
        out, _ = await process.communicate()
    assert (process.returncode, out) == (0, b"Hi there.\n")
