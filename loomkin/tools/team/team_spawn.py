"""team_spawn: an agent of a role at work on something, a new one or one that is idle."""

from typing import ClassVar

from loomkin.errors import LimitError, NotFoundError
from loomkin.records.dataclass import dataclass
from loomkin.records.permission import Access, ToolUse
from loomkin.team.hiring import Hiring, Order
from loomkin.tooling.tool import Call, Fail, Ok, Tool


@dataclass(frozen=True, slots=True)
class Params:
    """Which role, for what work."""

    role: str
    work: str
    name: str = ""
    fresh: bool = False


class TeamSpawn(Tool[Params]):
    """Adds a teammate."""

    name: ClassVar[str] = "team_spawn"
    params_type: ClassVar[type] = Params
    access: ClassVar[Access] = Access.NONE

    def __init__(self, hiring: Hiring) -> None:
        self._hiring = hiring

    def use(self, params: Params, call: Call) -> ToolUse:
        return ToolUse(self.name, self.access, str(call.cwd))

    async def run(self, params: Params, call: Call) -> Ok | Fail:
        try:
            hired = await self._hiring.hire(
                call.agent, Order(params.role, params.work, params.name, params.fresh)
            )
        except (LimitError, NotFoundError) as error:
            return Fail(str(error))
        name = hired.member.name
        how = f"{name} was idle and takes it" if hired.reused else f"{name} is at work"
        return Ok(f"{how}. Its last words reach you as mail; go on with something else, or answer to wait.")


TOOL = TeamSpawn
