"""Agents that crash come back as they were; those that cannot are given up, and somebody is told."""

import asyncio
from hashlib import sha256
from pathlib import Path

import pytest

from loomkin.agent.turn import Limits
from loomkin.records.codec import dump
from tests.scenarios.conftest import Bench, call, said
from tests.scenarios.team.conftest import asked
from tests.team.conftest import at_work

LIMITS = Limits(20)


@pytest.mark.feature("A1")
async def test_an_agent_whose_task_is_killed_is_restarted_with_its_window_and_ends_its_work(
    bench: Bench,
    home: Path,
) -> None:
    script = {
        "concierge": [
            {"calls": [call("team_spawn", role="coder", work="Read calc.py.")]},
            {"text": "Under way."},
            {"text": "Noted."},
            {"text": "All read."},
        ],
        "coder": [
            {"calls": [call("file_read", path="calc.py")]},
            {"text": "never", "wait_for": "never"},
            {"text": "Read."},
        ],
    }
    async with at_work(bench, home, script) as (session, company, server), asyncio.TaskGroup() as group:
        sending = group.create_task(session.send("Read it.", LIMITS))
        await server.until(lambda entries: sum(entry.agent == "coder" for entry in entries) == 2)
        member = company.team.member("coder")
        before = [sha256(dump(message).encode()).hexdigest() for message in member.agent.transcript.messages]
        assert member.task is not None
        member.task.cancel()
        async with asyncio.timeout(0.1):
            await asyncio.wait([member.task])
        assert member.status().state == "crashed"
        end = await sending
        after = [sha256(dump(message).encode()).hexdigest() for message in member.agent.transcript.messages]
        assert after[: len(before)] == before
        assert end.text == "All read."
        assert "You were restarted" in said(asked(server, "coder")[2])
        told = said(asked(server, "concierge")[-1])
        assert told.count("was restarted; it goes on") == 1


async def test_an_agent_that_crashes_again_and_again_is_given_up_and_its_spawner_told(
    bench: Bench,
    home: Path,
) -> None:
    script = {
        "concierge": [
            {"calls": [call("team_spawn", role="coder", work="Read calc.py.")]},
            {"text": "Under way.", "repeat": True},
        ],
        "coder": [{"text": "never", "wait_for": "never", "repeat": True}],
    }
    async with at_work(bench, home, script) as (session, company, server), asyncio.TaskGroup() as group:
        sending = group.create_task(session.send("Read it.", LIMITS))
        for tries in range(1, 7):
            await server.until(
                lambda entries, tries=tries: sum(entry.agent == "coder" for entry in entries) == tries
            )
            member = company.team.member("coder")
            assert member.task is not None
            member.task.cancel()
        await sending
        assert company.team.member("coder").status().state == "stopped"
        assert "crashed 6 times and was given up" in said(asked(server, "concierge")[-1])


async def test_one_who_was_just_seated_counts_as_seen_now(bench: Bench, home: Path) -> None:
    async with at_work(bench, home, {"concierge": [{"text": "Hi."}]}) as (_, company, _):
        host = company.team.members[0]
        passed = company.team.now() - host.sign_of_life
        assert 0 <= passed < 60, "the watchdog counts from here, not from the machine's start"
        assert company.oversight.statuses()[host.name][1] < 60
