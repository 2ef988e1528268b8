"""Claims of several agents, through the real tools: taken by edits, waited for, given back."""

import ast
import asyncio
import random
import re
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import ClassVar

import pytest

from loomkin.records.event import Event, TurnEnded
from loomkin.records.ids import SessionId
from loomkin.records.mail import Delivery
from loomkin.records.permission import Access, ToolUse
from loomkin.records.region import Region
from loomkin.records.task import Handoff, TaskState
from loomkin.records.team_event import RegionClaimed, RegionContested, RegionReleased
from loomkin.store import team
from loomkin.store.database import Database
from loomkin.store.journal import Journal
from loomkin.team.claims import LEASE, Claims
from loomkin.team.transitions import Actor, Verb
from loomkin.tooling.tool import Call, Fail, Ok, Tool
from loomkin.tools.files.file_patch import FilePatch
from loomkin.tools.files.file_patch import Params as PatchParams
from loomkin.tools.files.file_write import FileWrite
from loomkin.tools.files.file_write import Params as WriteParams
from loomkin.tools.regions.region_claim import Params as ClaimParams
from loomkin.tools.regions.region_claim import RegionClaim
from loomkin.tools.regions.region_release import Params as ReleaseParams
from loomkin.tools.regions.region_release import RegionRelease
from tests.team.claims_desk import Desk

TEXT = "def one():\n    return 1\n\n\ndef two():\n    return 2\n"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    made = Desk(tmp_path)
    made.put("a.py", TEXT)
    return made


def ok(result: Ok | Fail) -> str:
    assert isinstance(result, Ok), result.text
    return result.text


def failed(result: Ok | Fail) -> str:
    assert isinstance(result, Fail), result.text
    return result.text


async def claim(desk: Desk, agent: str, symbol: str, *, wait: bool = False, path: str = "a.py") -> Ok | Fail:
    params = ClaimParams(path, f"{agent} wants {symbol}", symbol, wait=wait)
    return await desk.use(agent, RegionClaim(desk.claims, desk.workplace), params)


async def test_an_edit_claims_the_function_it_changes_and_its_lines_follow(desk: Desk) -> None:
    ok(await desk.edit("ann", "a.py", "    return 1", "    x = 1\n    y = 2\n    return x"))
    ok(await desk.edit("bob", "a.py", "    return 2", "    return 3"))
    regions = [one.region for one in desk.claims.held()]
    assert regions == [Region("a.py", "one", 1, 4), Region("a.py", "two", 7, 8)]
    assert (desk.root / "a.py").read_text().endswith("return x\n\n\ndef two():\n    return 3\n")


async def test_the_second_on_one_function_is_told_who_holds_it_what_for_and_the_choice(desk: Desk) -> None:
    task = desk.task("ann", "Make one() right")
    ok(await desk.edit("ann", "a.py", "    return 1", "    return 11"))
    desk.clock.time += 40
    said = failed(await desk.edit("bob", "a.py", "def one():", "def uno():"))
    assert f"ann holds `one` in a.py (lines 1-2) since 40 s, for: Make one() right (task {task})." in said
    for choice in (
        'region_claim(path="a.py", symbol="one", wait=true)',
        "another part",
        "ann by peer_message",
    ):
        assert choice in said
    assert "def uno" not in (desk.root / "a.py").read_text()
    assert [one for one in desk.notes.facts if isinstance(one, RegionContested)] == [
        RegionContested("a.py:one", "bob", "ann", "Make one() right")
    ]


async def test_a_refused_edit_leaves_no_claim(desk: Desk) -> None:
    await desk.edit("ann", "a.py", "not there at all", "x")
    assert desk.held() == []
    assert desk.in_force() == set()


async def test_a_whole_file_and_a_deleted_one_are_claimed_whole(desk: Desk) -> None:
    ok(await desk.use("ann", FileWrite(desk.editing), WriteParams("new.py", "x = 1\n")))
    patch = "*** Begin Patch\n*** Delete File: a.py\n*** End Patch"
    ok(await desk.edit("bob", "a.py", "    return 2", "    return 3"))
    desk.read("ann", "a.py")
    said = failed(await desk.use("ann", FilePatch(desk.workplace, desk.editing), PatchParams(patch)))
    assert "all of a.py is being changed" in said
    assert desk.held() == ["new.py", "a.py:two"]
    said = failed(await desk.edit("bob", "new.py", "x = 1", "x = 2"))
    assert "ann holds all of new.py" in said


async def test_a_patch_takes_all_its_regions_or_none(desk: Desk) -> None:
    desk.put("b.py", TEXT)
    ok(await desk.edit("bob", "b.py", "    return 2", "    return 3"))
    patch = (
        "*** Begin Patch\n*** Update File: a.py\n@@\n-    return 1\n+    return 4\n"
        "*** Update File: b.py\n@@\n-    return 3\n+    return 4\n*** End Patch"
    )
    failed(await desk.use("ann", FilePatch(desk.workplace, desk.editing), PatchParams(patch)))
    assert desk.held("ann") == []
    assert (desk.root / "a.py").read_text() == TEXT


async def test_what_two_agents_put_between_the_same_lines_both_stands(desk: Desk) -> None:
    for agent in ("ann", "bob"):
        new = f"\n\ndef of_{agent}():\n    return 0\n\n\ndef two():"
        ok(await desk.edit(agent, "a.py", "\n\ndef two():", new))
    text = (desk.root / "a.py").read_text()
    ast.parse(text)
    assert "def of_ann" in text
    assert "def of_bob" in text
    # each holds what it put in
    failed(await desk.edit("ann", "a.py", "def of_bob():\n    return 0", "def of_bob():\n    return 1"))


async def test_claims_end_with_the_task(desk: Desk) -> None:
    task = desk.task("ann", "Mend one()")
    ok(await desk.edit("ann", "a.py", "    return 1", "    return 11"))
    desk.claims.idle("ann")
    assert desk.held() == ["a.py:one"]
    desk.board.hand_off(task, Handoff(done="It returns 11."))
    desk.board.move(task, Verb.COMPLETE, "ann")
    desk.board.move(task, Verb.PASS, "tester", role=Actor.VERIFIER)
    assert desk.board.task(task).state is TaskState.DONE
    assert desk.held() == []
    assert desk.in_force() == set()


async def test_without_a_task_claims_end_with_the_turn(desk: Desk) -> None:
    ok(await desk.edit("ann", "a.py", "    return 1", "    return 11"))
    desk.claims.idle("ann")
    assert desk.held() == []
    assert isinstance(desk.notes.facts[-1], RegionReleased)


async def test_a_lease_ends_without_a_sign_of_life_and_goes_on_with_one(desk: Desk) -> None:
    ok(await desk.edit("ann", "a.py", "    return 1", "    return 11"))
    desk.clock.time += LEASE - 1
    failed(await desk.edit("bob", "a.py", "def one():", "def uno():"))
    ok(await desk.edit("ann", "a.py", "    return 2", "    return 22"))
    desk.clock.time += LEASE - 1
    failed(await desk.edit("bob", "a.py", "def one():", "def uno():"))
    desk.clock.time += 2
    ok(await desk.edit("bob", "a.py", "def one():", "def uno():"))


async def test_who_waits_gets_the_region_when_it_is_free_in_the_order_of_asking(desk: Desk) -> None:
    ok(await claim(desk, "ann", "one"))
    async with asyncio.TaskGroup() as group:
        bob = group.create_task(claim(desk, "bob", "one", wait=True))
        await desk.waiting(1)
        cid = group.create_task(claim(desk, "cid", "one", wait=True))
        await desk.waiting(2)
        ok(await desk.edit("ann", "a.py", "    return 1", "    a = 1\n    return a"))
        ok(await desk.use("ann", RegionRelease(desk.claims, desk.workplace), ReleaseParams("a.py")))
        said = ok(await bob)
        assert "`one` in a.py (lines 1-3) is yours" in said
        assert "It was changed meanwhile" in said
        assert not cid.done()
        desk.claims.idle("bob")
        ok(await cid)
    assert desk.held() == ["a.py:one"]


async def test_who_waited_too_long_is_told_by_mail(desk: Desk) -> None:
    ok(await claim(desk, "ann", "one"))
    assert await desk.claims.wait("bob", Region("a.py", "one", 1, 2), "say it", 0.01) is None
    assert desk.letters("bob") == []
    desk.claims.idle("ann")
    assert desk.held("bob") == ["a.py:one"]
    (letter,) = desk.letters("bob")
    assert letter.startswith("`one` in a.py (lines 1-2) is free and yours now, for: say it.")


async def test_who_asks_again_keeps_its_place_in_the_line(desk: Desk) -> None:
    region = Region("a.py", "one", 1, 2)
    ok(await claim(desk, "ann", "one"))
    for agent in ("bob", "cid", "bob"):
        assert await desk.claims.wait(agent, region, "say it", 0.01) is None
    assert [one.agent for one in desk.claims.queue] == ["bob", "cid"]


async def test_the_end_of_the_hosts_turn_is_heard_late_and_ends_only_what_it_took_before(desk: Desk) -> None:
    ok(await desk.edit("ann", "a.py", "    return 1", "    return 11"))
    ended = Event(0, desk.clock.now(), SessionId("s"), "ann", "", TurnEnded(1, "done", "", 1, 0.1))
    desk.clock.time += 1
    ok(await desk.edit("ann", "a.py", "    return 2", "    return 22"))
    desk.claims.happened(ended)
    assert desk.held() == ["a.py:two"]


async def test_who_is_gone_holds_nothing_and_waits_for_nothing(desk: Desk) -> None:
    ok(await claim(desk, "ann", "one"))
    assert await desk.claims.wait("bob", Region("a.py", "one", 1, 2), "say it", 0.01) is None
    desk.claims.forget("bob", "stopped")
    desk.claims.forget("ann", "crashed")
    assert desk.held() == []


async def test_of_two_who_wait_for_each_other_the_newest_claim_yields_and_both_are_told(desk: Desk) -> None:
    for agent in ("ann", "bob"):
        desk.task(agent, f"Work of {agent}")
    ok(await claim(desk, "ann", "one"))
    desk.clock.time += 1
    ok(await claim(desk, "bob", "two"))
    async with asyncio.TaskGroup() as group:
        bob = group.create_task(claim(desk, "bob", "one", wait=True))
        await desk.waiting(1)
        ann = group.create_task(claim(desk, "ann", "two", wait=True))
        ok(await ann)
        assert not bob.done()
        assert sorted(desk.held("ann")) == ["a.py:one", "a.py:two"]
        (lost, _), (won, _) = desk.letters("bob"), desk.letters("ann")
        assert "`two` in a.py (lines 5-6) is ann's now, no longer yours" in lost
        assert "bob gave up `two` in a.py (lines 5-6)" in won
        desk.claims.forget("ann", "done")
        ok(await bob)


async def test_the_holder_hears_once_who_wanted_it_and_at_once_who_waits_while_it_has_a_task(
    desk: Desk,
) -> None:
    desk.task("ann", "Mend one()")
    ok(await desk.edit("ann", "a.py", "    return 1", "    return 11"))
    for _ in range(2):
        failed(await desk.edit("bob", "a.py", "def one():", "def uno():"))
    assert await desk.claims.wait("bob", Region("a.py", "one", 1, 2), "call it uno", 0.01) is None
    first, second = desk.room.queued("ann")
    assert "bob wanted to change `one` in a.py (lines 1-2), and was refused" in first.text
    assert first.delivery is Delivery.DIGEST
    assert "bob waits for `one` in a.py (lines 1-2), which you hold, to: call it uno." in second.text
    assert second.delivery is Delivery.NEXT_STEP


async def test_claims_are_read_back_as_they_were_written(desk: Desk, tmp_path: Path) -> None:
    database = Database(tmp_path / "log.db")
    journal = Journal(database, lambda event: None, desk.clock.now)
    desk.scribe.recorder = journal
    ok(await desk.edit("ann", "a.py", "    return 1", "    a = 1\n    return a"))
    ok(await desk.edit("bob", "a.py", "    return 2", "    return 3"))
    ok(await desk.edit("ann", "a.py", "    return a", "    b = a\n    return b"))
    desk.claims.idle("cid")
    await journal.flush()
    try:
        assert team.claims(database, "s") == desk.claims.held()
        desk.claims.idle("ann")
        await journal.flush()
        assert team.claims(database, "s") == desk.claims.held("bob")
    finally:
        await journal.aclose()
        database.close()


async def test_claims_of_an_earlier_process_are_in_force_again(desk: Desk) -> None:
    ok(await desk.edit("ann", "a.py", "    return 1", "    a = 1\n    return a"))
    ok(await desk.edit("bob", "a.py", "    return 2", "    return 3"))
    written = {one.claim.id: one.claim for one in desk.notes.facts if isinstance(one, RegionClaimed)}
    later = Claims(desk.scribe, desk.clock, desk.room, desk.board)
    later.restore(written.values())
    assert later.held() == desk.claims.held()
    assert [str(one.region) for one in later.against("cid", Region("a.py", "", 7, 7))] == ["a.py:two"]


async def test_a_stale_view_of_other_lines_does_not_stand_in_the_way(desk: Desk) -> None:
    ok(await desk.edit("ann", "a.py", "    return 1", "    x = 1\n    return x"))
    # matched by tolerance, which needs a version that the agent knows
    said = ok(await desk.edit("bob", "a.py", "def two():   \n    return 2", "def two():\n    return 22"))
    assert (
        "the file changed elsewhere since you read it (by ann, 0 s ago): lines 2-3 before this edit" in said
    )
    # and it has still not seen them
    said = failed(await desk.use("bob", FileWrite(desk.editing), WriteParams("a.py", "x = 1\n")))
    assert "changed since you read it" in said


async def test_a_symbol_may_be_claimed_before_it_is_there(desk: Desk) -> None:
    said = ok(await claim(desk, "ann", "three"))
    assert said == "`three` in a.py is yours until your task or turn ends, for: ann wants three."
    failed(await claim(desk, "bob", "three"))
    ok(await claim(desk, "bob", "one"))


NAMES = tuple(f"agent{number}" for number in range(8))
FUNCTIONS = 24


@pytest.mark.parametrize(
    "edits", [120, pytest.param(500, marks=[pytest.mark.slow, pytest.mark.timeout(120)])]
)
async def test_all_edits_of_8_agents_in_one_file_survive(tmp_path: Path, edits: int) -> None:
    desk = Desk(tmp_path, NAMES)
    path = desk.put(
        "a.py", "\n\n".join(f"def f{n}():\n    x = {n}\n    return x\n" for n in range(FUNCTIONS))
    )
    dice, made, contested = random.Random(20), Counter[str](), 0

    async def work(agent: str) -> None:
        nonlocal contested
        mine = random.Random(agent)
        while made.total() < edits:
            target, mark = mine.randrange(FUNCTIONS), f"m{agent}_{made.total()}_{mine.randrange(10**6)}"
            head = f"def f{target}():\n"
            if mine.random() < 0.2:
                # a new function before this one: it belongs to nobody yet
                old, new = head, f"def {mark}():\n    return 0\n\n\n{head}"
            elif mine.random() < 0.5:
                old, new = head, f"{head}    {mark} = 1\n"
            else:
                old, new = head, f'{head}    """\n    {mark}\n    """\n'
            result = await desk.edit(agent, "a.py", old, new)
            if isinstance(result, Ok):
                made[mark] += 1
                assert f"{mark}" in result.text
            else:
                contested += 1
                assert "is being changed by somebody else" in result.text
            if isinstance(result, Fail) or mine.random() < 0.4:
                desk.claims.idle(agent)

    async with asyncio.TaskGroup() as group:
        for name in dice.sample(NAMES, len(NAMES)):
            group.create_task(work(name))
    text = path.read_text()
    ast.parse(text)
    assert Counter(re.findall(r"\bmagent\d_\d+_\d+", text)) == made
    assert made.total() >= edits
    assert contested > 0


class Writes(Tool[str]):
    """A command that does what the test says; `use` names it."""

    name: ClassVar[str] = "shell"
    params_type: ClassVar[type] = str
    access: ClassVar[Access] = Access.EXECUTE

    def __init__(self, work: Callable[[], Awaitable[None]]) -> None:
        self._work = work

    def use(self, params: str, call: Call) -> ToolUse:
        return ToolUse(self.name, self.access, str(call.cwd), command=params)

    async def run(self, params: str, call: Call) -> Ok | Fail:
        await self._work()
        return Ok("exit 0")


async def run(desk: Desk, agent: str, command: str) -> Ok | Fail:
    async def work() -> None:
        process = await asyncio.create_subprocess_shell(command, cwd=desk.root)
        await process.wait()

    return await desk.use(agent, Writes(work), command)


async def test_a_command_that_writes_to_a_held_region_is_told_to_both(desk: Desk) -> None:
    ok(await desk.edit("ann", "a.py", "    return 1", "    return 11"))
    said = ok(await run(desk, "bob", "sed -i 's/return 11/return 12/' a.py"))
    assert said.startswith(
        "exit 0\nNote from loomkin: this command changed `one` in a.py (lines 1-2), which ann"
    )
    (letter,) = desk.letters("ann")
    assert "bob ran a command that changed `one` in a.py (lines 1-2), which you hold: `sed -i" in letter
    refused = failed(await desk.use("ann", FileWrite(desk.editing), WriteParams("a.py", "x = 1\n")))
    assert "changed since you read it (by bob, 0 s ago)" in refused


async def test_a_command_that_writes_elsewhere_disturbs_nobody_and_claims_follow_it(desk: Desk) -> None:
    ok(await desk.edit("ann", "a.py", "    return 2", "    return 22"))
    assert ok(await run(desk, "bob", "sed -i '1i import os\\n' a.py")) == "exit 0"
    assert ok(await run(desk, "bob", "cat a.py > /dev/null")) == "exit 0"
    assert desk.letters("ann") == []
    assert [one.region for one in desk.claims.held("ann")] == [Region("a.py", "two", 7, 8)]
    assert ok(await run(desk, "ann", "sed -i 's/22/23/' a.py")) == "exit 0"


async def test_a_deleted_file_is_told_to_whoever_holds_a_part_of_it(desk: Desk) -> None:
    ok(await desk.edit("ann", "a.py", "    return 2", "    return 22"))
    assert "`two` in a.py" in ok(await run(desk, "bob", "rm a.py"))
    assert len(desk.letters("ann")) == 1


async def test_an_edit_by_a_tool_while_a_command_runs_is_not_the_commands(desk: Desk) -> None:
    ok(await desk.edit("ann", "a.py", "    return 1", "    return 11"))

    async def meanwhile() -> None:
        ok(await desk.edit("ann", "a.py", "    return 11", "    x = 1\n    return x"))

    assert ok(await desk.use("bob", Writes(meanwhile), "sleep 1")) == "exit 0"
    assert desk.letters("ann") == []


async def test_who_changed_a_tracked_file_by_a_command_is_known(desk: Desk) -> None:
    setup = "git init -q && git add . && git -c user.name=a -c user.email=a@b commit -qm one"
    ok(await run(desk, "bob", setup))
    told: list[tuple[str, str, tuple[int, int] | None]] = []
    desk.watch.noted = lambda agent, path, lines: told.append((agent, path, lines))
    assert ok(await run(desk, "bob", "echo '# more' >> a.py")) == "exit 0"
    assert desk.sight.changed_by(desk.root / "a.py") == "bob, 0 s ago"
    await run(desk, "bob", "echo '# more' >> a.py")
    assert told == [("bob", "a.py", (1, 0)), ("bob", "a.py", None)], "the second time nobody knows"


async def test_alone_no_command_is_watched(tmp_path: Path) -> None:
    desk = Desk(tmp_path, ["ann"])
    desk.put("a.py", TEXT)
    assert ok(await run(desk, "ann", "echo '# more' >> a.py")) == "exit 0"
    assert desk.sight.changed_by(desk.root / "a.py") == ""
