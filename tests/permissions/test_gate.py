"""The gate: several calls wait for the person at once, each with its own answer."""

import asyncio
from pathlib import Path

from loomkin.permissions.gate import Answer, Approval, Gate, Scope
from loomkin.permissions.policy import Policy
from loomkin.records.event import ApprovalAsked, Fact, GrantAdded, PermissionDecided, StateChanged
from loomkin.records.ids import SessionId
from loomkin.records.permission import Access, Decision, Mode, ToolUse
from loomkin.runtime.recorder import Scribe


class Log:
    def __init__(self) -> None:
        self.facts: list[tuple[str, Fact]] = []

    def record(self, fact: Fact, session: SessionId, agent: str = "", task: str = "") -> None:
        self.facts.append((agent, fact))

    async def flush(self) -> None:
        return


class Slow:
    """A person who answers when a test says so."""

    def __init__(self) -> None:
        self.asked: dict[str, asyncio.Future[Answer]] = {}
        self.more = asyncio.Event()

    async def approve(self, approval: Approval) -> Answer:
        future = self.asked[approval.agent] = asyncio.get_running_loop().create_future()
        self.more.set()
        return await future

    async def all_asked(self, count: int) -> None:
        while len(self.asked) < count:
            self.more.clear()
            await self.more.wait()


def push(root: Path) -> ToolUse:
    return ToolUse("shell", Access.EXECUTE, str(root), command="git push")


def write(root: Path, name: str) -> ToolUse:
    return ToolUse("file_write", Access.WRITE, str(root), writes=(str(root / name),))


def gate_of(root: Path, person: Slow) -> Gate:
    return Gate(Policy((), Mode.ASK, (root,), root / "home"), person)


async def test_the_question_of_one_agent_does_not_hold_up_that_of_another(tmp_path: Path) -> None:
    person, log = Slow(), Log()
    gate = gate_of(tmp_path, person)
    async with asyncio.TaskGroup() as group:
        calls = {
            name: group.create_task(
                gate.check(write(tmp_path, name), "c1", "", Scribe(log, SessionId("s"), name))
            )
            for name in ("coder", "tester")
        }
        await person.all_asked(2)
        person.asked["tester"].set_result(Answer(True))
        assert (await calls["tester"]).decision is Decision.ALLOW
        assert not calls["coder"].done()
        person.asked["coder"].set_result(Answer(False, reason="not this one"))
    assert calls["coder"].result().reason == "not this one"
    of_coder = [fact for agent, fact in log.facts if agent == "coder"]
    assert [type(fact) for fact in of_coder] == [
        ApprovalAsked, StateChanged, StateChanged, PermissionDecided,
    ]  # fmt: skip
    assert StateChanged("waiting_person", "file_write") in of_coder


async def test_a_rule_that_the_person_saves_answers_the_others_that_it_fits(tmp_path: Path) -> None:
    person, log = Slow(), Log()
    gate = gate_of(tmp_path, person)
    async with asyncio.TaskGroup() as group:
        calls = {
            name: group.create_task(gate.check(push(tmp_path), "c1", "", Scribe(log, SessionId("s"), name)))
            for name in ("coder", "tester")
        }
        other = group.create_task(
            gate.check(write(tmp_path, "a"), "c2", "", Scribe(log, SessionId("s"), "lead"))
        )
        await person.all_asked(3)
        person.asked["tester"].set_result(Answer(True, Scope.SESSION, "shell(git push)"))
        assert (await calls["coder"]).decision is Decision.ALLOW
        assert person.asked["coder"].cancelled()
        assert not other.done()
        person.asked["lead"].set_result(Answer(True))
    assert sum(isinstance(fact, GrantAdded) for _, fact in log.facts) == 1


async def test_a_question_goes_with_the_call_that_is_cancelled(tmp_path: Path) -> None:
    person, log = Slow(), Log()
    gate = gate_of(tmp_path, person)
    async with asyncio.TaskGroup() as group:
        call = group.create_task(gate.check(push(tmp_path), "c1", "", Scribe(log, SessionId("s"), "coder")))
        await person.all_asked(1)
        call.cancel()
    assert person.asked["coder"].cancelled()
