"""What proves and judges finished work in a team, as services by type."""

from typing import Any

from loomkin.project.guarded import Guarded
from loomkin.project.jobs import JobTable
from loomkin.project.profile import Profiles
from loomkin.project.sight import Sight
from loomkin.project.workplace import Workplace
from loomkin.records.permission import Access, ToolUse
from loomkin.store import sessions
from loomkin.store import team as past
from loomkin.team.board import Board
from loomkin.team.checks import Checks
from loomkin.team.claims_watch import Watch
from loomkin.team.completion import Completion
from loomkin.team.differences import Differences, Versions
from loomkin.team.earlier import Earlier
from loomkin.team.earlier import read as read_earlier
from loomkin.team.footprints import Footprints
from loomkin.team.reviews import Reviews
from loomkin.team.seen import KINDS, Seen
from loomkin.team.team import Team
from loomkin.team.trials import Trials
from loomkin.workspace.crew import Crew
from loomkin.workspace.ground import Ground


def proofs(ground: Ground, team: Team, board: Board, profiles: Profiles, watch: Watch) -> dict[type, Any]:
    """Checks, footprints and reviews; the footprints of an earlier process are known."""
    crew = ground.crew
    house, place = crew.house, crew.house.workplace
    footprints = Footprints()
    earlier = read_earlier(house.database, crew.session) if board.tasks else Earlier()
    footprints.restore(earlier.events)
    team.adopt(footprints)

    seen = _witness(crew, team)

    def wrote(agent: str, path: str, lines: tuple[int, int] | None) -> None:
        task, now = board.in_hand(agent), house.clock.now()
        footprints.wrote(agent, task.id if task else "", path, now)
        seen.wrote(agent, path, now, lines)

    watch.noted = wrote
    checks = Checks(
        team,
        place,
        crew.service(JobTable),
        house.redactor,
        house.clock,
        crew.environment,
        house.loaded.settings.team.check_timeout,
    )
    versions = Versions()
    crew.service(Sight).keep = versions.keep
    differences = Differences(footprints, place, versions, house.redactor.redact)
    reviews = Reviews(team, board, footprints, differences, place)
    return {
        Workplace: place,
        Profiles: profiles,
        Footprints: footprints,
        Guarded: Guarded(place.root, house.loaded.settings.team.protect),
        Checks: checks,
        Trials: _trials(ground, team, board, footprints),
        Completion: Completion(board, ground.supervisor),
        Reviews: reviews,
        Earlier: earlier,
    }


def _trials(ground: Ground, team: Team, board: Board, footprints: Footprints) -> Trials:
    crew = ground.crew
    house, jobs = crew.house, crew.service(JobTable)
    on = house.loaded.settings.team.verify != "off"
    beside = (house.workplace, jobs, house.redactor, ground.supervisor, crew.environment)
    return Trials(team, board, footprints, *beside, on)


def _witness(crew: Crew, team: Team) -> Seen:
    """What stands below each report; what was seen by an earlier process counts."""
    root, database = str(crew.house.workplace.root), crew.house.database

    def reads(command: str) -> bool:
        return crew.gate.policy.only_reads(ToolUse("shell", Access.EXECUTE, root, command=command))

    seen = Seen(reads)
    if past.members(database, crew.session):
        seen.restore(event for kind in KINDS for event in sessions.events(database, crew.session, kind))
    team.adopt(seen)
    team.reports.witness = lambda member, since: seen.words(
        member.name, member.seat.role, since, team.below(member.name)
    )
    return seen
