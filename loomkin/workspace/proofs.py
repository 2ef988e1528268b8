"""What proves and judges finished work in a team, as services by type."""

from typing import Any

from loomkin.project.jobs import JobTable
from loomkin.project.profile import Profiles
from loomkin.project.workplace import Workplace
from loomkin.records.event import FileChanged
from loomkin.store import sessions
from loomkin.team.board import Board
from loomkin.team.checks import Checks
from loomkin.team.completion import Completion
from loomkin.team.footprints import Footprints
from loomkin.team.reviews import Reviews
from loomkin.team.team import Team
from loomkin.workspace.ground import Ground


def proofs(ground: Ground, team: Team, board: Board, profiles: Profiles) -> dict[type, Any]:
    """Checks, footprints and reviews; the footprints of an earlier process are known."""
    crew = ground.crew
    house, place = crew.house, crew.house.workplace
    footprints = Footprints()
    if board.tasks:
        footprints.restore(sessions.events(house.database, crew.session, FileChanged.__name__))
    team.adopt(footprints)
    checks = Checks(
        team,
        place,
        crew.service(JobTable),
        house.redactor,
        house.clock,
        crew.environment,
        house.loaded.settings.team.check_timeout,
    )
    return {
        Workplace: place,
        Profiles: profiles,
        Footprints: footprints,
        Checks: checks,
        Completion: Completion(board, ground.supervisor),
        Reviews: Reviews(team, board, footprints, place),
    }
