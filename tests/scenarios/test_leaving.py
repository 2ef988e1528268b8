"""Keys that were said stay in the database, and leave it in no file and on no screen."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.scenarios.conftest import Bench, call
from tests.scenarios.test_offload import DONE, small, steps

__all__ = ["small"]
KEY = "sk-ant-api03-" + "aB3x" * 12
TOKEN = "ghp_" + "aB3x" * 9
TITLE = f"Send {KEY} along"
ASKED = f"The plover gateway wants\n{KEY}\nand {TOKEN}."
YOLO = ("--permission-mode", "yolo")


def clean(text: str) -> bool:
    """Whether no part of a key is in a text."""
    return "aB3x" not in text


@pytest.mark.feature("C5")
@pytest.mark.feature("C12")
async def test_keys_leave_in_no_export_and_on_no_screen_and_the_export_can_be_imported(
    small: Bench, tmp_path: Path
) -> None:
    decide = call("decision_log", kind="decision", title=TITLE, files=["calc.py"], description=ASKED)
    shell = call("shell", command=f"true \\\n{TOKEN}")
    edit = call("file_edit", path="calc.py", old="return value * 2", new=f"return value * 3  # {TOKEN}")
    first = {"text": f"I use {KEY}.", "calls": [call("file_read", path="calc.py")]}
    script: list[Any] = [first, {"calls": [decide, shell]}, {"calls": [edit]}, *steps(9)]
    async with small.model(*script):
        done = await small.run("ask", "-v", ASKED, "-n", "keyed", *YOLO)
        assert done.code == 0, done.err
    assert TOKEN not in done.err, "what a call is about"
    export, carried = tmp_path / "graph.html", tmp_path / "session.json"
    for words in (
        ("graph", "diff", "--prompts"),
        *(("graph", "export", "--format", form) for form in ("json", "dot", "mermaid", "svg", "html")),
        ("graph", "export", "-o", str(export)),
        ("graph", "show"),
        ("graph", "show", "d1"),
        ("graph", "show", "d1", "--json"),
        ("graph", "writeup"),
        ("graph", "tree"),
        ("graph", "narrative"),
        ("sessions", "export", "keyed"),
        ("sessions", "export", "keyed", "--format", "json", "-o", str(carried)),
        ("sessions", "show", "keyed"),
        ("sessions", "list"),
        ("recall", "plover gateway"),
        ("recall", "plover gateway", "--json"),
        ("keepers", "list"),
        ("keepers", "show", "k1", "--full"),
        ("keepers", "show", "k1", "--full", "--json"),
        ("keepers", "search", "plover gateway", "--kind", "context"),
        ("why", "calc.py:7"),
        ("why", "calc.py", "--json"),
    ):
        told = await small.run(*words)
        assert told.code == 0 or words[0] == "keepers", (words, told.err)
        assert told.out or told.code, words
        assert clean(told.out), (words, told.out)
    for file in (export, carried):
        assert clean(file.read_text())
        assert "[redacted:api-key]" in file.read_text()
    here = await small.run("sessions", "import", str(carried))
    assert "is here already" in here.out
    other = Bench(tmp_path / "other")
    other.root.mkdir()
    other.git("init", "-q")
    taken = await other.run("sessions", "import", str(carried))
    assert taken.code == 0, taken.err
    assert (await other.run("sessions", "check")).code == 0
    async with small.model(DONE) as server:
        again = await small.run("ask", "go on", "-r", "keyed")
        assert again.code == 0, again.err
        assert KEY in json.dumps([entry.body for entry in server.entries]), "it is kept word for word"
