"""The slash commands of a team, on a real session with agents that speak from a script."""

import asyncio
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from loomkin.agent.turn import Limits
from loomkin.app import open_house, open_session
from loomkin.commands.command import CommandResult, Context, Then, find, load_commands
from loomkin.errors import LimitError, LoomkinError, NotFoundError, UsageError
from loomkin.runtime.recorder import Scribe
from loomkin.workspace.options import Options
from tests.commands.test_commands import Agreeable
from tests.fakes.model_server import ModelServer
from tests.ui.repl_terminal import environment

COMMANDS = load_commands()
NEVER = {"text": "never", "wait_for": "never"}


class Talk:
    """An open session, the commands on it, and the model behind it."""

    def __init__(self, context: Context, server: ModelServer) -> None:
        self.context = context
        self.server = server

    async def does(self, line: str) -> CommandResult:
        name, _, argument = line.partition(" ")
        command = find(COMMANDS, name)
        assert command is not None
        return await command.run(self.context, argument)

    async def says(self, line: str) -> str:
        return (await self.does(line)).text

    async def until_asked(self, agent: str, times: int) -> None:
        await self.server.until(lambda chats: sum(chat.agent == agent for chat in chats) >= times)


@pytest.fixture
def opened(tmp_path: Path, own_machine: Path) -> Any:
    root = tmp_path / "repository"
    root.mkdir()
    subprocess.run(["git", "init", "-q", str(root)], check=True)

    @asynccontextmanager
    async def make(*, solo: bool = False, **script: list[dict[str, Any]]) -> AsyncIterator[Talk]:
        person = Agreeable()
        async with ModelServer(script={"coder": [], **script}) as server:
            environ = {
                **environment(server),
                "HOME": str(own_machine),
                "PATH": "/usr/local/bin:/usr/bin:/bin",
            }
            options = Options(root, environ, attended=True, solo=solo)
            async with open_house(options) as house, open_session(house, person, person) as session:
                scribe = Scribe(house.journal, session.session.id, "coder")
                yield Talk(Context(session.session, house.database, scribe, house.chooser, COMMANDS), server)

    return make


def ids(text: str) -> list[str]:
    return re.findall(r"\bm\d+\b", text)


async def test_team_shows_budgets_and_a_sub_agent_while_it_works(opened: Any) -> None:
    hire = {"role": "tester", "work": "Look.", "name": "ann", "budget_usd": 0.5}
    script = {
        "coder": [
            {"calls": [{"name": "tool_search", "arguments": {"query": "team_spawn sub_agent"}}]},
            {"calls": [{"name": "team_spawn", "arguments": hire}]},
            {"calls": [{"name": "sub_agent", "arguments": {"task": "Read all of it."}}]},
            {"text": "Read.", "repeat": True},
        ],
        "coder/researcher": [{"text": "Nothing there.", "wait_for": "seen"}],
        "ann": [{"text": "Looked.", "wait_for": "end"}],
    }
    async with opened(**script) as talk, asyncio.TaskGroup() as group:
        sending = group.create_task(talk.context.session.send("Go.", Limits(9)))
        await talk.until_asked("coder/researcher", 1)
        text = await talk.says("team")
        assert re.search(r"^  ann \(tester\): .*\$0\.0000 of \$0\.5000", text, re.M), text
        assert re.search(
            r"^  coder/researcher \(researcher\): thinking for \d+ s · .* · Read all", text, re.M
        ), text
        talk.server.release("seen")
        await talk.until_asked("coder", 4)
        assert "coder/researcher" not in await talk.says("team")
        talk.server.release("end")
        await sending


async def test_without_a_team_the_commands_say_how_to_begin_one(opened: Any) -> None:
    async with opened() as talk:
        for line in ("queue", "tell tester go", "stop tester", "unpause tester"):
            with pytest.raises(NotFoundError, match="/spawn ROLE WORK"):
                await talk.says(line)
        assert "Held before the next step: coder" in await talk.says("pause")
        assert talk.context.session.agent.steering.paused
        assert await talk.says("unpause") == "Going on: coder."
        assert await talk.says("unpause coder") == "Nobody is held."
        assert talk.context.session.company is None
        assert "has done nothing yet" in await talk.says("team")
        with pytest.raises(UsageError, match="a role and the work"):
            await talk.says("spawn tester")
        with pytest.raises(NotFoundError, match="There is no role 'nobody'"):
            await talk.says("spawn nobody do it")


async def test_a_spawned_agent_is_listed_with_what_it_does_and_told_things(opened: Any) -> None:
    async with opened(tester=[{"text": "Look.", "wait_for": "go"}, {"text": "I hear."}]) as talk:
        assert await talk.says("spawn tester Look at the tests.") == "tester is at work."
        await talk.until_asked("tester", 1)
        lines = (await talk.says("team")).splitlines()
        assert re.match(r"  tester: thinking for \d+ s · 0 steps, .* · Look at the tests\.$", lines[1]), lines
        assert lines[0].startswith("* coder: idle")
        told = await talk.says("tell tester Mind the gap.")
        assert "queued for tester (thinking), read before its next step" in told
        assert f"for tester\n  {ids(told)[0]:<5} urgent steer from person: Mind the gap." == await talk.says(
            "queue tester"
        )
        talk.server.release("go")
        await talk.until_asked("tester", 2)
        assert await talk.says("queue") == "No mail waits."
        with pytest.raises(NotFoundError, match="There is no agent 'lead'"):
            await talk.says("tell lead go")
        own = await talk.does("tell coder go on")
        assert (own.then, own.argument) == (Then.SEND, "go on")


async def test_waiting_letters_are_edited_moved_delayed_squashed_and_deleted(opened: Any) -> None:
    async with opened(tester=[NEVER]) as talk:
        await talk.says("spawn tester Look.")
        await talk.until_asked("tester", 1)
        one, two, three = [ids(await talk.says(f"tell tester {word}"))[0] for word in ("one", "two", "three")]
        assert ids(await talk.says("queue")) == [one, two, three]
        assert ids(await talk.says(f"queue move {three} 1")) == [three, one, two]
        assert ids(await talk.says(f"queue move {three} 9")) == [one, two, three]
        assert "now says: 1 in words" in await talk.says(f"queue edit {one} 1 in words")
        assert "held back for 300 s" in await talk.says(f"queue delay {two} 5m")
        assert re.search(rf"{two} .*held back (299|300) s more: two", await talk.says("queue"))
        assert "will not be read" in await talk.says(f"queue delete {three}")
        assert "holds all that waited" in await talk.says("queue squash tester")
        (left,) = (await talk.says("queue tester")).splitlines()[1:]
        assert "1 in words" in left
        assert "two" in left
        assert "no two letters" in await talk.says("queue squash tester")
        with pytest.raises(NotFoundError, match=f"No letter {three} is waiting"):
            await talk.says(f"queue edit {three} again")
        for wrong in (
            "queue edit",
            "queue move m1 first",
            "queue delay m1 soon",
            "queue delete",
            "queue a b",
        ):
            with pytest.raises(UsageError):
                await talk.says(wrong)


async def test_one_is_held_and_goes_on_and_another_is_sent_home(opened: Any) -> None:
    async with opened(tester=[NEVER], researcher=[NEVER]) as talk:
        await talk.says("spawn tester Look.")
        await talk.says("spawn researcher Read.")
        await talk.until_asked("researcher", 1)
        assert "Held before the next step: tester." in await talk.says("pause tester")
        assert "tester: paused" in await talk.says("team")
        assert "researcher: thinking" in await talk.says("team")
        assert "Held before the next step: coder, researcher." in await talk.says("pause")
        assert await talk.says("unpause tester") == "Going on: tester."
        assert await talk.says("unpause") == "Going on: coder, researcher."
        assert await talk.says("unpause") == "Nobody is held."
        assert "researcher has gone" in await talk.says("stop researcher")
        assert "researcher: stopped stopped by the person" in await talk.says("team")
        with pytest.raises(LoomkinError):
            await talk.says("tell researcher go on")
        with pytest.raises(NotFoundError, match="has gone already"):
            await talk.says("stop researcher")
        with pytest.raises(UsageError, match="your own agent"):
            await talk.says("stop coder")


async def test_the_plan_is_changed_while_it_runs(opened: Any) -> None:
    async with opened(tester=[NEVER, NEVER]) as talk:
        assert "The plan is empty" in await talk.says("tasks")
        assert (await talk.says('tasks add Test it role=tester priority=7 check="make test"')).startswith(
            "t1 is "
        )
        assert (
            await talk.says("tasks add Write it down needs=t1 role=tester") == "t2 is proposed: Write it down"
        )
        shown = await talk.says("tasks t1")
        assert "priority: 7" in shown
        assert "checks: make test" in shown
        assert "needed by: t2" in shown
        assert "priority: 9" in await talk.says("board edit t2 priority=9 Write all of it down")
        listed = (await talk.says("board")).splitlines()
        assert listed[0].startswith("t2")
        assert "Write all of it down" in listed[0]
        assert "needs t1" in listed[0]
        assert await talk.says("tasks cancel t2 nobody reads it") == "t2 is cancelled: Write all of it down"
        for wrong in ("tasks edit t1", "tasks cancel", "tasks add", 'tasks add "open', "tasks t1 t2"):
            with pytest.raises(UsageError):
                await talk.says(wrong)
        with pytest.raises(NotFoundError, match="There is no task 't9'"):
            await talk.says("tasks t9")


async def test_a_stream_is_looked_at_by_name(opened: Any) -> None:
    async with opened(tester=[NEVER]) as talk:
        await talk.says("spawn tester Look.")
        found = await talk.does("focus tester")
        assert (found.then, found.argument) == (Then.FOCUS, "tester")
        assert (await talk.does("focus all")).argument == "all"
        assert (await talk.does("focus")).argument == "coder"
        with pytest.raises(NotFoundError, match="One of: coder, tester, all"):
            await talk.does("focus lead")


async def test_a_team_that_may_not_grow_says_so(opened: Any) -> None:
    async with opened(tester=[NEVER] * 30) as talk:
        for number in range(11):
            assert "is at work" in await talk.says(f"spawn tester Look {number}.")
        with pytest.raises(LimitError, match="12 is the most"):
            await talk.says("spawn tester Look again.")


async def test_who_wants_to_work_alone_gets_no_team(opened: Any) -> None:
    async with opened(solo=True) as talk:
        for line in ("spawn tester Look.", "tasks add Test it"):
            with pytest.raises(UsageError, match="works alone"):
                await talk.says(line)
        assert "The plan is empty" in await talk.says("tasks")


def test_commands_load_without_a_team() -> None:
    code = (
        "import sys; from loomkin.commands.command import load_commands; load_commands();"
        "print([name for name in sys.modules if name.startswith(('loomkin.team', 'loomkin.practices'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
