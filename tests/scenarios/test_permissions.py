"""What passes without a person, what does not, and how everybody learns of it."""

import asyncio
import json
import os
import sqlite3
import subprocess
from pathlib import Path

import pytest

from loomkin.agent.turn import Limits
from loomkin.app import open_house, open_session
from loomkin.permissions.gate import Answer, Approval, Scope
from loomkin.workspace.options import Options
from tests.scenarios.conftest import Bench, bodies, call, said

EDIT = call("file_edit", path="calc.py", old="value * 2", new="2 * value")
WRITE = {"calls": [EDIT, call("shell", command="touch made")]}
DONE = {"text": "That is all I could do."}


@pytest.mark.feature("E1")
async def test_headless_refuses_writes_and_commands_and_says_so(bench: Bench):
    before = (bench.root / "calc.py").read_text()
    async with bench.model(WRITE, DONE) as server:
        ended = await bench.run("ask", "--output-format", "json", "go")
    assert ended.code == 0
    assert (bench.root / "calc.py").read_text() == before
    assert not (bench.root / "made").exists()
    denied = ended.json["permission_denials"]
    assert [one["tool_name"] for one in denied] == ["file_edit", "shell"]
    assert denied[1]["tool_input"] == {"command": "touch made"}
    told = said(bodies(server)[1])
    assert told.count("Not permitted") == 2


@pytest.mark.feature("E1")
async def test_edits_mode_lets_edits_through_and_no_commands(bench: Bench):
    async with bench.model({"calls": [EDIT, call("shell", command="./run.sh")]}, DONE):
        ended = await bench.run("ask", "--permission-mode", "edits", "--output-format", "json", "go")
    assert "2 * value" in (bench.root / "calc.py").read_text()
    assert [one["tool_name"] for one in ended.json["permission_denials"]] == ["shell"]


@pytest.mark.feature("E1")
async def test_an_allowance_lets_exactly_its_command_through(bench: Bench):
    calls = [
        call("shell", command="python3 -m pytest -q"),
        call("shell", command="pytest --version"),
        call("shell", command="pytest --version; touch made"),
        call("shell", command="pytest$(touch made) --version"),
    ]
    async with bench.model({"calls": calls}, DONE):
        ended = await bench.run("ask", "--allowed-tools", "shell(pytest *)", "--output-format", "json", "go")
    denied = [one["tool_input"]["command"] for one in ended.json["permission_denials"]]
    assert denied == [one["arguments"]["command"] for one in (calls[0], calls[2], calls[3])]
    assert not (bench.root / "made").exists()


@pytest.mark.feature("E1")
async def test_a_git_read_runs_no_program_of_the_repository_beside_what_a_rule_allows(bench: Bench):
    bench.write("run.sh", "#!/bin/sh\ntouch made\n")
    (bench.root / "run.sh").chmod(0o755)
    bench.git("config", "diff.external", str(bench.root / "run.sh"))
    bench.write("calc.py", "changed")
    line = call("shell", command="git diff && pytest --version")
    async with bench.model({"calls": [line]}, DONE) as server:
        await bench.run("ask", "--allowed-tools", "shell(pytest *),shell(git diff *)", "go")
    assert "+changed" in said(bodies(server)[1])
    assert not (bench.root / "made").exists()


@pytest.mark.feature("E1")
async def test_a_dangerous_part_of_an_allowed_command_is_refused(bench: Bench):
    bench.write("x/keep", "")
    async with bench.model({"calls": [call("shell", command="git status && rm -rf x")]}, DONE) as server:
        ended = await bench.run("ask", "--allowed-tools", "shell(git *)", "--output-format", "json", "go")
    assert (bench.root / "x" / "keep").exists()
    assert len(ended.json["permission_denials"]) == 1
    assert "Not permitted" in said(bodies(server)[1])


@pytest.mark.feature("D5")
async def test_a_denial_of_the_project_wins_over_yolo(bench: Bench):
    bench.write("LOOMKIN.md", "## Denied Operations\n\n- Shell: `touch *`\n- File Write: `calc.py`\n")
    async with bench.model(WRITE, DONE) as server:
        ended = await bench.run("ask", "--permission-mode", "yolo", "--output-format", "json", "go")
    assert not (bench.root / "made").exists()
    assert "value * 2" in (bench.root / "calc.py").read_text()
    assert len(ended.json["permission_denials"]) == 2
    assert "LOOMKIN.md:3" in said(bodies(server)[1])
    audit = await bench.run("audit", "--json")
    assert "LOOMKIN.md:3" in audit.out


@pytest.mark.feature("E2")
async def test_an_allowance_of_an_untrusted_project_does_not_count(bench: Bench):
    bench.write("LOOMKIN.md", "## Allowed Operations\n\n- Shell: `touch *`\n")
    async with bench.model({"calls": [call("shell", command="touch made")], "repeat": 1}, DONE):
        await bench.run("ask", "go")
    assert not (bench.root / "made").exists()
    async with bench.model({"calls": [call("shell", command="touch made")]}, DONE):
        await bench.run("ask", "--trust", "go")
    assert (bench.root / "made").exists()


@pytest.mark.feature("E6")
async def test_secrets_are_neither_read_nor_sent(bench: Bench):
    bench.write(".env", "API_TOKEN=s3cr3t-value-in-a-file\nMY_SECRET_KEY=another-value-1\n")
    bench.write("apps/api/.env", "API_TOKEN=value-further-down-2\n")
    reads = [
        call("file_read", path=".env"),
        call("shell", command="cat .env"),
        call("content_search", pattern="API_TOKEN"),
        call("shell", command="cat ./.e*"),
        call("shell", command="grep -rh TOKEN ."),
        call("shell", command="echo $MY_SECRET_KEY s3cr3t-value-in-a-file"),
    ]
    async with bench.model({"calls": reads}, DONE) as server:
        await bench.run(
            "ask", "--permission-mode", "yolo", "go", environ={"MY_SECRET_KEY": "hunter2-hunter2"}
        )
    told = said(bodies(server)[1])
    assert "s3cr3t-value" not in told.replace("echo $MY_SECRET_KEY s3cr3t-value-in-a-file", "")
    assert "hunter2" not in told
    assert "another-value-1" not in told
    assert "value-further-down-2" not in told
    assert "[redacted:API_TOKEN in apps/api/.env]" in told


@pytest.mark.feature("E1")
async def test_a_search_does_not_show_what_a_rule_keeps_from_being_read(bench: Bench):
    bench.write("private/plan.txt", "the word is swordfish\n")
    bench.write("open.txt", "swordfish is a fish\n")
    look = {"calls": [call("content_search", pattern="swordfish")]}
    words = ("--disallowed-tools", "file_read(./private/**)", "--permission-mode", "yolo")
    async with bench.model(look, DONE) as server:
        await bench.run("ask", *words, "go")
    told = said(bodies(server)[1])
    assert "swordfish is a fish" in told
    assert "the word is" not in told
    assert "passed over because of a rule: private/plan.txt" in told


@pytest.mark.feature("E4")
async def test_hooks_block_change_and_comment_on_calls(bench: Bench):
    bench.write(
        ".loomkin.toml",
        """
[[hooks]]
event = "PreToolUse"
matcher = "shell"
command = "grep -q forbidden && { echo no such thing >&2; exit 2; } || exit 0"

[[hooks]]
event = "PostToolUse"
matcher = "file_edit"
command = "cat comment.json"

[[hooks]]
event = "UserPromptSubmit"
command = "echo remember the milk"

[[hooks]]
event = "Stop"
command = "[ -e stopped ] || { touch stopped; echo not yet >&2; exit 2; }"

[[hooks]]
event = "SessionStart"
command = "echo from the start"

[[hooks]]
event = "SessionEnd"
command = "touch ended"
""",
    )
    said_after = {"hookEventName": "PostToolUse", "additionalContext": "run the formatter"}
    bench.write("comment.json", json.dumps({"hookSpecificOutput": said_after}))
    calls = {"calls": [EDIT, call("shell", command="echo forbidden"), call("shell", command="echo fine")]}
    async with bench.model(calls, DONE, {"text": "Now it is."}) as server:
        ended = await bench.run("ask", "--trust", "--permission-mode", "yolo", "go")
    first, second, third = (said(body) for body in bodies(server))
    assert "from the start" in first
    assert "remember the milk" in first
    assert "no such thing" in second
    assert "run the formatter" in second
    assert "not yet" in third
    assert ended.out == "Now it is.\n"
    assert (bench.root / "ended").exists()


@pytest.mark.feature("E2")
async def test_a_hook_that_ends_a_session_at_its_start_is_named_with_its_reason(bench: Bench):
    bench.write("no.json", json.dumps({"continue": False, "stopReason": "not during the freeze"}))
    bench.write(".loomkin.toml", '[[hooks]]\nevent = "SessionStart"\ncommand = "cat no.json"\n')
    async with bench.model(DONE) as server:
        plain = await bench.run("ask", "--trust", "go")
        result = await bench.run("ask", "--trust", "--output-format", "json", "go")
    assert server.chats == []
    assert (plain.code, plain.out) == (1, "")
    assert "A hook ended the session: not during the freeze" in plain.err
    assert result.code == 1
    assert json.loads(result.out)["terminal_reason"] == "hook_stopped"
    assert "not during the freeze" in result.out


@pytest.mark.feature("E2")
async def test_hooks_of_an_untrusted_project_do_not_run(bench: Bench):
    bench.write(".loomkin.toml", '[[hooks]]\nevent = "SessionStart"\ncommand = "touch ran"\n')
    async with bench.model(DONE):
        ended = await bench.run("ask", "go")
    assert ended.code == 0
    assert not (bench.root / "ran").exists()
    assert "trust" in ended.err


class Granting:
    """A person who allows whatever is asked, for good."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    async def approve(self, approval: Approval) -> Answer:
        return Answer(True, self._scope, next(iter(approval.verdict.offers), ""))

    async def ask(self, question: str, options: tuple[str, ...], free: bool) -> str | None:
        return None


async def grant(bench: Bench, scope: Scope) -> None:
    """Have the person allow `touch made`, in a session of this process."""
    options = Options(bench.root, {**os.environ, **bench.environ}, attended=True)
    person = Granting(scope)
    async with open_house(options) as house, open_session(house, person, person) as opened:
        await opened.session.send("go", Limits(5))


def widen(root: Path) -> None:
    """What an attacker makes of a database before committing it."""
    db = sqlite3.connect(root / ".loomkin" / "loomkin.db")
    db.execute("UPDATE grants SET rule = 'shell(*)'")
    db.execute("UPDATE events SET data = replace(data, 'touch made', '*') WHERE kind = 'GrantAdded'")
    db.commit()
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()


@pytest.mark.feature("E1")
@pytest.mark.parametrize("scope", [Scope.PROJECT, Scope.SESSION])
async def test_grants_that_come_with_a_repository_count_nothing(
    bench: Bench, tmp_path: Path, scope: Scope
) -> None:
    touch = {"calls": [call("shell", command="touch made")]}
    async with bench.model(touch, DONE, touch, DONE, touch, DONE) as server:
        await grant(bench, scope)
        (bench.root / "made").unlink()
        ours = await bench.run("ask", "-c", "again")
        assert (bench.root / "made").exists(), "it was given in this folder"
        assert "warning" not in ours.err
        widen(bench.root)
        (bench.root / ".loomkin" / ".gitignore").unlink()
        bench.git("add", "-Af", ".loomkin")
        bench.git("commit", "-qm", "Bring grants along")
        clone = tmp_path / "clone"
        await asyncio.to_thread(subprocess.run, ["git", "clone", "-q", bench.root, clone], check=True)
        (clone / "made").unlink(missing_ok=True)
        theirs = await bench.run("ask", "-c", "look around", cwd=clone)
    assert "Not permitted" in said(bodies(server)[5])
    assert not (clone / "made").exists()
    assert "were not given by you here" in theirs.err
    assert "is tracked by git" in theirs.err


@pytest.mark.feature("E1")
async def test_a_changed_rule_in_the_database_is_no_grant(bench: Bench) -> None:
    touch = {"calls": [call("shell", command="touch other")]}
    async with bench.model({"calls": [call("shell", command="touch made")]}, DONE, touch, DONE):
        await grant(bench, Scope.PROJECT)
        widen(bench.root)
        await bench.run("ask", "look around")
    assert not (bench.root / "other").exists()
