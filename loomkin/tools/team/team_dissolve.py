"""team_dissolve: end agents that one spawned."""

from typing import ClassVar

from loomkin.errors import LoomkinError, StoreError
from loomkin.records.dataclass import dataclass
from loomkin.records.permission import Access, ToolUse
from loomkin.team.hiring import Hiring
from loomkin.tooling.tool import Call, Fail, Ok, Tool


@dataclass(frozen=True, slots=True)
class Params:
    """Whom to end, and why."""

    agents: tuple[str, ...] = ()
    reason: str = "not needed any more"


class TeamDissolve(Tool[Params]):
    """Sends teammates home."""

    name: ClassVar[str] = "team_dissolve"
    params_type: ClassVar[type] = Params
    access: ClassVar[Access] = Access.NONE
    aliases: ClassVar[dict[str, str]] = {"names": "agents", "agent": "agents", "name": "agents"}

    def __init__(self, hiring: Hiring) -> None:
        self._hiring = hiring

    def use(self, params: Params, call: Call) -> ToolUse:
        return ToolUse(self.name, self.access, str(call.cwd))

    async def run(self, params: Params, call: Call) -> Ok | Fail:
        try:
            told = await self._hiring.dissolve(call.agent, params.agents, params.reason)
        except StoreError:
            raise
        except LoomkinError as error:
            return Fail(str(error))
        return Ok("\n".join(told) or "You have spawned nobody who is still there.")


TOOL = TeamDissolve
