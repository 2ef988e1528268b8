"""Whatever a model writes as a path, every file tool answers in words that it can act on."""

import asyncio
import json
import os
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from loomkin.permissions.gate import Gate
from loomkin.permissions.hooks import Hooks
from loomkin.permissions.policy import Policy
from loomkin.project.nested import NestedRules
from loomkin.project.sight import Sight
from loomkin.project.workplace import Workplace
from loomkin.records.ids import CallId, SessionId
from loomkin.records.message import ToolCall
from loomkin.records.permission import Mode
from loomkin.runtime.clock import SystemClock
from loomkin.runtime.recorder import Scribe
from loomkin.tooling.runner import Runner
from loomkin.tooling.tool import Call
from loomkin.tooling.toolbox import AnyTool, Toolbox
from loomkin.tools.files.changing import Editing
from loomkin.tools.files.file_edit import FileEdit
from loomkin.tools.files.file_patch import FilePatch
from loomkin.tools.files.file_read import FileRead
from loomkin.tools.files.file_write import FileWrite
from loomkin.tools.search.content_search import ContentSearch
from loomkin.tools.search.directory_list import DirectoryList
from loomkin.tools.search.file_search import FileSearch
from tests.tooling.test_runner import Log, Results

LONG = "x" * 300
DEEP = "x/" * 2500 + "x"
FILES = ("file_read", "file_write", "file_edit", "file_patch")
TOOLS = (*FILES, "file_search", "directory_list", "content_search")
ODD = [
    "",
    " ",
    ".",
    "d",
    "d/",
    "d/new/",
    "loop",
    "loop/x",
    "dangling",
    "pipe",
    "a.txt/",
    "a.txt/b",
    "*",
    "$x",
]
IMPOSSIBLE = {
    "a\0b": "Nothing can be called a\\x00b: it has a NUL character.\nCheck the path.",
    "a\ud800": "Nothing can be called a\\ud800: it has half a character.\nCheck the path.",
    LONG: f"Nothing can be called {'x' * 80}…: it is too long (300 characters in its last name, ",
    DEEP: f"Nothing can be called {'x/' * 40}…: it is too long (1 characters in its last name, ",
}


def furnished(folder: Path) -> Path:
    (folder / "a.txt").write_text("one\n")
    (folder / "d").mkdir()
    (folder / "loop").symlink_to("loop")
    (folder / "dangling").symlink_to("nowhere")
    os.mkfifo(folder / "pipe")
    return folder


def arguments(name: str, path: str) -> dict[str, str]:
    patch = f"*** Begin Patch\n*** Add File: {path}\n+two\n*** End Patch"
    return {
        "file_write": {"path": path, "content": "two\n"},
        "file_edit": {"path": path, "old": "one", "new": "two"},
        "file_patch": {"patch": patch},
        "file_search": {"path": path, "pattern": "*"},
        "content_search": {"path": path, "pattern": "one"},
    }.get(name, {"path": path})


async def answer(folder: Path, name: str, path: str) -> str:
    """What a model reads after a call with the path."""
    workplace, sight, results = Workplace(folder, (), folder / "outputs"), Sight(), Results()
    editing = Editing(workplace, sight)
    gate = Gate(Policy((), Mode.YOLO, (folder,), folder / "home"), None)
    toolbox = Toolbox(TOOLS, ())
    tools: list[AnyTool] = [
        FileRead(workplace, sight, NestedRules(folder, ())), FileWrite(editing), FileEdit(editing),
        FilePatch(workplace, editing), FileSearch(workplace), DirectoryList(workplace),
        ContentSearch(workplace, gate),
    ]  # fmt: skip
    for tool in tools:
        toolbox.know(tool)
    scribe = Scribe(Log(), SessionId("s"), "coder")

    def call_of(call: ToolCall) -> Call:
        return Call(call.id, scribe.session, "coder", folder)

    hooks = Hooks((), folder, dict(os.environ))
    runner = Runner(toolbox, gate, hooks, SystemClock(), lambda text: text, call_of)
    call = ToolCall(CallId("1"), name, json.dumps(arguments(name, path)))
    await runner.run([call], False, scribe, results)
    return results.by_call[CallId("1")].text


@pytest.mark.parametrize("name", TOOLS)
@pytest.mark.parametrize("path", list(IMPOSSIBLE), ids=["NUL", "half", "long", "deep"])
async def test_a_path_that_no_file_can_have_is_named_with_the_reason(
    tmp_path: Path, name: str, path: str
) -> None:
    text = await answer(tmp_path, name, path)
    assert text.startswith(IMPOSSIBLE[path])
    assert len(text) < 300


@pytest.mark.parametrize(
    ("name", "path", "words"),
    [
        ("file_read", "pipe", "pipe is a pipe, not a file. Name a file."),
        ("file_read", "/dev/null", "/dev/null is a device, not a file. Name a file."),
        ("file_read", "dangling", "dangling is a symbolic link to nowhere, where there is nothing."),
        (
            "file_read",
            "a.txt/b",
            "There is no file a.txt/b: a.txt is a file, no folder. Use file_search to find it.",
        ),
        (
            "file_read",
            "gone/b",
            "There is no file gone/b: gone does not exist. Use file_search to find it.",
        ),
        ("file_write", "d/new/", "d/new/ names a folder by its last /.\nName a file."),
        *(
            (name, "loop", "loop leads nowhere: its symbolic links go in a circle. Name a file itself.")
            for name in FILES
        ),
        *(
            (
                name,
                "a.txt",
                "a.txt is not a folder. Read it with file_read, or name its folder.",
            )
            for name in ("file_search", "directory_list")
        ),
    ],
)
async def test_what_is_no_file_or_folder_is_called_what_it_is(
    tmp_path: Path, name: str, path: str, words: str
) -> None:
    assert (await answer(furnished(tmp_path), name, path)).startswith(words)


@settings(deadline=None, max_examples=150)
@given(
    st.sampled_from(TOOLS),
    st.lists(st.sampled_from(ODD) | st.text(st.characters(), max_size=6), max_size=3)
    .map("/".join)
    .filter(lambda path: ".." not in path),
)
@example("file_edit", "a\udcff")
@example("content_search", " / ")
def test_no_path_breaks_a_tool(name: str, path: str) -> None:
    with TemporaryDirectory() as folder:
        # tools pass over space around a path; what would lead to the machine's own files begins with a name
        inside = "./" + path.lstrip() if path.lstrip().startswith(("/", "\\", "~")) else path
        text = asyncio.run(answer(furnished(Path(folder).resolve()), name, inside))
    assert "failed: " not in text
    assert "Errno" not in text
    text.encode()
