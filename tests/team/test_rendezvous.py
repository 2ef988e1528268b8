"""Points where agents wait for each other, for a time."""

from pathlib import Path

import pytest

from loomkin.agent.turn import Limits
from loomkin.errors import NotFoundError
from loomkin.store import team as past
from loomkin.team.referee import PlanError
from loomkin.team.rendezvous import Meetings
from loomkin.team.team import Team
from loomkin.workspace.teamwork import Teamwork
from tests.scenarios.conftest import Bench, call
from tests.team.conftest import at_work, bench, home  # noqa: F401

LIMITS = Limits(20)
HIRE = [call("team_spawn", role="coder", name=name, work="Look.", fresh=True) for name in ("ada", "bob")]
SCRIPT = {
    "concierge": [{"calls": HIRE}, {"text": "They look.", "repeat": 9}],
    "ada": [{"text": "Looked.", "repeat": 9}],
    "bob": [{"text": "Looked.", "repeat": 9}],
}


def letters(team: Team, name: str) -> str:
    """What waits in the box of an agent."""
    return "\n".join(mail.text for mail in team.member(name).box.letters)


def hold(company: Teamwork) -> Meetings:
    """Let nobody read, so that letters can be looked at."""
    for one in company.team.members:
        one.agent.steering.pause()
    meetings = company.services()[Meetings]
    assert isinstance(meetings, Meetings)
    return meetings


@pytest.mark.feature("B5")
async def test_a_meeting_point_wants_agents_that_exist_and_a_name_that_is_free(
    bench: Bench,  # noqa: F811
    home: Path,  # noqa: F811
) -> None:
    async with at_work(bench, home, SCRIPT) as (session, company, _):
        await session.send("Hire two.", LIMITS)
        meetings = hold(company)
        with pytest.raises(NotFoundError, match="no agent 'eve'"):
            meetings.open("merge", ("ada", "eve"), "Merge.", 60.0)
        with pytest.raises(PlanError, match="two agents or more"):
            meetings.open("merge", ("ada", "ada"), "Merge.", 60.0)
        meetings.open("merge", ("ada", "bob"), "Merge.", 60.0)
        with pytest.raises(PlanError, match="already"):
            meetings.open("merge", ("ada", "bob"), "Merge.", 60.0)
        with pytest.raises(PlanError, match="not you"):
            meetings.ready("merge", "concierge")
        with pytest.raises(PlanError, match="no open rendezvous 'start'"):
            meetings.ready("start", "ada")


@pytest.mark.feature("B5")
async def test_who_has_gone_is_awaited_no_more(
    bench: Bench,  # noqa: F811
    home: Path,  # noqa: F811
) -> None:
    async with at_work(bench, home, SCRIPT) as (session, company, _):
        await session.send("Hire two.", LIMITS)
        meetings = hold(company)
        meetings.open("merge", ("ada", "bob"), "Merge.", 60.0)
        assert meetings.ready("merge", "ada") == ["bob"]
        assert meetings.waits("ada")
        await company.team.stop("bob", "not needed")
        assert not meetings.waits("ada")
        assert "All are at merge. Merge." in letters(company.team, "ada")


@pytest.mark.feature("B5")
async def test_after_its_time_those_who_came_are_told_who_did_not(
    bench: Bench,  # noqa: F811
    home: Path,  # noqa: F811
) -> None:
    async with at_work(bench, home, SCRIPT) as (session, company, _):
        await session.send("Hire two.", LIMITS)
        meetings = hold(company)
        meetings.open("merge", ("ada", "bob"), "Merge.", 0.01)
        meetings.ready("merge", "ada")
        while meetings.waits("ada"):
            await company.team.stirred(company.team.member("concierge"))
        assert "Rendezvous merge is over; missing: bob." in letters(company.team, "ada")
        assert "is over" not in letters(company.team, "bob")


@pytest.mark.feature("B5")
async def test_nobody_waits_for_who_will_not_come_as_all_are_at_rest(
    bench: Bench,  # noqa: F811
    home: Path,  # noqa: F811
) -> None:
    async with at_work(bench, home, SCRIPT) as (session, company, _):
        await session.send("Hire two.", LIMITS)
        meetings = hold(company)
        meetings.open("merge", ("ada", "bob"), "Merge.", 600.0)
        meetings.ready("merge", "ada")
        assert meetings.quiet()
        assert not meetings.quiet()
        assert "missing: bob" in letters(company.team, "ada")


@pytest.mark.feature("B5")
async def test_a_meeting_point_is_known_to_a_later_process(
    bench: Bench,  # noqa: F811
    home: Path,  # noqa: F811
) -> None:
    async with at_work(bench, home, SCRIPT) as (session, company, _):
        await session.send("Hire two.", LIMITS)
        meetings = hold(company)
        meetings.open("merge", ("ada", "bob"), "Merge.", 600.0)
        meetings.ready("merge", "ada")
        await session.agent.scribe.flush()
        ground = company._ground
        house = ground.crew.house
        (known,) = past.meetings(house.database, session.id)
        assert (known.awaited, known.present, known.state) == (("ada", "bob"), ("ada",), "open")
        again = Meetings(company.team, session.agent.scribe, house.clock, ground.supervisor)
        again.restore([known])
        assert again.ready("merge", "bob") == []
