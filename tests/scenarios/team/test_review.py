"""Reviews, and what else decides about a finished task: who is asked, who is told, and what holds."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest

from loomkin.agent.turn import Limits
from loomkin.app import open_house, open_session
from loomkin.permissions.gate import Answer, Approval
from loomkin.records.task import TaskState
from loomkin.store import tasks as plan
from loomkin.store.database import Database
from loomkin.team.reviews import approves
from loomkin.workspace.options import Options
from tests.fakes.model_server import ModelServer
from tests.scenarios.conftest import Bench, call, environment, said
from tests.scenarios.team.conftest import asked, closing, last
from tests.scenarios.team.test_plan import LOST, beside, count, create, done, released_when
from tests.scenarios.team.test_verification import ALL, MEND, PROOF, READ, TURN, UNTRIED, ask, planned

APPROVE = {"calls": [call("peer_review", task="t1", verdict="approve")]}


def tasks(bench: Bench) -> dict[str, TaskState]:
    """The states of all tasks as they were written down."""
    database = Database(bench.root / ".loomkin" / "loomkin.db")
    try:
        (session,) = database.reader.execute("SELECT DISTINCT session FROM tasks").fetchone()
        return {task.id: task.state for task in plan.tasks(database, session)}
    finally:
        database.close()


@pytest.mark.feature("B15")
async def test_a_reviewer_without_a_verdict_is_reminded_once_then_the_creator_judges(bench: Bench) -> None:
    script = planned(
        create("mend mean", "coder", needs_review=True), more=(APPROVE, {"text": "Judged."}), news=0
    ) | {
        "coder": [READ, {"calls": [MEND]}, done("t1", "mended")],
        "reviewer": [{"text": "Looks good to me."}, {"text": "As I said."}],
    }
    async with bench.model(script=script) as server:
        await ask(bench, *ALL)
        assert "Your turn ended without a verdict on t1" in last(server, "reviewer")
        letter = said(asked(server, "lead")[2])
        assert "waits for your review" in letter
        assert "-    return sum(values) / len(values) + 1" in letter
        assert "t1 is approved and done" in said(asked(server, "lead")[3])


@pytest.mark.feature("B15")
async def test_findings_of_a_reviewers_own_task_wake_the_lead_while_others_go_on(bench: Bench) -> None:
    more = ({"text": "It is mended later."},)
    parts = (create("mend mean", "coder"), create("review", "reviewer", needs=["t1"]))
    script = planned(*parts, create("test", "tester", needs=["t1"]), more=more) | {
        "coder": [done("t1", "mended")],
        "reviewer": [done("t2", "Verdict: changes needed. calc.py:3 adds one.")],
        "tester": [{**done("t3", "tested"), "wait_for": "lead woken"}],
    }
    async with bench.model(script=script) as server:
        ended = ask(bench, *ALL)
        await released_when(server, ended, "lead woken", lambda chats: count(chats, "lead") == 3)
        told = said(asked(server, "lead")[2])
        assert "calc.py:3 adds one." in told
        assert "Nobody else hears of this about t1 by coder: have it mended (task_create)" in told


@pytest.mark.parametrize(
    ("report", "approved"),
    [
        ("Verdict: approve. Nothing found.", True),
        ("**Approved**: read all of it.", True),
        ("I approve.", True),
        ("Verdict: changes needed: two.", False),
        ("Approve the first; changes needed in the second.", False),
        ("Two faults, the rest I would approve.", False),
        ("", False),
    ],
)
def test_an_approval_is_what_a_report_begins_with(report: str, approved: bool) -> None:
    assert approves(report) is approved


@pytest.mark.feature("B15")
async def test_where_nobody_may_be_hired_the_creator_judges(bench: Bench) -> None:
    bench.write(".loomkin.toml", "[team]\nmax_agents = 3\n")
    script = planned(
        create("mend mean", "coder", needs_review=True), more=(APPROVE, {"text": "Judged."}), news=0
    ) | {"coder": [READ, {"calls": [MEND]}, done("t1", "mended")]}
    async with bench.model(script=script) as server:
        await ask(bench, *ALL)
        assert "waits for your review" in said(asked(server, "lead")[2])
        assert tasks(bench) == {"t1": TaskState.DONE}


@pytest.mark.feature("B15")
async def test_a_task_in_review_is_not_approved_by_a_mere_update_nor_by_its_owner(bench: Bench) -> None:
    update = {"calls": [call("task_update", task="t1", move="approve", reason="Fine.")]}
    script = planned(create("mend mean", "coder", needs_review=True)) | {
        "coder": [
            READ,
            {"calls": [MEND]},
            beside(done("t1", "mended"), call("tool_search", query="peer_review"), LOST),
            APPROVE,
            {"text": "Handed in.", "wait_for": "never"},
        ],
        "reviewer": [
            {"calls": [call("tool_search", query="task_update")], "wait_for": "tried"},
            update,
            beside(READ, *APPROVE["calls"]),
        ],
    }
    async with bench.model(script=script) as server:
        process = await bench.start("ask", "mend mean()", "--team", "default", *ALL)
        await server.until(lambda _: len(asked(server, "coder")) == 5)
        assert "t1 is your own work; somebody else must judge it." in last(server, "coder")
        server.release("tried")
        await server.until(lambda _: len(asked(server, "reviewer")) == 3)
        server.release("never")
        await process.communicate()
        assert "t1 is approved by a review of its changes." in said(asked(server, "reviewer")[2])
        # a verdict beside something that is only read ends the turn
        assert len(asked(server, "reviewer")) == 3
        assert tasks(bench) == {"t1": TaskState.DONE}


@pytest.mark.feature("B15")
async def test_a_protected_file_that_a_command_wrote_is_reviewed_too(bench: Bench) -> None:
    bench.write(".loomkin.toml", '[team]\nprotect = ["*.sql", "calc.py"]\n')
    bench.write("Makefile", "test:\n\ttrue\n")
    write = call("shell", command="echo 'drop table t;' > new.sql; sed -i 's/ + 1$//' calc.py")
    script = planned(create("mend mean", "coder", checks=["true"]), create("look", "tester")) | {
        "coder": [{"calls": [write]}, done("t1", "mended")],
        "tester": [{**done("t2", "looked", changed=[]), "wait_for": "done"}],
        "reviewer": [beside(APPROVE, LOST), {"text": "Said."}],
    }
    async with bench.model(script=script) as server:
        process = await bench.start("ask", "mend mean()", "--team", "default", *ALL)
        await server.until(lambda _: len(asked(server, "reviewer")) == 2)
        server.release("done")
        out, _ = await process.communicate()
        assert out == b"All done.\n"
        letter = said(asked(server, "reviewer")[0])
        assert "calc.py (+1 -1, by coder, since the last commit)" in letter
        assert "-    return sum(values) / len(values) + 1" in letter
        assert "new.sql (+1 -0, since the last commit)" in letter
        assert "+drop table t;" in letter
        assert "t1 is approved and done" in last(server, "reviewer")
        # what was approved is not asked about again
        assert tasks(bench) == {"t1": TaskState.DONE, "t2": TaskState.DONE}
        assert "t2 is accepted" in closing(bench, "tester")


@pytest.mark.feature("B20")
async def test_what_its_owner_had_proved_before_the_last_change_is_run_again(bench: Bench) -> None:
    check = "! grep -q '2 [*] value' calc.py"
    back = call("file_edit", path="calc.py", old="return 2 * value", new="return value * 2")
    script = planned(create("turn double", "coder")) | {
        "coder": [
            READ,
            {"calls": [call("verify", command=check)]},
            TURN,
            done("t1", "turned", evidence="I ran it"),
            {"calls": [back]},
            done("t1", "turned back"),
        ],
    }
    async with bench.model(script=script) as server:
        await ask(bench, *ALL)
        assert "Kept as evidence for t1" in said(asked(server, "coder")[2])
        assert "t1 is not accepted (attempt 1 of 3): `! grep" in said(asked(server, "coder")[4])
        assert "t1 is accepted" in closing(bench, "coder")


@pytest.mark.feature("B20")
async def test_a_large_change_has_the_projects_tests_run_too(bench: Bench) -> None:
    bench.write(".loomkin.toml", "[team]\nlarge_change = 1\n")
    bench.write("Makefile", f"test:\n\t{PROOF}\n")
    script = planned(create("turn double", "coder", checks=["true"])) | {
        "coder": [READ, TURN, done("t1", "turned"), {"calls": [MEND]}, done("t1", "mended, too")],
    }
    async with bench.model(script=script) as server:
        await ask(bench, *ALL)
        told = said(asked(server, "coder")[3])
        assert "t1 is not accepted (attempt 1 of 3): `make test`: exit 2" in told
        assert "- `true`: exit 0" in last(server, "lead")
        assert "- `make test`: exit 0" in last(server, "lead")


@pytest.mark.feature("B20")
async def test_without_verification_a_task_is_done_and_shows_as_claimed(bench: Bench) -> None:
    bench.write(".loomkin.toml", '[team]\nverify = "off"\n')
    script = planned(create("mend mean", "coder", checks=["false"])) | {"coder": [done("t1", "did")]}
    async with bench.model(script=script) as server:
        await ask(bench, *ALL, "--trust")
        assert "t1 (mend mean) is done (claimed: no command proves it)" in last(server, "lead")
        assert "run by loomkin: nothing; it is a claim" in last(server, "lead")


@pytest.mark.feature("B21")
async def test_a_handoff_names_all_that_was_changed_and_reaches_dependents_with_its_proof(
    bench: Bench,
) -> None:
    handoff = done(
        "t1",
        "took the + 1 away",
        found="two callers in cli.py",
        changed=["nowhere.py"],
        decided="an empty list still raises",
        open="overflow",
        evidence="I looked",
    )
    script = planned(
        create("mend mean", "coder", checks=[PROOF]), create("test mean", "tester", needs=["t1"])
    ) | {
        "coder": [READ, {"calls": [MEND]}, handoff],
        "tester": [done("t2", "tested")],
    }
    async with bench.model(script=script) as server:
        await ask(bench, *ALL)
        assert "Named as changed, but not there: nowhere.py." in closing(bench, "coder")
        for words in (said(asked(server, "tester")[0]), last(server, "lead")):
            for part in (
                "done: took the + 1 away",
                "found: two callers in cli.py",
                "changed: calc.py",
                "decided: an empty list still raises",
                "open: overflow",
                "evidence: I looked",
                "run by loomkin:",
                "== 2'`: exit 0",
            ):
                assert part in words
        # what a team did stands below the report of who leads it
        assert "loomkin saw of its team (coder): changed calc.py +1 -1; " in last(server, "concierge")


@pytest.mark.feature("B20")
async def test_a_hook_of_the_person_decides_about_checks_as_about_other_commands(bench: Bench) -> None:
    bench.write("block.sh", "#!/bin/sh\necho 'no tests on Sundays' >&2\nexit 2\n").chmod(0o755)
    bench.write(
        ".loomkin.toml",
        f'[[hooks]]\nevent = "PreToolUse"\nmatcher = "shell"\ncommand = "{bench.root}/block.sh"\n',
    )
    refuse = {"calls": [call("task_update", task="t1", move="cancel", reason="Not today.")]}
    script = planned(
        create("mend mean", "coder", checks=["true"]), news=0, more=(refuse, {"text": "Cancelled."})
    ) | {"coder": [done("t1", "did it")]}
    async with bench.model(script=script) as server:
        await ask(bench, *ALL, "--trust")
        assert "not permitted to run: `true`" in closing(bench, "coder")
        assert "no tests on Sundays" in said(asked(server, "lead")[2])


@pytest.mark.feature("B20")
@pytest.mark.feature("A10")
async def test_a_task_whose_checks_ran_when_loomkin_was_killed_is_handed_in_again(bench: Bench) -> None:
    bench.write(".loomkin.toml", UNTRIED)
    begun = bench.root.parent / "begun"
    os.mkfifo(begun)
    check = f"test -e .loomkin/go || {{ echo > {begun}; sleep 1000 & wait; }}"
    script = {
        "concierge": [
            {"calls": [create("mend mean", "coder", checks=[check])]},
            {"text": "The plan is up.", "repeat": True},
        ],
        "coder": [done("t1", "did it"), done("t1", "did it, again")],
    }
    async with bench.model(script=script):
        words = ("ask", "mend it", "--team", "default", "--trust", *ALL)
        process = await bench.start(*words, stdin=asyncio.subprocess.DEVNULL)
        await asyncio.to_thread(begun.read_text)
        os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
        bench.write(".loomkin/go", "")
        ended = await bench.run("ask", "-c", "go on", "--resume-run", "--trust", *ALL)
        assert ended.code == 0, ended.err
        assert "t1 is accepted" in closing(bench, "coder")
        assert tasks(bench) == {"t1": TaskState.DONE}


@pytest.mark.feature("B15")
@pytest.mark.feature("A10")
async def test_after_a_kill_protected_files_are_still_reviewed_and_reviewers_asked_again(
    bench: Bench,
) -> None:
    bench.write(".loomkin.toml", '[team]\nprotect = ["calc.py"]\n')
    bench.write("Makefile", "test:\n\ttrue\n")
    write = call("shell", command="sed -i 's/ + 1$//' calc.py")
    script = {
        "concierge": [
            {"calls": [create("mend mean", "coder", checks=["true"])]},
            {"text": "The plan is up.", "repeat": True},
        ],
        "coder": [
            {"calls": [write]},
            {"text": "never", "wait_for": "never"},
            done("t1", "mended"),
            # the kill may come before its turn is written down as ended
            {"text": "Handed in.", "repeat": True},
        ],
        "reviewer": [
            {"text": "never", "wait_for": "never"},
            APPROVE,
            APPROVE,
        ],
    }

    async def killed_once(agent: str, count: int, *words: str) -> None:
        process = await bench.start("ask", *words, *ALL, stdin=asyncio.subprocess.DEVNULL)
        await server.until(lambda _: len(asked(server, agent)) == count)
        os.killpg(process.pid, signal.SIGKILL)
        await process.wait()

    async with bench.model(script=script) as server:
        await killed_once("coder", 2, "mend it", "--team", "default")
        await killed_once("reviewer", 1, "-c", "go on", "--resume-run")
        assert "calc.py (+1 -1, since the last commit)" in said(asked(server, "reviewer")[0])
        assert tasks(bench) == {"t1": TaskState.IN_REVIEW}
        ended = await bench.run("ask", "-c", "go on", "--resume-run", *ALL)
        assert ended.code == 0, ended.err
        # it is shown the changes anew, and nobody else is hired for it
        assert "you were not shown it. This is it:" in said(asked(server, "reviewer")[2])
        assert "t1 is approved and done" in closing(bench, "reviewer")
        assert asked(server, "reviewer-2") == []
        assert tasks(bench) == {"t1": TaskState.DONE}


REFUSE = {
    "calls": [
        call("peer_review", task="t1", verdict="request_changes", findings="calc.py:6 double reads badly.")
    ]
}


def lead_of_two(*coder: dict[str, Any], reviewer: tuple[dict[str, Any], ...]) -> dict[str, Any]:
    """A lead gives a coder two tasks; the first goes to a reviewer who refuses it during the second."""
    return {
        "lead": [
            {
                "calls": [
                    create("mend mean", "coder", needs_review=True),
                    create("two", "coder"),
                ]
            },
            {"text": "The plan is up."},
            {"text": "All done.", "repeat": True},
        ],
        "coder": [
            READ,
            {"calls": [MEND]},
            done("t1", "mended"),
            {"calls": [call("task_accept", task="t2")]},
            *coder,
        ],
        "reviewer": [{**beside(REFUSE, LOST), "wait_for": "busy"}, *reviewer],
    }


async def two_tasks(bench: Bench, server: ModelServer) -> None:
    """Run it; the review comes to its end once the coder has the second task in hand."""
    bench.write(".loomkin.toml", "[team]\nmax_per_role = 1\n")
    process = await bench.start("ask", "do both", "--team", "default", "--role", "lead", *ALL)
    await server.until(lambda _: len(asked(server, "coder")) == 5)
    server.release("busy")
    await server.until(lambda _: len(asked(server, "reviewer")) == 2)
    server.release("refused")
    out, err = await process.communicate()
    assert (process.returncode, out) == (0, b"All done.\n"), err.decode()
    assert tasks(bench) == {"t1": TaskState.DONE, "t2": TaskState.DONE}


@pytest.mark.feature("B15")
async def test_a_task_refused_while_its_owner_has_another_in_hand_is_handed_in_again_at_once(
    bench: Bench,
) -> None:
    script = lead_of_two(
        {**READ, "wait_for": "refused"},
        TURN,
        done("t1", "turned double, too"),
        done("t2", "did two"),
        reviewer=({"text": "Said."}, APPROVE),
    )
    async with bench.model(script=script) as server:
        await two_tasks(bench, server)
        told = said(asked(server, "coder")[5])
        assert "t1 (mend mean) was not approved by reviewer: calc.py:6 double reads badly" in told
        assert ".." not in told[told.index("was not approved") :][:200]
        assert "You have t2 in hand: t1 comes back to you when that ends." in told
        assert "t1 waits for a review now" in said(asked(server, "coder")[7])
        # what was mended while the other one was in hand is shown, and what was found the first time
        again = said(asked(server, "reviewer")[2])
        assert "return 2 * value" in again
        assert "You found: calc.py:6 double reads badly" in again


@pytest.mark.feature("B15")
async def test_a_refused_task_comes_back_by_itself_once_its_owner_is_free(bench: Bench) -> None:
    script = lead_of_two(
        {**READ, "wait_for": "refused"},
        done("t2", "did two"),
        TURN,
        done("t1", "turned double, too"),
        reviewer=({"text": "Said."}, APPROVE),
    )
    async with bench.model(script=script) as server:
        await two_tasks(bench, server)
        told = said(asked(server, "coder")[6])
        assert "t1 (mend mean) goes on: to be mended: calc.py:6 double reads badly" in told


class Judge:
    """A person who gives one answer to every command and question, and lets all else pass."""

    def __init__(self, allows: bool, answer: str = "") -> None:
        self.allows = allows
        self.answer = answer
        self.heard: list[str] = []

    async def approve(self, approval: Approval) -> Answer:
        if not approval.use.command:
            return Answer(True)
        self.heard.append(f"{approval.agent}: {approval.use.command}")
        return Answer(self.allows)

    async def ask(self, question: str, options: tuple[str, ...], free: bool, agent: str) -> str | None:
        self.heard.append(f"{agent}: {question}")
        return self.answer or None


@asynccontextmanager
async def attended(
    bench: Bench, judge: Judge, script: Mapping[str, Any]
) -> AsyncIterator[tuple[str, ModelServer]]:
    """What the session's agent says at the end, with a person there."""
    async with ModelServer(script=script) as server:
        home = bench.root.parent / "home"
        home.mkdir()
        environ = {"HOME": str(home), "PATH": os.environ["PATH"], **environment(server, "openai")}
        environ["LOOMKIN__TEAM__ORIENT"] = "false"
        options = Options(bench.root, environ, team="default", role="concierge", attended=True, trust=True)
        async with open_house(options) as house, open_session(house, judge, judge) as opened:
            end = await opened.session.send("go", Limits(20))
            yield end.text, server


@pytest.mark.feature("B20")
async def test_a_person_who_is_there_is_asked_whether_a_check_may_run(bench: Bench) -> None:
    judge = Judge(allows=True)
    check = f"python3 -c 'import sys; sys.exit({1})' || python3 -c pass"
    script = {
        "concierge": [
            {"calls": [create("mend mean", "coder", checks=[check])]},
            {"text": "The plan is up."},
            {"text": "All done."},
        ],
        "coder": [done("t1", "did it")],
    }
    async with attended(bench, judge, script) as (text, _):
        assert text == "All done."
        assert judge.heard == [f"coder: {check}"]
    assert "t1 is accepted" in closing(bench, "coder")


@pytest.mark.feature("B15")
@pytest.mark.parametrize(
    ("answer", "state"), [("Approve", "approved it; t1 is done"), ("No, too risky", "No, too")]
)
async def test_the_person_may_say_yes_or_no_to_a_task_in_review(
    bench: Bench, answer: str, state: str
) -> None:
    judge = Judge(allows=False, answer=answer)
    script = {
        "concierge": [
            {"calls": [create("mend mean", "coder", checks=["python3 -c pass"])]},
            {"text": "The plan is up."},
            {"calls": [call("tool_search", query="request_approval")]},
            {
                "calls": [
                    call("request_approval", what="t1 without its check", why="It may not run.", task="t1")
                ]
            },
            {"text": "All done.", "repeat": True},
        ],
        "coder": [done("t1", "did it")],
    }
    async with attended(bench, judge, script) as (_, server):
        assert any("Do you approve? t1 without its check" in heard for heard in judge.heard), judge.heard
        assert state in said(asked(server, "concierge")[4])
