"""`loomkin demo` in a process of its own, without a network, a key or pytest; and its recording."""

import asyncio
import os
import re
import sys
import zipfile
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder

from loomkin.cli.demo import ALLOWED, PROMPT, make_sample
from loomkin.llm.cassette import read_cassette
from tests.cli.record_demo import ANSWERS, record

AGAIN = "the demo's recording is not what is asked now; run: python -m tests.cli.record_demo"
_MARKS = re.compile(r"\\n *[~^]+(?=\\n)")
"""Lines under the lines of a traceback; Pythons differ in where they draw them."""


async def loomkin(*words: str, environ: dict[str, str] | None = None) -> tuple[int, str]:
    """The exit code and all that was printed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "loomkin", *words,
        env={**os.environ, **(environ or {})}, stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    out, _ = await process.communicate()
    return process.returncode or 0, out.decode()


def asked_for(cassette: Path) -> list[list[tuple[str, str]]]:
    """What each recorded call asked, item by item, without what differs between Pythons."""
    calls = []
    for _, entry in sorted(read_cassette(cassette).items()):
        items = [line.split(" ") for line in entry.asked.outline]
        digests = [next(word for word in words if re.fullmatch("[0-9a-f]{16}", word)) for words in items]
        texts = [_MARKS.sub("", entry.asked.texts[digest]) for digest in digests]
        calls.append([(words[0], text) for words, text in zip(items, texts, strict=True)])
    return calls


@pytest.mark.feature("F3")
async def test_the_demo_mends_the_sample_and_says_what_is_recorded(tmp_path: Path) -> None:
    place = tmp_path / "shop"
    code, out = await loomkin("demo", str(place), environ={"HTTPS_PROXY": "http://127.0.0.1:9"})
    assert code == 0, out
    assert "Recorded: the model's answers" in out
    assert out.index("FAILED (errors=1)") < out.index("coder: file_edit") < out.index("\nOK\n")
    assert "-        if self.count(name) <= count:\n+        if self.count(name) < count:" in out
    assert "if self.count(name) < count:" in (place / "inventory.py").read_text()
    code, out = await loomkin("sessions", "list", "-C", str(place))
    assert PROMPT[:20] in out
    code, out = await loomkin("audit", "-C", str(place))
    assert "python3 -m unittest" in out


async def test_the_demo_does_not_touch_a_folder_that_holds_something(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    code, out = await loomkin("demo", str(tmp_path))
    assert code == 2
    assert out.startswith("loomkin: ")
    assert "is not empty" in out
    assert os.listdir(tmp_path) == ["mine.txt"]


async def test_the_demo_says_what_the_machine_lacks(tmp_path: Path) -> None:
    code, out = await loomkin("demo", str(tmp_path / "shop"), environ={"PATH": str(tmp_path)})
    assert code == 1
    assert "needs git" in out


async def test_the_recording_fits_the_present_prompts_and_tools(tmp_path: Path) -> None:
    anew = tmp_path / "anew.cassette"
    await record(tmp_path / "shop", anew, os.environ)
    assert asked_for(anew) == asked_for(ANSWERS), AGAIN
    answers = [[entry.deltas for _, entry in sorted(read_cassette(file).items())] for file in (anew, ANSWERS)]
    assert [len(deltas) for deltas in answers[0]] == [len(deltas) for deltas in answers[1]], AGAIN


async def test_the_recording_plays_strictly_where_it_was_just_made(tmp_path: Path) -> None:
    anew, place = tmp_path / "anew.cassette", tmp_path / "elsewhere" / "shop"
    await record(tmp_path / "shop", anew, os.environ)
    make_sample(place, os.environ)
    code, out = await loomkin(
        "ask", "--bare", "--permission-mode", "edits", "--allowed-tools", ALLOWED,
        "--replay", str(anew), "-C", str(place), PROMPT, environ={"PYTHONDONTWRITEBYTECODE": "1"},
    )  # fmt: skip
    assert code == 0, out
    assert "all 3 tests pass" in out


def test_a_wheel_holds_the_demo_the_roles_and_the_tools_words(tmp_path: Path) -> None:
    top = ANSWERS.parents[2]
    (built,) = WheelBuilder(str(top)).build(directory=str(tmp_path), versions=["standard"])
    held = set(zipfile.ZipFile(built).namelist())
    needed = {
        str(path.relative_to(top))
        for path in (top / "loomkin").rglob("*.*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert needed - held == set()
