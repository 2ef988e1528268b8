"""The checks of a new task are tried once before the work: who hears what, and that nobody is asked."""

import asyncio
import os
from pathlib import Path

import pytest

from loomkin.records.mail import Delivery, Mail, MailKind
from loomkin.records.task import Handoff, Task
from loomkin.team.board import Board
from loomkin.team.footprints import Footprints
from loomkin.team.planning import Draft, Planning
from loomkin.team.transitions import Verb
from loomkin.team.trials import Found, Trials
from loomkin.workspace.teamwork import Teamwork
from tests.scenarios.conftest import Bench, call, said
from tests.scenarios.team.conftest import asked, last
from tests.scenarios.team.test_plan import create, done
from tests.scenarios.team.test_verification import ALL, PROOF, planned
from tests.team.conftest import at_work, home  # noqa: F401
from tests.team.test_assignment import LIMITS, times

ODD = "sh -c nosuchprogram"


@pytest.mark.feature("B20")
async def test_whoever_creates_a_task_hears_which_checks_fail_already_and_which_cannot_run(
    bench: Bench,
) -> None:
    checks = ["echo one; echo two >&2; exit 3", ODD, "nosuchprogram --all"]
    script = planned(
        create("mend mean", "coder", checks=[*checks, PROOF]),
        more=({"text": "I change the check."},),
    ) | {"coder": [{**done("t1", "mended"), "wait_for": "never"}]}
    async with bench.model(script=script) as server:
        process = await bench.start("ask", "mend mean()", "--team", "default", *ALL)
        await server.until(lambda _: any("tried once" in said(body) for body in asked(server, "lead")))
        told = last(server, "lead").replace("\\n", "\n")
        process.terminate()
        await process.communicate()
    expected = "fails already (expected if the work is to make it pass): exit"
    assert "Checks, tried once before the work:\n" in told
    assert f"- `{checks[0]}` {expected} 3, last line: two." in told
    assert f"- `{ODD}` cannot run: exit 127, last line: sh: " in told
    assert "- `nosuchprogram --all` cannot run: there is no program 'nosuchprogram' here." in told
    assert f"- `{PROOF}` {expected} 1, last line: AssertionError." in told
    assert "Create what is missing first, or change the checks with task_update." in told


async def tried(company: Teamwork, check: str) -> tuple[Task, Found]:
    """A new task with one check, and what its creator hears at once."""
    services = company.services()
    draft = Draft("work", "Please work.", "", checks=(check,), owner="concierge")
    task = services[Planning].create("concierge", draft)
    return task, await services[Trials].of("concierge", task)


@pytest.mark.feature("B20")
@pytest.mark.parametrize(
    ("mode", "told"), [("ask", ""), ("plan", "is not permitted to run: "), ("yolo", "passes already")]
)
async def test_a_check_that_asks_or_may_not_run_is_not_tried(
    bench: Bench,
    home: Path,  # noqa: F811
    mode: str,
    told: str,
) -> None:
    script, check = {"concierge": [{"text": "Hm."}]}, "echo ran > ran"
    async with at_work(bench, home, script, set_options=(f"permissions.mode={mode}",)) as (
        session,
        company,
        _,
    ):
        company.services()[Trials].wait = 30.0
        _, found = await tried(company, check)
        assert told in found.words
        assert bool(told) == bool(found.words)
        assert (bench.root / "ran").exists() == (mode == "yolo")
        assert session.gate.denials == []


@pytest.mark.feature("B20")
async def test_what_ends_later_comes_as_mail_and_wakes_only_for_what_cannot_run(
    bench: Bench,
    home: Path,  # noqa: F811
) -> None:
    for name in ("one", "two"):
        os.mkfifo(bench.root / name)
    script = {
        "concierge": [
            {
                "calls": [
                    create("one", "coder", checks=["read line < one; exit 4"]),
                    create("two", "coder", checks=["read line < two; nosuchprogram", "true"]),
                    create("three", "coder", checks=["true"]),
                ]
            },
            {"text": "I see.", "repeat": True},
        ],
        "coder": [{"text": "never", "wait_for": "never"}],
        "default": [{"text": "never", "wait_for": "never"}],
    }
    async with at_work(bench, home, script, set_options=("permissions.mode=yolo",)) as (
        session,
        company,
        server,
    ):
        trials: Trials = company.services()[Trials]
        trials.wait = 0.0
        heard: list[Mail] = []
        company.team.room.listen(lambda mail: heard.append(mail) if "tried once" in mail.text else None)
        async with asyncio.TaskGroup() as group:
            sending = group.create_task(session.send("Do three things.", LIMITS))
            await server.until(times("concierge", 2))
            await asyncio.to_thread((bench.root / "one").write_text, "go\n")
            await asyncio.to_thread((bench.root / "two").write_text, "go\n")
            await server.until(times("concierge", 3))
            sending.cancel()
    late, broken = heard
    assert (late.kind, late.delivery) == (MailKind.FINDING, Delivery.DIGEST)
    assert "`read line < one; exit 4` fails already" in late.text
    assert (broken.kind, broken.delivery) == (MailKind.BLOCKER, Delivery.NEXT_STEP)
    assert "`read line < two; nosuchprogram` cannot run: exit 127" in broken.text
    assert "passes already" not in broken.text, "only what is wrong is worth a letter"


@pytest.mark.feature("B20")
async def test_a_trial_says_nothing_once_files_changed_and_ends_when_the_task_is_handed_in(
    bench: Bench,
    home: Path,  # noqa: F811
) -> None:
    os.mkfifo(bench.root / "one")
    script = {"concierge": [{"text": "Hm."}]}
    async with at_work(bench, home, script, set_options=("permissions.mode=yolo",)) as (_, company, __):
        services, heard, told = company.services(), list[Mail](), asyncio.Event()
        trials: Trials = services[Trials]
        trials.wait = 0.0

        def hear(mail: Mail) -> None:
            if "tried once" in mail.text:
                heard.append(mail)
                told.set()

        company.team.room.listen(hear)
        assert (await tried(company, "read line < one; exit 4"))[1] == Found()
        with await asyncio.to_thread((bench.root / "one").open, "w") as gate:  # it runs now
            services[Footprints].wrote("ada", "", "calc.py", 1.0)
            gate.write("go\n")
        endless, _ = await tried(company, "sleep 1000 & wait")
        services[Planning].accept("concierge", endless.id)
        services[Board].hand_off(endless.id, Handoff("did it"))
        services[Board].move(endless.id, Verb.COMPLETE, "concierge")
        newest, _ = await tried(company, ODD)
        async with asyncio.timeout(8.0):
            await told.wait()
        assert [mail.task for mail in heard] == [newest.id], "one trial runs after the other"


@pytest.mark.feature("B20")
async def test_an_owner_hears_what_failed_before_its_work_and_what_waits_is_tried_once_it_is_ready(
    bench: Bench,
    home: Path,  # noqa: F811
) -> None:
    lines = "echo FAILED tests/test_a.py::test_old - x; echo 1 failed in 0.$$ s; exit 1"
    script = {
        "concierge": [
            {
                "calls": [
                    create("one", "coder", checks=[lines]),
                    create("two", "tester", needs=["t1"], checks=["test ! -e made"]),
                ]
            },
            {"text": "Hm.", "repeat": True},
        ],
        "coder": [
            {"calls": [call("file_read", path="calc.py")], "wait_for": "tried"},
            done("t1", "did it"),
            {"calls": [call("shell", command="touch made")]},
            {"text": "never", "wait_for": "never"},
        ],
        "default": [{"text": "never", "wait_for": "never"}],
    }
    async with at_work(bench, home, script, set_options=("permissions.mode=yolo",)) as (
        session,
        company,
        server,
    ):
        company.services()[Trials].wait = 30.0
        async with asyncio.TaskGroup() as group:
            sending = group.create_task(session.send("Do two things.", LIMITS))
            await server.until(times("concierge", 2))
            server.release("tried")
            await server.until(times("coder", 4))
            board, waits = company.services()[Board], asyncio.Event()
            assert "t2" not in board.plan.tried, "what t1 is to make is missing: no news"
            company.team.room.listen(lambda mail: waits.set() if "tried once" in mail.text else None)
            board.disconnect(board.plan.edges[0], "concierge", "not needed")
            async with asyncio.timeout(8.0):
                await waits.wait()
            sending.cancel()
    told = f"Tried once before the work:\\n- `{lines}` fails already"
    assert told in said(asked(server, "coder")[1])
    assert "exit 1; it failed twice, the second time at once\\nThis check failed the same way before" in said(
        asked(server, "coder")[2]
    )
    assert board.plan.tried[board.task("t2").id][0].failed
