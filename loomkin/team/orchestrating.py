"""A lead that has specialists plans and checks; the tools that write are out of its sight meanwhile."""

from collections.abc import Mapping

from loomkin.records.permission import Access
from loomkin.team.roster import LEAD
from loomkin.team.seat import GONE
from loomkin.team.team import Team
from loomkin.tooling.toolbox import Toolbox

NO_SPECIALISTS = frozenset((LEAD, "concierge", "orienter"))
WRITING = (Access.WRITE, Access.EXECUTE)


def specialists(team: Team, lead: str) -> list[str]:
    """The living teammates of a lead that work for it or beside it."""
    mine = next((one.seat.team for one in team.members if one.name == lead), "")
    others = (one for one in team.members if one.name != lead and one.seat.team == mine)
    return [
        one.name for one in others if one.standing not in GONE and one.seat.role.name not in NO_SPECIALISTS
    ]


def withheld(team: Team, lead: str, toolbox: Toolbox) -> Mapping[str, str]:
    """The tools that a lead does not have at this moment, by what they do, each with the reason."""
    others = specialists(team, lead)
    if not others:
        return {}
    why = (
        f"is not yours while you have specialists ({', '.join(others)}). Give the change to one of them "
        "(task_create, peer_message), or end them with team_dissolve: then it is yours again."
    )
    return {name: f"{name} {why}" for name, access in toolbox.accesses.items() if access in WRITING}
