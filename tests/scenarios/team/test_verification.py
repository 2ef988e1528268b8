"""A finished task is proved by what loomkin runs: who hears of a failure, and what waits for the proof."""

import sys
from typing import Any

import pytest

from tests.fakes.model_server import ModelServer
from tests.scenarios.conftest import Bench, Ended, call, said
from tests.scenarios.team.conftest import asked, closing, last
from tests.scenarios.team.test_plan import LOST, beside, create, done, led

PROOF = f"{sys.executable} -B -S -c 'from calc import mean; assert mean([1, 2, 3]) == 2'"
READ = {"calls": [call("file_read", path="calc.py")]}
MEND = call(
    "file_edit",
    path="calc.py",
    old="return sum(values) / len(values) + 1",
    new="return sum(values) / len(values)",
)
TURN = {"calls": [call("file_edit", path="calc.py", old="return value * 2", new="return 2 * value")]}
ALL = ("--permission-mode", "yolo")
UNTRIED = '[[hooks]]\nevent = "PreToolUse"\nmatcher = "shell"\ncommand = "true"\n'
"""What a hook may ask about is not tried before the work: for checks that end otherwise the second time."""


def planned(*tasks: dict[str, Any], news: int = 1, more: tuple[dict[str, Any], ...] = ()) -> dict[str, Any]:
    """A concierge and a lead that puts up tasks and hears `news` times."""
    heard = [{"text": "I see."} for _ in range(news)]
    return {
        "concierge": led(),
        "lead": [{"calls": list(tasks)}, {"text": "The plan is up."}, *more, *heard],
    }


async def ask(bench: Bench, *flags: str) -> Ended:
    """One run of the team that ends well."""
    ended = await bench.run("ask", "mend mean()", "--team", "default", *flags)
    assert (ended.code, ended.out) == (0, "All done.\n"), ended.err
    return ended


def results(server: ModelServer, agent: str) -> str:
    """What an agent's newest request holds after its own last message."""
    return said({"messages": asked(server, agent)[-1]["messages"][-2:]})


@pytest.mark.feature("B20")
async def test_a_failing_check_goes_back_with_its_first_errors_and_passes_once_mended(bench: Bench) -> None:
    script = planned(create("mend mean", "coder", checks=[PROOF])) | {
        "coder": [
            READ,
            done("t1", "mended it, all tests pass", evidence="1 passed"),
            {"calls": [MEND]},
            {"calls": [call("task_complete", task="t1", found="it added one")]},
        ],
    }
    async with bench.model(script=script) as server:
        await ask(bench, *ALL)
        told = said(asked(server, "coder")[2])
        assert "t1 is not accepted (attempt 1 of 3)" in told
        assert "Mend what is yours and call task_complete again. What you said of it stands" in told
        # what was said the first time need not be said again
        handed = "done: mended it, all tests pass\\nfound: it added one\\nevidence: 1 passed"
        assert handed in last(server, "lead").replace("changed: calc.py\\n", "")
        assert "If the check is at fault, task_block(task=t1, on=check, reason=...) has lead change" in told
        assert "AssertionError" in told
        assert "Whole output: .loomkin/outputs/" in told
        assert len(asked(server, "coder")) == 4
        assert "t1 is accepted" in closing(bench, "coder")
        handoff = last(server, "lead")
        assert "changed: calc.py" in handoff
        assert "run by loomkin:" in handoff
        assert "exit 0" in handoff
        assert "claimed" not in handoff


@pytest.mark.feature("B20")
async def test_three_failed_verifications_fail_the_task_and_its_creator_decides(bench: Bench) -> None:
    script = planned(create("mend mean", "coder", checks=["exit 3"])) | {
        "coder": [*(done("t1", f"try {number}") for number in (1, 2, 3)), {"text": "I give up."}],
    }
    async with bench.model(script=script) as server:
        await ask(bench, *ALL)
        assert "attempt 3 of 3: t1 has failed" in last(server, "coder")
        assert "t1 (mend mean) is failed" in last(server, "lead")
        assert "`exit 3`: exit 3" in last(server, "lead")


@pytest.mark.feature("B20")
async def test_a_check_that_passes_when_run_again_at_once_is_flaky_and_the_lead_hears_it(
    bench: Bench,
) -> None:
    bench.write(".loomkin.toml", UNTRIED)
    flaky = "test -e .loomkin/once || { touch .loomkin/once; echo ERROR: too early; exit 1; }"
    script = planned(create("mend mean", "coder", checks=[flaky])) | {
        "coder": [done("t1", "did it")],
    }
    async with bench.model(script=script) as server:
        await ask(bench, *ALL, "--trust")
        assert "t1 is accepted" in closing(bench, "coder")
        assert "it is flaky" in closing(bench, "coder")
        assert "it is flaky. It counts as passed." in last(server, "lead")
        assert "exit 0, flaky: it failed once" in last(server, "lead")


@pytest.mark.feature("B20")
async def test_a_check_that_never_ends_is_stopped_and_the_creator_decides(bench: Bench) -> None:
    bench.write(".loomkin.toml", "[team]\ncheck_timeout = 1\n")
    decide = {"calls": [call("task_update", task="t1", move="approve", reason="I looked at it.")]}
    script = planned(
        create("mend mean", "coder", checks=["sleep 1000 & wait"]),
        create("test mean", "tester", needs=["t1"]),
        more=(decide, {"text": "Approved."}),
    ) | {
        "coder": [done("t1", "did it")],
        "tester": [done("t2", "tested it")],
    }
    async with bench.model(script=script) as server:
        await ask(bench, *ALL)
        assert "could not be verified, lead decides" in closing(bench, "coder")
        assert "did not end within 1 s and was stopped" in closing(bench, "coder")
        letter = said(asked(server, "lead")[2])
        assert "t1 (mend mean), done by coder, could not be verified" in letter
        assert first_number(server, "tester") > asked_at(server, "lead", 2)
        assert "(claimed: no command proves it)" in last(server, "lead") or "it is a claim" in said(
            asked(server, "tester")[0]
        )


@pytest.mark.feature("B20")
async def test_a_check_that_is_not_permitted_is_no_pass(bench: Bench) -> None:
    refuse = {"calls": [call("task_update", task="t1", move="cancel", reason="Nobody may run its check.")]}
    script = planned(
        create("mend mean", "coder", checks=[PROOF]), news=0, more=(refuse, {"text": "Cancelled."})
    ) | {"coder": [done("t1", "did it")]}
    async with bench.model(script=script) as server:
        await ask(bench, "--permission-mode", "edits")
        assert f"not permitted to run: `{PROOF}`" in closing(bench, "coder")
        assert "not permitted to run" in said(asked(server, "lead")[2])
        assert "t1 is accepted" not in closing(bench, "coder")


@pytest.mark.feature("B20")
async def test_an_agent_has_the_projects_tests_run_as_evidence(bench: Bench) -> None:
    bench.write("Makefile", f"test:\n\t{PROOF}\n")
    script = planned(create("mend mean", "coder")) | {
        "coder": [
            READ,
            {"calls": [MEND, call("verify")]},
            done("t1", "took the + 1 away"),
        ],
    }
    async with bench.model(script=script) as server:
        await ask(bench, *ALL)
        assert "test `make test` (Makefile)" in said(asked(server, "coder")[0])
        assert "`make test`: exit 0. Kept as evidence for t1." in said(asked(server, "coder")[2])
        assert "- `make test`: exit 0 (run by coder)" in last(server, "lead")
        assert "claimed" not in last(server, "lead")


@pytest.mark.feature("B20")
@pytest.mark.feature("B15")
async def test_changes_of_protected_files_are_tested_reviewed_and_hold_those_who_wait(bench: Bench) -> None:
    bench.write(".loomkin.toml", '[team]\nprotect = ["calc.py"]\n')
    bench.write("Makefile", f"test:\n\t{PROOF}\n")
    changes = {
        "calls": [call("peer_review", task="t1", verdict="request_changes", findings="calc.py:6 say why")]
    }
    approve = {"calls": [call("peer_review", task="t1", verdict="approve")]}
    script = planned(create("mend mean", "coder"), create("test mean", "tester", needs=["t1"])) | {
        "coder": [READ, {"calls": [MEND]}, done("t1", "mended"), TURN, done("t1", "turned")],
        "reviewer": [changes, approve],
        "tester": [done("t2", "tested it")],
    }
    async with bench.model(script=script) as server:
        await ask(bench, *ALL)
        assert "`make test`: exit 0" in said(asked(server, "coder")[3])
        assert "t1 waits for a review now" in said(asked(server, "coder")[3])
        order = said(asked(server, "reviewer")[0])
        assert "+    return sum(values) / len(values)" in order
        assert "waits for your review" in order
        assert "- `make test`: exit 0" in order
        assert "t1 (mend mean) was not approved by reviewer: calc.py:6 say why" in said(
            asked(server, "coder")[3]
        )
        again = said(asked(server, "reviewer")[1])
        assert "return 2 * value" in again
        assert "t1 is approved and done" in closing(bench, "reviewer")
        assert first_number(server, "tester") > asked_at(server, "reviewer", 1)


@pytest.mark.feature("B15")
async def test_an_approval_of_files_that_changed_meanwhile_does_not_count(bench: Bench) -> None:
    approve = {"calls": [call("peer_review", task="t1", verdict="approve")]}
    script = planned(create("mend mean", "coder", needs_review=True)) | {
        "coder": [
            READ,
            {"calls": [MEND]},
            beside(done("t1", "mended"), LOST),
            TURN,
            {"text": "One more thing."},
        ],
        "reviewer": [{**approve, "wait_for": "edited"}, approve],
    }
    async with bench.model(script=script) as server:
        process = await bench.start("ask", "mend mean()", "--team", "default", *ALL)
        await server.until(lambda _: len(asked(server, "coder")) == 5 and len(asked(server, "reviewer")) == 1)
        server.release("edited")
        out, err = await process.communicate()
        assert (process.returncode, out) == (0, b"All done.\n"), err.decode()
        told = said(asked(server, "reviewer")[1])
        assert "Your approval of t1 does not count: its files changed after you were shown them" in told
        assert "return 2 * value" in told
        assert "t1 is approved and done" in closing(bench, "reviewer")


@pytest.mark.feature("B15")
async def test_an_approval_counts_though_others_changed_other_lines_of_the_file(bench: Bench) -> None:
    approve = {"calls": [call("peer_review", task="t1", verdict="approve")]}
    tasks = (create("mend mean", "coder", needs_review=True), create("turn", "coder"))
    script = planned(*tasks, more=({"text": "I see."},)) | {
        "coder": [READ, {"calls": [MEND]}, done("t1", "mended")],
        "coder-2": [
            {**READ, "wait_for": "shown"},
            TURN,
            beside(done("t2", "turned"), LOST),
            {"text": "Yes."},
        ],
        "reviewer": [{**approve, "wait_for": "edited"}],
    }
    async with bench.model(script=script) as server:
        process = await bench.start("ask", "mend mean()", "--team", "default", *ALL)
        await server.until(lambda _: len(asked(server, "reviewer")) == 1)
        server.release("shown")
        await server.until(lambda _: len(asked(server, "coder-2")) >= 3)
        server.release("edited")
        out, err = await process.communicate()
        assert (process.returncode, out) == (0, b"All done.\n"), err.decode()
        words = "t1 is approved and done. Since you were shown it other lines changed: calc.py by coder-2."
        assert words in closing(bench, "reviewer")


def first_number(server: ModelServer, agent: str) -> int:
    """The number of an agent's first request among all."""
    return asked_at(server, agent, 0)


def asked_at(server: ModelServer, agent: str, at: int) -> int:
    """The number of one of an agent's requests among all."""
    return [entry.number for entry in server.chats if entry.agent == agent][at]
