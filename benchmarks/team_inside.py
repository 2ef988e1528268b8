"""Runs inside a process of its own: a real session whose team is made to grow, write and work.

    python -m benchmarks.team_inside CASE

prints one JSON object. The model's server stands in the environment, as for `loomkin ask`.
"""

import asyncio
import gc
import json
import os
import resource
import sys
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from loomkin.agent.turn import Limits
from loomkin.app import open_house, open_session
from loomkin.records.mail import SYSTEM, Delivery
from loomkin.runtime.garbage import collect_seldom
from loomkin.runtime.threads import share_soon
from loomkin.team.mailroom import Letter
from loomkin.team.seat import Seat
from loomkin.workspace.options import Options
from loomkin.workspace.session import Session
from loomkin.workspace.teamwork import Teamwork

SPAWNS, LETTERS, IDLE, BUSY = 200, 5000, 990, 100
BEAT = 0.001
ROLE = "researcher"
MANY = ("team.max_agents=1000", "team.session_agents=2000", "team.orient=false")


class Absent:
    """The person of a session nobody sits at."""

    async def ask(self, question: str, options: tuple[str, ...], free: bool, agent: str) -> str | None:
        """Nobody answers."""
        return None


def memory() -> float:
    """Bytes of this process that are in memory now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return float(pages * resource.getpagesize())


async def grow(company: Teamwork, count: int, order: str) -> list[float]:
    """Spawn agents one after another; the seconds that each took."""
    host = company.team.members[0].name
    role = company.hiring.role(ROLE)
    taken = []
    for number in range(count):
        seat = Seat(f"worker-{number}", role, company.team.members[0].seat.team, host, "to be measured", 1)
        begun = time.perf_counter()
        await company.team.spawn(seat, order)
        taken.append(time.perf_counter() - begun)
    return taken


async def spawning(session: Session, company: Teamwork) -> dict[str, Any]:
    """How long a spawn takes."""
    return {"seconds": await grow(company, SPAWNS, "")}


async def writing(session: Session, company: Teamwork) -> dict[str, Any]:
    """How long a letter takes from the sender's call to the reader's box and out of it."""
    await grow(company, 1, "")
    member = company.team.member("worker-0")
    company.team.pause(member.name)
    seconds = []
    for number in range(LETTERS):
        begun = time.perf_counter()
        company.team.room.send(SYSTEM, Letter(member.name, f"Letter {number}."))
        member.box.take(tuple(Delivery))
        seconds.append(time.perf_counter() - begun)
        if not number % 50:
            await asyncio.sleep(0)
    return {"seconds": seconds}


async def idling(session: Session, company: Teamwork) -> dict[str, Any]:
    """What a thousand agents cost that have nothing to do."""
    gc.collect()
    before = memory()
    await grow(company, IDLE, "")
    await session.flush()
    gc.collect()
    after = memory()
    await asyncio.sleep(1)  # whatever begins with an agent has ended
    begun, used = time.perf_counter(), time.process_time()
    await asyncio.sleep(5)
    share = (time.process_time() - used) / (time.perf_counter() - begun)
    return {"bytes": after - before, "core": share}


async def working(session: Session, company: Teamwork) -> dict[str, Any]:
    """How late the event loop comes while a hundred agents work, and whether the ledger is exact."""
    lags: list[float] = []

    async def beat() -> None:
        while True:
            due = time.perf_counter() + BEAT
            await asyncio.sleep(BEAT)
            lags.append(time.perf_counter() - due)

    begun, used = time.perf_counter(), time.process_time()
    async with asyncio.TaskGroup() as group:
        heart = group.create_task(beat())
        await grow(company, BUSY, "Read calc.py and say what it does.")
        end = await session.send("Wait for all of them.", Limits(500))
        wall, cpu = time.perf_counter() - begun, time.process_time() - used
        heart.cancel()
    states = [member.status().state for member in company.team.members]
    return {
        "lags": lags, "wall": wall, "cpu": cpu, "states": states, "end": end.outcome.value,
        "spawned": len(company.team.members) - 1,
    }  # fmt: skip


CASES: dict[str, Callable[[Session, Teamwork], Coroutine[Any, Any, dict[str, Any]]]] = {
    "spawning": spawning,
    "writing": writing,
    "idling": idling,
    "working": working,
}


async def run(case: str) -> dict[str, Any]:
    """Open a real session here and measure one case in it."""
    options = Options(Path.cwd(), dict(os.environ), set_options=MANY, team="default", role="concierge")
    async with open_house(options) as house, open_session(house, None, Absent()) as opened:
        company = opened.session.company
        assert isinstance(company, Teamwork)
        return await CASES[case](opened.session, company)


if __name__ == "__main__":
    collect_seldom()
    share_soon()
    sys.stdout.write(json.dumps(asyncio.run(run(sys.argv[1]))))
