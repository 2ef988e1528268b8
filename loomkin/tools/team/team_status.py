"""team_status: who is in the team and what each one does."""

from typing import ClassVar

from loomkin.records.dataclass import dataclass
from loomkin.records.permission import Access, ToolUse
from loomkin.team.team import Team
from loomkin.tooling.tool import Call, Fail, Ok, Tool


@dataclass(frozen=True, slots=True)
class Params:
    """Nothing to say."""


class TeamStatus(Tool[Params]):
    """Lists teammates."""

    name: ClassVar[str] = "team_status"
    params_type: ClassVar[type] = Params
    access: ClassVar[Access] = Access.NONE

    def __init__(self, team: Team) -> None:
        self._team = team

    def use(self, params: Params, call: Call) -> ToolUse:
        return ToolUse(self.name, self.access, str(call.cwd))

    async def run(self, params: Params, call: Call) -> Ok | Fail:
        return Ok("\n".join(self._team.lines(call.agent)))


TOOL = TeamStatus
