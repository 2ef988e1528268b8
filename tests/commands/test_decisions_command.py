"""/decisions: the person looks into the graph of the repository and changes it, beside an agent."""

from pathlib import Path

import pytest

from loomkin.errors import LoomkinError, UsageError
from tests.commands.test_commands import root as root
from tests.commands.test_commands import talk

LOG = {
    "calls": [
        {
            "name": "decision_log",
            "arguments": {
                "kind": "decision",
                "title": "Use SQLite",
                "confidence": 80,
                "rejected": [{"title": "Use Redis", "reason": "needs a server"}],
            },
        }
    ]
}


@pytest.mark.feature("C1")
async def test_the_person_sees_and_changes_what_agents_decided(root: Path, own_machine: Path) -> None:
    async with talk(root, own_machine, LOG, {"text": "Decided."}) as one:
        assert await one.run("decisions") == "Nothing was decided here yet."
        await one.say("choose a store")
        assert await one.run("decisions") == "d2 option: Use Redis\nd1 decision: Use SQLite (80 %)"
        shown = await one.run("decisions d1")
        assert "asked: choose a store" in shown
        assert "rejected d2 Use Redis: needs a server" in shown
        tree = ["d1 decision: Use SQLite (80 %)", "└─ ✗ rejected d2 Use Redis: needs a server"]
        assert (await one.run("decisions tree")).splitlines() == tree
        assert (await one.run("decisions tree d2")).splitlines() == ["d2 option: Use Redis"]
        found = (await one.run("decisions search redis server")).splitlines()
        assert found == ["d2 option: Use Redis", "d1 decision: Use SQLite (80 %)"]
        assert await one.run("decisions confidence d1 40") == "Now d1 decision: Use SQLite (40 %)"
        assert await one.run("decisions add goal Ship it") == "Added d3 goal: Ship it"
        assert await one.run("decisions goals") == "d3 goal: Ship it"
        assert await one.run("decisions done d3 shipped") == "Closed d3 goal: Ship it (done)"
        assert "why: shipped" in await one.run("decisions d3")
        assert await one.run("decisions undo") == "Taken back: d3 (Ship it) was changed by person."
        assert await one.run("decisions goals") == "d3 goal: Ship it"
        abandoned = await one.run("decisions abandon d1 it locks")
        assert abandoned == "Closed d1 decision: Use SQLite (40 %, abandoned)"
        assert (await one.run("decisions pulse")).startswith(
            "Health 90/100: 100 - 10 (1 goals without actions"
        )
        assert "~~Use SQLite~~ (d1 abandoned): it locks" in await one.run("decisions writeup d1")


async def test_what_cannot_be_meant_is_refused_with_the_way(root: Path, own_machine: Path) -> None:
    async with talk(root, own_machine) as one:
        for words, kind in (
            ("decisions add plan Ship", UsageError),
            ("decisions done", UsageError),
            ("decisions frobnicate it all", UsageError),
            ("decisions d9", LoomkinError),
        ):
            with pytest.raises(kind):
                await one.run(words)
