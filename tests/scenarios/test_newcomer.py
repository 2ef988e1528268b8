"""What somebody meets in the first hour, through the real commands, as the README shows it."""

import asyncio
import json
import subprocess
from pathlib import Path

import pytest

from tests.fakes.threaded import ThreadedModelServer
from tests.scenarios.conftest import Bench, bodies, call, said
from tests.scenarios.test_streams import VALIDATOR
from tests.ui.repl_terminal import Terminal, environment

EDIT = {"calls": [call("file_edit", path="calc.py", old="len(values) + 1", new="len(values)")]}


@pytest.mark.feature("C12")
async def test_a_session_goes_on_is_forked_exported_and_taken_in_elsewhere(bench: Bench, tmp_path: Path):
    steps = ({"text": "Noted."}, {"text": "The mean."}, {"text": "In a copy."})
    async with bench.model(*steps) as server:
        await bench.run("ask", "-n", "mean", "remember: the mean was wrong")
        assert (await bench.run("ask", "-c", "what was wrong?")).out == "The mean.\n"
        assert (await bench.run("ask", "-r", "mean", "--fork-session", "and?")).out == "In a copy.\n"
        second, third = bodies(server)[1:]
    assert "remember: the mean was wrong" in said(second)
    assert "what was wrong?" in said(third)
    rows = (await bench.run("sessions", "list", "--json")).json
    assert [row["turns"] for row in rows if row["name"] == "mean"] == [2], "the fork left it as it was"
    file = str(tmp_path / "mean.json")
    await bench.run("sessions", "export", "mean", "--format", "json", "-o", file)
    await asyncio.to_thread(subprocess.run, ["git", "init", "-q", str(tmp_path / "elsewhere")], check=True)
    await bench.run("sessions", "import", file, "-n", "taken", cwd=tmp_path / "elsewhere")
    shown = await bench.run("sessions", "show", "taken", cwd=tmp_path / "elsewhere")
    assert "The mean." in shown.out


@pytest.mark.feature("A13")
async def test_a_question_that_nobody_answered_is_shown_with_its_session(bench: Bench):
    question = call("ask_person", question="Which name?", options=["average", "avg"])
    async with bench.model({"calls": [question]}, {"text": "I assume `average`."}):
        ended = await bench.run("ask", "-n", "names", "--output-format", "json", "rename mean")
    assert (ended.code, ended.json["result"]) == (0, "I assume `average`.")
    VALIDATOR.validate(ended.json)
    asked = {"agent": "coder", "question": "Which name?", "options": ["average", "avg"]}
    assert ended.json["unanswered_questions"] == [asked]
    shown = (await bench.run("sessions", "show", "names")).out
    assert "Asked: Which name? (average | avg)\n  nobody was there" in shown


@pytest.mark.feature("E3")
async def test_every_verdict_is_in_the_audit_with_the_rule_that_decided(bench: Bench):
    steps = ({"calls": [call("file_read", path="calc.py")]}, EDIT, {"text": "Refused."})
    async with bench.model(*steps):
        await bench.run("ask", "--allowed-tools", "file_read(calc.py)", "fix it")
    rows = (await bench.run("audit", "--json")).json
    assert [(row["decision"], row["tool"]) for row in rows] == [("allow", "file_read"), ("deny", "file_edit")]
    assert all(row["rule"] for row in rows)


@pytest.mark.feature("B14")
async def test_a_budget_stops_the_call_that_could_exceed_it_and_costs_add_up(bench: Bench):
    async with bench.model({"text": "Yes."}, {"text": "Never said."}, wire="anthropic") as server:
        assert (await bench.run("ask", "one")).code == 0
        ended = await bench.run("ask", "--max-budget-usd", "0.01", "two")
        assert len(bodies(server)) == 1, "the call was made nevertheless"
    assert ended.code == 53
    assert "The session budget does not allow another call" in ended.err
    (row,) = (await bench.run("cost", "--json")).json["groups"]
    assert row["calls"] == 1


@pytest.mark.feature("A4")
async def test_an_agent_that_repeats_itself_is_stopped_with_the_reason(bench: Bench):
    same = {"calls": [call("file_read", path="nowhere.py")], "repeat": True}
    async with bench.model(same) as server:
        ended = await bench.run("ask", "--output-format", "json", "read it")
        asked = len(bodies(server))
    assert ended.code == 1
    assert ended.json["is_error"]
    assert "repeat" in ended.err.lower() or "same" in ended.err.lower()
    assert asked < 30


@pytest.mark.feature("F9")
async def test_doctor_init_models_and_config_say_what_is_there(bench: Bench):
    key = {"ANTHROPIC_API_KEY": "key-for-tests"}
    wrong = await bench.run("doctor")
    assert wrong.code == 1
    assert "provider keys in the environment: none of ANTHROPIC_API_KEY" in wrong.out
    assert (await bench.run("doctor", environ=key)).code == 0
    models = (await bench.run("models", "list", "--all", "claude-sonnet-4-5", "--json")).json
    assert any(row["id"] == "anthropic/claude-sonnet-4-5" for row in models)
    await bench.run("init")
    assert "## Rules" in (bench.root / "LOOMKIN.md").read_text()
    await bench.run("config", "set", "--project", "limits.max_turns", "7")
    explained = (await bench.run("config", "explain", "limits.max_turns")).out
    assert ".loomkin.toml" in explained
    assert (await bench.run("config", "get", "limits.max_turns")).out == "7\n"


@pytest.mark.feature("F8")
async def test_completions_complete_in_a_real_shell(bench: Bench):
    script = (await bench.run("completion", "bash")).out
    words = 'COMP_WORDS=(loomkin sess); COMP_CWORD=1; COMP_LINE="loomkin sess"; COMP_POINT=12'
    last = "$(complete -p loomkin | sed 's/.*-F \\([^ ]*\\).*/\\1/'); printf '%s\\n' \"${COMPREPLY[@]}\""
    done = await asyncio.to_thread(
        subprocess.run,
        ["bash", "-c", f"{script}\n{words}\n{last}"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.split() == ["sessions"], done.stderr


@pytest.mark.feature("F1")
async def test_an_edit_is_shown_approved_and_made_in_the_conversation(bench: Bench):
    steps = ({"calls": [call("file_read", path="calc.py")]}, EDIT, {"text": "It no longer adds one."})

    def talk(terminal: Terminal) -> None:
        terminal.until("ask ·")
        terminal.send("mend the mean\r")
        terminal.until("y once")
        assert "+    return sum(values) / len(values)" in terminal.shown
        terminal.settle()
        terminal.send("y")
        terminal.until("It no longer adds one.")
        terminal.send("\x04")
        assert terminal.ended() == 0

    async with ThreadedModelServer(script=steps) as served:
        terminal = Terminal([], bench.root, environment(served.server))
        try:
            await asyncio.to_thread(talk, terminal)
        finally:
            terminal.close()
    assert "+ 1" not in (bench.root / "calc.py").read_text()
    assert json.loads((bench.root / ".loomkin" / "history").read_text()) == "mend the mean"


async def test_a_file_that_cannot_go_along_is_said_to_the_person_and_the_model(bench: Bench):
    async with bench.model({"text": "Which file?"}) as server:
        ended = await bench.run("ask", "read @nope.txt and @calc.py")
        body = said(bodies(server)[0])
    assert ended.code == 0
    assert "@nope.txt was not put along: there is no such file." in ended.err
    assert "@nope.txt was not put along" in body
    assert "The arithmetic mean." in body
