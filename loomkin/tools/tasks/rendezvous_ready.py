"""rendezvous_ready: an agent is at a meeting point."""

from typing import ClassVar

from loomkin.errors import LoomkinError
from loomkin.records.dataclass import dataclass
from loomkin.records.permission import Access, ToolUse
from loomkin.team.rendezvous import Meetings
from loomkin.tooling.tool import Call, Fail, Ok, Tool


@dataclass(frozen=True, slots=True)
class Params:
    """At which meeting point."""

    name: str


class RendezvousReady(Tool[Params]):
    """Says that the agent is there."""

    name: ClassVar[str] = "rendezvous_ready"
    params_type: ClassVar[type] = Params
    access: ClassVar[Access] = Access.NONE

    def __init__(self, meetings: Meetings) -> None:
        self._meetings = meetings

    def use(self, params: Params, call: Call) -> ToolUse:
        return ToolUse(self.name, self.access, str(call.cwd))

    async def run(self, params: Params, call: Call) -> Ok | Fail:
        try:
            missing = self._meetings.ready(params.name, call.agent)
            if not missing:
                return Ok(f"All are at {params.name}; what to do now comes as mail.")
            there = f"You are at {params.name}; missing: {', '.join(missing)}."
            return Ok(f"{there} End your turn; mail wakes you.")
        except LoomkinError as error:
            return Fail(str(error))


TOOL = RendezvousReady
