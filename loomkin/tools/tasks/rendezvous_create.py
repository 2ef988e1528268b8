"""rendezvous_create: a point where agents wait for each other."""

from typing import ClassVar

from loomkin.errors import LoomkinError
from loomkin.records.dataclass import dataclass
from loomkin.records.permission import Access, ToolUse
from loomkin.team.rendezvous import Meetings
from loomkin.tooling.tool import Call, Fail, Ok, Tool


@dataclass(frozen=True, slots=True)
class Params:
    """Who must be there, and for how long the others wait."""

    name: str
    agents: tuple[str, ...]
    text: str
    minutes: float = 5.0


class RendezvousCreate(Tool[Params]):
    """Opens a meeting point."""

    name: ClassVar[str] = "rendezvous_create"
    params_type: ClassVar[type] = Params
    access: ClassVar[Access] = Access.NONE

    def __init__(self, meetings: Meetings) -> None:
        self._meetings = meetings

    def use(self, params: Params, call: Call) -> ToolUse:
        return ToolUse(self.name, self.access, str(call.cwd))

    async def run(self, params: Params, call: Call) -> Ok | Fail:
        try:
            self._meetings.open(params.name, params.agents, params.text, params.minutes * 60.0)
            return Ok(f"Rendezvous {params.name} is open for {', '.join(params.agents)}; they were told.")
        except LoomkinError as error:
            return Fail(str(error))


TOOL = RendezvousCreate
