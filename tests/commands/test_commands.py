"""Slash commands on a real session with a real database and a model that speaks from a script."""

import subprocess
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from loomkin.agent.turn import Limits
from loomkin.app import open_house, open_session
from loomkin.commands.command import Context, Look, Then, find, load_commands, unknown
from loomkin.errors import LoomkinError, NotFoundError, UsageError
from loomkin.permissions.gate import Answer, Approval, Scope
from loomkin.records.keeper_event import KeeperMade
from loomkin.records.permission import Mode
from loomkin.runtime.recorder import Scribe
from loomkin.store import event_log, sessions
from loomkin.workspace.options import Options
from tests.fakes.model_server import ModelServer
from tests.ui.repl_terminal import environment

WRITE = {"calls": [{"name": "file_write", "arguments": {"path": "new.py", "content": "x = 1\n"}}]}
COMMANDS = load_commands()


class Agreeable:
    """A person who allows everything for the session and answers nothing."""

    async def approve(self, approval: Approval) -> Answer:
        return Answer(True, Scope.SESSION, next(iter(approval.verdict.offers), ""))

    async def ask(self, question: str, options: tuple[str, ...], free: bool, agent: str) -> str | None:
        return None


@dataclass(frozen=True, slots=True)
class Talk:
    """An open session and ways to use it."""

    context: Context

    async def say(self, text: str) -> None:
        await self.context.session.send(text, Limits(20))

    async def run(self, line: str) -> str:
        name, _, argument = line.partition(" ")
        return (await COMMANDS[name].run(self.context, argument)).text


@asynccontextmanager
async def talk(root: Path, home: Path, *steps: Mapping[str, Any]) -> AsyncIterator[Talk]:
    person = Agreeable()
    async with ModelServer(script=steps) as server:
        environ = {**environment(server), "HOME": str(home), "PATH": "/usr/local/bin:/usr/bin:/bin"}
        options = Options(root, environ, attended=True)
        async with open_house(options) as house, open_session(house, person, person) as opened:
            scribe = Scribe(house.journal, opened.session.id, "coder")
            yield Talk(Context(opened.session, house.database, scribe, house.chooser, COMMANDS))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "-q")
    return folder


def git(root: Path, *words: str) -> None:
    subprocess.run(["git", "-C", str(root), *words], check=True)


async def test_cost_names_model_and_sums(root: Path, own_machine: Path) -> None:
    async with talk(root, own_machine, {"text": "Hi.", "usage": {"input": 1000, "output": 20}}) as one:
        assert await one.run("cost") == "Nothing was spent in this session yet."
        await one.say("hello")
        shown = await one.run("cost")
    assert "openai/fake-model" in shown
    assert "1 calls, 1,000 tokens in, 20 out" in shown


async def test_context_shows_zones_that_add_up_to_the_window(root: Path, own_machine: Path) -> None:
    async with talk(root, own_machine, {"text": "Hi."}) as one:
        before = await one.run("context")
        await one.say("hello " * 200)
        after = await one.run("context")
        one.context.session.agent.transcript.say("The port is 8443. " * 50, "tester")
        mailed = await one.run("context")
        window = one.context.session.zones().window
    figures = [int(row.split()[-2].replace(",", "")) for row in after.splitlines()[1:-1]]
    assert sum(figures) == window
    where = "3 in the window, 0 in keepers, each counted once"
    assert after.splitlines()[-1] == f"  lost 0: of 3 messages ever seen {where}"
    assert before != after
    assert zone(after, "decisions") == zone(after, "letters") == 0
    assert zone(mailed, "letters") > 200
    assert zone(mailed, "answers") == zone(after, "answers") > 0, "what others wrote is no answer"


async def test_context_counts_what_is_told_of_decisions_apart(root: Path, own_machine: Path) -> None:
    goal = {"name": "decision_log", "arguments": {"kind": "goal", "title": "Ship login " * 9}}
    async with talk(root, own_machine, {"calls": [goal]}, {"text": "Hi."}) as one:
        await one.say("hello")
    async with talk(root, own_machine, {"text": "Hi."}) as one:
        await one.say("hello")
        shown = await one.run("context")
        first = one.context.session.agent.window.load().messages[0].text
        window = one.context.session.zones().window
    assert "Ship login" in first
    assert 50 < zone(shown, "decisions") < 200
    assert zone(shown, "rules and place") > 20
    assert sum(int(row.split()[-2].replace(",", "")) for row in shown.splitlines()[1:-1]) == window


def zone(shown: str, name: str) -> int:
    """The tokens of one zone of /context."""
    [row] = [row for row in shown.splitlines() if row.startswith(f"  {name} ")]
    return int(row.split()[-2].replace(",", ""))


async def test_clear_empties_the_window_and_keeps_the_log(root: Path, own_machine: Path) -> None:
    async with talk(root, own_machine, {"text": "Hi."}) as one:
        await one.say("hello")
        assert "stays in keeper k1 (recall with @k1)" in await one.run("clear")
        assert one.context.session.agent.transcript.messages == ()
        assert "lost 0: of 3 messages ever seen 0 in the window, 3 in keepers" in await one.run("context")
        await one.context.scribe.flush()
        assert len(sessions.messages(one.context.database, one.context.session.id)) == 3
        [made] = event_log.facts(one.context.database, one.context.session.id, KeeperMade)
        assert made.after == one.context.session.zones().percent > 0


@pytest.mark.feature("C6")
async def test_compact_moves_old_messages_whole_and_says_where(root: Path, own_machine: Path) -> None:
    answers = [{"text": f"Answer {number}. " + "so it is " * 300} for number in range(6)]
    async with talk(root, own_machine, *answers) as one:
        assert "next to nothing" in await one.run("compact")
        for number in range(6):
            await one.say(f"question {number}")
        used = one.context.session.zones().used
        assert await one.run("compact the questions") == "Keeper k1 holds it, word for word."
        shown = await one.run("context")
        zones = one.context.session.zones()
        texts = [message.text for message in one.context.session.agent.window.load().messages]
    assert zones.used < used - 1_000
    assert zones.cards > 0
    assert "lost 0: of 13 messages ever seen 10 in the window, 3 in keepers" in shown
    assert [text for text in texts if text.startswith("question")] == [f"question {n}" for n in range(6)]
    assert any("the questions" in text for text in texts)


async def test_permissions_are_listed_explained_and_taken_back(root: Path, own_machine: Path) -> None:
    async with talk(root, own_machine, WRITE, {"text": "Done."}) as one:
        await one.say("write")
        shown = await one.run("permissions")
        assert "file_edit(./new.py)  (session)" in shown
        number = next(line.split()[0] for line in shown.splitlines() if "(session)" in line)
        assert "allow" in await one.run("permissions explain 'file_edit(new.py)'")
        assert "Taken back" in await one.run(f"permissions revoke {number}")
        assert "no grants" in await one.run("permissions")
        assert "ask" in (await one.run("permissions explain 'file_edit(new.py)'")).splitlines()[0]
        with pytest.raises(NotFoundError, match="no grant 999"):
            await one.run("permissions revoke 999")
        with pytest.raises(UsageError):
            await one.run("permissions grant me")


async def test_diff_shows_the_session_s_changes_and_git_s(root: Path, own_machine: Path) -> None:
    async with talk(root, own_machine, WRITE, {"text": "Done."}) as one:
        assert "changed no file" in await one.run("diff")
        await one.say("write")
        result = await COMMANDS["diff"].run(one.context, "")
        assert result.look is Look.DIFF
        assert "new.py  +1 -0" in result.text
        assert "+x = 1" in result.text
        git(root, "stage", "new.py")
        git(root, "commit", "-q", "-m", "Add")
        (root / "new.py").write_text("x = 2\n")
        (root / "other.py").write_text("")
        shown = await one.run("diff --git")
    assert "-x = 1" in shown
    assert "+x = 2" in shown
    assert "new, not in git yet: other.py" in shown


async def test_the_model_can_be_changed_and_the_change_is_written_down(root: Path, own_machine: Path) -> None:
    async with talk(root, own_machine, {"text": "Other."}) as one:
        assert "openai/fake-model" in await one.run("model")
        assert "Going on with openai/other" in await one.run("model openai/other")
        await one.say("hello")
        await one.context.scribe.flush()
        row = sessions.find(one.context.database, one.context.session.id)
        assert row.model == "openai/other"
        assert "openai/other" in await one.run("cost")


async def test_modes_are_shown_and_changed(root: Path, own_machine: Path) -> None:
    async with talk(root, own_machine) as one:
        assert "* ask" in await one.run("mode")
        await one.run("mode plan")
        assert one.context.session.gate.mode is Mode.PLAN
        with pytest.raises(UsageError, match="no mode 'loud'"):
            await one.run("mode loud")


async def test_a_fork_goes_on_from_a_turn_and_leaves_the_session_as_it_is(
    root: Path, own_machine: Path
) -> None:
    async with talk(root, own_machine, {"text": "One."}, {"text": "Two."}) as one:
        assert "nothing to fork" in await one.run("fork")
        await one.say("first")
        await one.say("second")
        here, database = one.context.session.id, one.context.database
        back = await COMMANDS["fork"].run(one.context, "1")
        whole = await COMMANDS["fork"].run(one.context, "")
        assert (back.then, whole.then) == (Then.RESUME, Then.RESUME)
        said = [
            [message.text for message in sessions.messages(database, identity) if message.sender == "person"]
            for identity in (here, back.argument, whole.argument)
        ]
        assert said == [["first", "second"], ["first"], ["first", "second"]]
        with pytest.raises(NotFoundError, match="has no turn 7"):
            await one.run("fork 7")
        with pytest.raises(UsageError):
            await one.run("fork yesterday")


async def test_sessions_are_named_listed_and_resumed(root: Path, own_machine: Path) -> None:
    async with talk(root, own_machine, {"text": "Hi."}) as one:
        await one.say("hello")
        await one.run("rename the  first one")
        with pytest.raises(UsageError):
            await one.run("rename  ")
        first = one.context.session.id
        assert "open" in await one.run(f"resume {first}")
    async with talk(root, own_machine) as two:
        assert "the first one" in await two.run("sessions")
        assert first in await two.run("resume")
        result = await COMMANDS["resume"].run(two.context, "the first one")
        assert (result.then, result.argument) == (Then.RESUME, first)
        with pytest.raises(NotFoundError):
            await two.run("resume nowhere")
        with pytest.raises(UsageError, match=first):
            await two.run("rename the first one")
        assert "'the second'" in await two.run("rename the second")
        assert "'the second'" in await two.run("rename the second")


async def test_answers_are_copied_from_the_end(root: Path, own_machine: Path) -> None:
    async with talk(root, own_machine, {"text": "One."}, {"text": "Two."}) as one:
        with pytest.raises(NotFoundError):
            await one.run("copy")
        await one.say("a")
        await one.say("b")
        copied = [(await COMMANDS["copy"].run(one.context, word)).argument for word in ("", "1", "2")]
        assert copied == ["Two.", "Two.", "One."]
        with pytest.raises(LoomkinError, match="2 answers"):
            await one.run("copy 3")
        with pytest.raises(UsageError):
            await one.run("copy all")


async def test_help_names_every_command_and_tells_about_one(root: Path, own_machine: Path) -> None:
    async with talk(root, own_machine) as one:
        shown = await one.run("help")
        assert [name for name in COMMANDS if f"/{name}" not in shown] == []
        assert "(also /exit)" in await one.run("help quit")
        with pytest.raises(UsageError, match="no command /nothing"):
            await one.run("help nothing")


def test_every_command_has_a_summary_and_aliases_are_nobody_s_name() -> None:
    assert set(COMMANDS) >= {"help", "clear", "model", "cost", "context", "permissions", "diff", "resume"}
    aliases = [alias for command in COMMANDS.values() for alias in command.aliases]
    assert len(set(aliases)) == len(aliases)
    assert not set(aliases) & set(COMMANDS)
    assert all(command.summary for command in COMMANDS.values())
    exiting = find(COMMANDS, "exit")
    assert exiting is not None
    assert exiting.name == "quit"


@pytest.mark.parametrize(("typed", "near"), [("mdoel", "/model"), ("perm", "/permissions"), ("ext", "/exit")])
def test_an_unknown_command_gets_the_nearest_name(typed: str, near: str) -> None:
    assert near in unknown(COMMANDS, typed)
    assert "nothing was sent" in unknown(COMMANDS, "zzzz")
