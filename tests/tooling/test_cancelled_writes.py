"""A turn may be stopped at any moment: what stands on disk stands in the log and in the model's history."""

import asyncio
import fcntl
import json
import os
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loomkin.permissions.gate import Gate
from loomkin.permissions.hooks import Hooks
from loomkin.permissions.policy import Policy
from loomkin.project.sight import Sight
from loomkin.project.text import sha_of
from loomkin.project.workplace import Workplace
from loomkin.records.event import FileChanged
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
from loomkin.tools.files.file_write import FileWrite
from tests.tooling.test_runner import Log, Results

BEFORE, AFTER = "one\n", "two\n"
PATCH = "*** Begin Patch\n*** Update File: a.txt\n@@\n-one\n+two\n*** End Patch"
ARGUMENTS = {
    "file_write": {"path": "a.txt", "content": AFTER},
    "file_edit": {"path": "a.txt", "old": "one", "new": "two"},
    "file_patch": {"patch": PATCH},
}


class Desk:
    """A runner with the real editing tools, and all it wrote down."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "a.txt"
        self.path.write_text(BEFORE)
        self.log, self.results, self.sight = Log(), Results(), Sight()
        self.sight.saw("coder", self.path, sha_of(BEFORE.encode()))
        workplace = Workplace(folder, (), folder / "outputs")
        editing = Editing(workplace, self.sight)
        toolbox = Toolbox(tuple(ARGUMENTS), ())
        tools: list[AnyTool] = [FileWrite(editing), FileEdit(editing), FilePatch(workplace, editing)]
        for tool in tools:
            toolbox.know(tool)
        gate = Gate(Policy((), Mode.YOLO, (folder,), folder / "home"), None)
        hooks = Hooks((), folder, dict(os.environ))
        self.scribe = Scribe(self.log, SessionId("s"), "coder")

        def call_of(call: ToolCall) -> Call:
            return Call(call.id, self.scribe.session, "coder", folder)

        self.runner = Runner(toolbox, gate, hooks, SystemClock(), lambda text: text, call_of)

    async def run(self, name: str) -> None:
        call = ToolCall(CallId("1"), name, json.dumps(ARGUMENTS[name]))
        await self.runner.run([call], False, self.scribe, self.results)

    def check(self) -> None:
        """What was written is known to all, and only that."""
        now = self.path.read_text()
        text = self.results.by_call[CallId("1")].text
        recorded = [fact for fact in self.log.facts if isinstance(fact, FileChanged)]
        assert [fact.after for fact in recorded] == ([sha_of(AFTER.encode())] if now == AFTER else [])
        assert text.startswith("Changed a.txt" if now == AFTER else "Stopped before it")
        assert self.sight.seen("coder", self.path) == sha_of(now.encode())


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(sorted(ARGUMENTS)), st.integers(1, 400) | st.integers(1, 12))
def test_a_write_is_recorded_at_whatever_moment_the_turn_is_stopped(name: str, rounds: int) -> None:
    async def stopped(desk: Desk) -> None:
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(desk.run(name))
            for _ in range(rounds):
                await asyncio.sleep(0)
            task.cancel()

    with TemporaryDirectory() as folder:
        desk = Desk(Path(folder).resolve())
        asyncio.run(stopped(desk))
        desk.check()


@pytest.mark.parametrize("name", sorted(ARGUMENTS))
async def test_a_write_that_has_begun_is_waited_for_recorded_and_told(tmp_path: Path, name: str) -> None:
    desk = Desk(tmp_path)
    with desk.path.open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(desk.run(name))
            await asyncio.to_thread(_until_another_has_it_open, desk.path)
            task.cancel()
            await asyncio.sleep(0)
            assert not task.done()
            fcntl.flock(held, fcntl.LOCK_UN)
    assert task.cancelled()
    assert desk.path.read_text() == AFTER
    desk.check()


def _until_another_has_it_open(path: Path) -> None:
    """Return when somebody besides the test has the file open to lock it."""
    until = time.monotonic() + 5
    while sum(_leads_to(name, path) for name in os.listdir("/proc/self/fd")) < 2:
        assert time.monotonic() < until


def _leads_to(descriptor: str, path: Path) -> bool:
    return os.path.realpath(f"/proc/self/fd/{descriptor}") == str(path)
