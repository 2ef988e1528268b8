"""What commands show of the memory cannot command a terminal, whoever said it."""

import asyncio
import os
import pty
import sys
from typing import Any

import pytest

from tests.scenarios.conftest import Bench, call
from tests.scenarios.test_offload import small, steps

__all__ = ["small"]
EVIL = "\x1b[31mred\x1b[0m \x1b]0;owned\x07 \x9b2J turned \u202eround plover"
YOLO = ("--permission-mode", "yolo")


async def on_terminal(bench: Bench, *words: str) -> str:
    """What a command writes to a terminal."""
    ours, theirs = pty.openpty()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "loomkin", *words, cwd=bench.root, env={**os.environ, **bench.environ},
        stdin=asyncio.subprocess.DEVNULL, stdout=theirs, stderr=theirs,
    )  # fmt: skip
    os.close(theirs)
    told = await asyncio.to_thread(_all_of, ours)
    os.close(ours)
    await process.wait()
    return told


def _all_of(descriptor: int) -> str:
    pieces: list[bytes] = []
    while True:
        try:
            piece = os.read(descriptor, 65536)
        except OSError:
            piece = b""
        if not piece:
            return b"".join(pieces).decode()
        pieces.append(piece)


@pytest.mark.feature("C5")
@pytest.mark.feature("C7")
async def test_nothing_that_was_said_commands_the_terminal_that_shows_it(small: Bench) -> None:
    decide = call("decision_log", kind="decision", title=EVIL, files=["calc.py"], description=EVIL)
    edit = call("file_edit", path="calc.py", old="return value * 2", new=f"return value * 3  # {EVIL}")
    fail = call("shell", command=f"echo '{EVIL}: command not found'; exit 3 # plover")
    reads = {"text": EVIL, "calls": [call("file_read", path="calc.py")]}
    script: list[Any] = [reads, {"calls": [decide, fail]}, {"calls": [edit]}, *steps(9)]
    async with small.model(*script):
        done = await small.run("ask", EVIL, *YOLO)
        assert done.code == 0, done.err
    for words in (
        ("graph", "show"),
        ("graph", "show", "d1"),
        ("graph", "tree"),
        ("recall", "plover"),
        ("why", "calc.py:7"),
        ("why", "calc.py"),
        ("keepers", "list"),
        ("keepers", "show", "k1"),
        ("keepers", "show", "k1", "--full"),
        ("failures", "list"),
        ("sessions", "list"),
        (
            "sessions",
            "show",
            "--events",
            (await small.run("sessions", "list")).out.splitlines()[1].split()[0],
        ),
    ):
        told = await on_terminal(small, *words)
        assert len(told) > 20, (words, told)
        raw = {letter for letter in told if letter in "\x1b\x07\x9b\u202e"}
        assert raw == set(), (words, told)
