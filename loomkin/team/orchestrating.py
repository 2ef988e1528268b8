"""A lead that has specialists plans and checks: what would change files is theirs meanwhile."""

from collections.abc import Callable

from loomkin.records.permission import Access, ToolUse
from loomkin.team.roster import LEAD
from loomkin.team.seat import GONE
from loomkin.team.team import Team
from loomkin.tooling.toolbox import AnyTool

NO_SPECIALISTS = frozenset((LEAD, "concierge", "orienter"))
FREE = frozenset(("verify", "shell_output", "git"))
"""They run something, and change no file that a specialist works on."""


def specialists(team: Team, lead: str) -> list[str]:
    """The living teammates of a lead that work for it or beside it."""
    mine = next((one.seat.team for one in team.members if one.name == lead), "")
    others = (one for one in team.members if one.name != lead and one.seat.team == mine)
    return [
        one.name for one in others if one.standing not in GONE and one.seat.role.name not in NO_SPECIALISTS
    ]


def withheld(
    team: Team, only_reads: Callable[[ToolUse], bool], lead: str, tool: AnyTool, use: ToolUse
) -> str:
    """Why a call is not a lead's at this moment, and what to do instead; nothing where it is."""
    if not _changes(tool, use, only_reads) or not (others := specialists(team, lead)):
        return ""
    what = f"`{use.command}`" if use.command else tool.name
    reading = " In your shell only what is known to read runs; prove things with verify."
    return (
        f"{what} is not yours while you have specialists ({', '.join(others)}): they change files, you plan "
        f"and check.{reading if use.command else ''} Give the change to one of them (task_create, "
        "peer_message), or end them with team_dissolve: then it is yours again."
    )


def _changes(tool: AnyTool, use: ToolUse, only_reads: Callable[[ToolUse], bool]) -> bool:
    if tool.name in FREE:
        return False
    if Access.WRITE in (tool.access, use.access):
        return True
    return tool.access is Access.EXECUTE and not (use.command and only_reads(use))
