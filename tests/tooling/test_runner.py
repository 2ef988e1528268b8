"""Planned calls run together or in turn as they must, and each ends with exactly one result."""

import asyncio
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pytest

from loomkin.config.settings import HookSettings
from loomkin.errors import StoreError
from loomkin.permissions.gate import Answer, Approval, Gate, Scope
from loomkin.permissions.hooks import Hooks
from loomkin.permissions.policy import Policy
from loomkin.records.event import CallFinished, CallStarted, Fact, FileChanged, GrantAdded, PermissionDecided
from loomkin.records.ids import CallId, SessionId
from loomkin.records.message import ToolCall, ToolResult
from loomkin.records.permission import Access, Decision, Mode, Rule, ToolUse
from loomkin.runtime.clock import SystemClock
from loomkin.runtime.recorder import Scribe
from loomkin.tooling.runner import Runner
from loomkin.tooling.tool import Call, Change, Fail, Ok, Tool
from loomkin.tooling.toolbox import AnyTool, Toolbox


@dataclass(frozen=True, slots=True)
class Params:
    path: str
    say: str = ""


class Desk:
    """Lets tools meet: `running` are those inside, `gates` hold them."""

    def __init__(self) -> None:
        self.running: list[str] = []
        self.order: list[str] = []
        self.most = 0
        self.gate = asyncio.Event()
        self.gate.set()
        self.entered = asyncio.Event()


class Base(Tool[Params]):
    params_type: ClassVar[type] = Params

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def use(self, params: Params, call: Call) -> ToolUse:
        paths = (str(call.cwd / params.path),)
        writes = paths if self.access is Access.WRITE else ()
        reads = paths if self.access is Access.READ else ()
        command = params.path if self.access is Access.EXECUTE else ""
        return ToolUse(self.name, self.access, str(call.cwd), reads, writes, command)

    async def run(self, params: Params, call: Call) -> Ok | Fail:
        desk = self.desk
        desk.running.append(params.path)
        desk.most = max(desk.most, len(desk.running))
        desk.entered.set()
        try:
            await desk.gate.wait()
            await asyncio.sleep(0)
            desk.order.append(f"{self.name} {params.path}")
        finally:
            desk.running.remove(params.path)
        if params.say == "fail":
            return Fail("It did not work. Do it otherwise.")
        if params.say == "raise":
            raise RuntimeError("a bug")
        changes = (Change(params.path, "a", "b", 1, 0, "+x"),) if self.access is Access.WRITE else ()
        return Ok(f"{self.name} {params.path} {params.say}".strip(), changes)


class Read(Base):
    name: ClassVar[str] = "file_read"
    access: ClassVar[Access] = Access.READ


class Edit(Base):
    name: ClassVar[str] = "file_edit"
    access: ClassVar[Access] = Access.WRITE


class Shell(Base):
    name: ClassVar[str] = "shell"
    access: ClassVar[Access] = Access.EXECUTE


class Odd(Base):
    """Fails where its parameter says."""

    name: ClassVar[str] = "odd"
    access: ClassVar[Access] = Access.EXECUTE
    limit: ClassVar[float | None] = None

    def use(self, params: Params, call: Call) -> ToolUse:
        if params.say == "use":
            raise ValueError("embedded null byte")
        return super().use(params, call)

    async def preview(self, params: Params, call: Call) -> str:
        if params.say == "preview":
            raise OSError("no such file")
        return ""

    async def run(self, params: Params, call: Call) -> Ok | Fail:
        if params.say == "run":
            raise TimeoutError("the database is busy")
        return Ok("done")


class Log:
    def __init__(self) -> None:
        self.facts: list[Fact] = []
        self.flushes: list[int] = []
        self.failure: StoreError | None = None

    def record(self, fact: Fact, session: SessionId, agent: str = "", task: str = "") -> None:
        self.facts.append(fact)

    async def flush(self) -> None:
        if self.failure:
            raise self.failure
        self.flushes.append(len(self.facts))


class Results:
    def __init__(self) -> None:
        self.by_call: dict[str, ToolResult] = {}
        self.changes: list[Change] = []

    def add_result(self, result: ToolResult, outcome: Ok | Fail) -> None:
        assert result.call_id not in self.by_call, "a call has one result"
        self.by_call[result.call_id] = result
        self.changes += outcome.changes if isinstance(outcome, Ok) else ()


class Person:
    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.asked: list[Approval] = []

    async def approve(self, approval: Approval) -> Answer:
        self.asked.append(approval)
        return self.answer


@dataclass
class Stage:
    """A runner with its surroundings."""

    runner: Runner
    desk: Desk
    log: Log
    results: Results
    scribe: Scribe

    async def run(self, *calls: ToolCall, truncated: bool = False) -> dict[str, str]:
        await self.runner.run(calls, truncated, self.scribe, self.results)
        return {name: result.text for name, result in self.results.by_call.items()}


def stage(
    tmp_path: Path,
    mode: Mode = Mode.YOLO,
    rules: Sequence[Rule] = (),
    person: Person | None = None,
    hooks: Sequence[HookSettings] = (),
) -> Stage:
    desk, log = Desk(), Log()
    toolbox = Toolbox(("file_read", "file_edit", "shell", "odd"), ())
    tools: list[AnyTool] = [Read(desk), Edit(desk), Shell(desk), Odd(desk)]
    for tool in tools:
        toolbox.know(tool)
    gate = Gate(Policy(rules, mode, (tmp_path,), tmp_path / "home"), person)
    scribe = Scribe(log, SessionId("s"), "coder")

    def call_of(call: ToolCall) -> Call:
        return Call(call.id, scribe.session, "coder", tmp_path)

    runner = Runner(
        toolbox, gate, Hooks(hooks, tmp_path, dict(os.environ)), SystemClock(), lambda text: text, call_of
    )
    return Stage(runner, desk, log, Results(), scribe)


def planned(identity: str, name: str, path: str, say: str = "") -> ToolCall:
    return ToolCall(CallId(identity), name, json.dumps({"path": path, "say": say}))


async def test_reads_run_together(tmp_path: Path):
    it = stage(tmp_path)
    await it.run(*(planned(str(n), "file_read", f"{n}.py") for n in range(5)))
    assert it.desk.most == 5
    assert len(it.results.by_call) == 5


async def test_writes_of_one_path_run_in_turn_and_of_two_paths_together(tmp_path: Path):
    it = stage(tmp_path)
    await it.run(
        planned("1", "file_edit", "a", "one"),
        planned("2", "file_edit", "a", "two"),
        planned("3", "file_edit", "b"),
    )
    assert it.desk.most == 2
    assert [path for path in it.desk.order if path.endswith("a")] == ["file_edit a"] * 2
    assert [change.path for change in it.results.changes].count("a") == 2


async def test_a_command_waits_for_the_edit_before_it_and_a_read_for_the_command(tmp_path: Path):
    it = stage(tmp_path)
    await it.run(
        planned("1", "file_edit", "a"), planned("2", "shell", "true"), planned("3", "file_read", "a")
    )
    assert it.desk.most == 1
    assert it.desk.order == ["file_edit a", "shell true", "file_read a"]


async def test_what_can_have_an_effect_is_on_disk_before_it_runs(tmp_path: Path):
    it = stage(tmp_path)
    await it.run(planned("1", "shell", "true"))
    started = next(n for n, fact in enumerate(it.log.facts) if isinstance(fact, CallStarted))
    assert it.log.flushes == [started + 1]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (ToolCall(CallId("x"), "file_raed", "{}"), "There is no tool `file_raed`. Did you mean `file_read`?"),
        (ToolCall(CallId("x"), "file_read", "{}"), "`path` (string) is required"),
        (ToolCall(CallId("x"), "file_read", "not json"), "not a JSON object"),
        (planned("x", "file_read", "a", "fail"), "It did not work. Do it otherwise."),
        (planned("x", "file_read", "a", "raise"), "file_read failed: RuntimeError: a bug"),
    ],
)
async def test_every_failure_is_a_result_that_says_what_to_do(tmp_path: Path, call: ToolCall, words: str):
    it = stage(tmp_path)
    texts = await it.run(call, planned("other", "file_read", "b"))
    assert words in texts["x"]
    assert it.results.by_call[CallId("x")].is_error
    assert texts["other"] == "file_read b"


@pytest.mark.parametrize(
    ("where", "words"),
    [
        ("use", "odd failed: ValueError: embedded null byte"),
        ("preview", "odd failed: OSError: no such file"),
        ("run", "odd failed: TimeoutError: the database is busy"),
    ],
)
async def test_a_tool_that_breaks_anywhere_fails_alone(tmp_path: Path, where: str, words: str):
    it = stage(tmp_path, Mode.ASK, person=Person(Answer(True)))
    texts = await it.run(
        planned("1", "file_read", "a"), planned("2", "odd", "b", where), planned("3", "file_read", "c")
    )
    assert words in texts["2"]
    assert it.results.by_call[CallId("2")].is_error
    assert (texts["1"], texts["3"]) == ("file_read a", "file_read c")


async def test_cancelling_while_a_hook_looks_at_a_result_keeps_the_result(tmp_path: Path):
    entered = tmp_path / "entered"
    os.mkfifo(entered)
    hook = HookSettings("PostToolUse", f"echo in > {entered}; exec sleep 60")
    it = stage(tmp_path, hooks=(hook,))
    async with asyncio.TaskGroup() as group:
        task = group.create_task(it.run(planned("1", "file_edit", "a"), planned("2", "shell", "b")))
        await asyncio.to_thread(entered.read_text)
        task.cancel()
    assert it.results.by_call[CallId("1")].text == "file_edit a"
    assert [change.path for change in it.results.changes] == ["a"]
    assert [fact.path for fact in it.log.facts if isinstance(fact, FileChanged)] == ["a"]
    assert "had no effect" in it.results.by_call[CallId("2")].text


async def test_a_call_cut_off_by_the_output_limit_never_runs(tmp_path: Path):
    it = stage(tmp_path)
    texts = await it.run(planned("1", "file_read", "a"), planned("2", "file_edit", "b"), truncated=True)
    assert texts["1"] == "file_read a"
    assert "cut off" in texts["2"]
    assert it.desk.order == ["file_read a"]


async def test_without_a_person_what_asks_is_denied_and_said_so(tmp_path: Path):
    it = stage(tmp_path, Mode.ASK)
    texts = await it.run(planned("1", "shell", "make"), planned("2", "file_read", "a"))
    assert texts["1"].startswith("Not permitted: nobody is there")
    assert texts["2"] == "file_read a"
    assert it.desk.order == ["file_read a"]
    denied = [
        fact for fact in it.log.facts if isinstance(fact, PermissionDecided) and fact.decision == "deny"
    ]
    assert [fact.by for fact in denied] == ["headless"]
    assert [use.command for use in it.runner.gate.denials] == ["make"]


async def test_a_session_grant_answers_for_the_next_call(tmp_path: Path):
    person = Person(Answer(True, Scope.SESSION, "shell(make)"))
    it = stage(tmp_path, Mode.ASK, person=person)
    await it.run(planned("1", "shell", "make"), planned("2", "shell", "make"))
    assert len(person.asked) == 1
    assert it.desk.order == ["shell make"] * 2
    assert [fact.rule for fact in it.log.facts if isinstance(fact, GrantAdded)] == ["shell(make)"]


async def test_the_reason_of_a_person_who_declines_reaches_the_model(tmp_path: Path):
    person = Person(Answer(False, reason="use ninja"))
    it = stage(tmp_path, Mode.ASK, person=person)
    texts = await it.run(planned("1", "shell", "make"))
    assert "use ninja" in texts["1"]


async def test_a_denial_beats_yolo(tmp_path: Path):
    it = stage(tmp_path, Mode.YOLO, [Rule(Decision.DENY, "shell(make *)", "project LOOMKIN.md:4")])
    texts = await it.run(planned("1", "shell", "make all"))
    assert "LOOMKIN.md:4" in texts["1"]
    assert it.desk.order == []


async def test_cancelling_gives_each_call_one_result_and_passes_through(tmp_path: Path):
    it = stage(tmp_path)
    it.desk.gate.clear()
    calls = [planned("1", "shell", "one"), planned("2", "shell", "two")]
    async with asyncio.TaskGroup() as group:
        task = group.create_task(it.run(*calls))
        await it.desk.entered.wait()
        task.cancel()
    assert task.cancelled()
    assert "may have had effects" in it.results.by_call[CallId("1")].text
    assert "had no effect" in it.results.by_call[CallId("2")].text
    states = [fact.state for fact in it.log.facts if isinstance(fact, CallFinished)]
    assert states == ["cancelled", "cancelled"]
    assert it.desk.running == []


async def test_a_database_that_cannot_be_written_stops_the_run_before_the_effect(tmp_path: Path):
    it = stage(tmp_path)
    it.log.failure = StoreError("The disk is full.")
    with pytest.raises(StoreError):
        await it.run(planned("1", "shell", "true"))
    assert it.desk.order == []


async def test_objects_glued_together_become_several_calls(tmp_path: Path):
    it = stage(tmp_path)
    glued = ToolCall(CallId("x"), "file_read", '{"path": "a"}{"path": "b"}')
    several = it.runner.separated(glued)
    assert [json.loads(one.arguments)["path"] for one in several] == ["a", "b"]
    assert len({one.id for one in several}) == 2
    unfit = ToolCall(CallId("x"), "file_read", '{"path": "a"}{"wrong": "b"}')
    assert it.runner.separated(unfit) == (unfit,)
