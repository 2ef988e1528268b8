"""team_spawn: an agent of a role at work on something, a new one or one that is idle."""

from typing import ClassVar

from loomkin.errors import LoomkinError, StoreError
from loomkin.permissions.gate import Gate
from loomkin.records.dataclass import dataclass
from loomkin.records.permission import Access, Mode, ToolUse
from loomkin.records.role import Tier
from loomkin.team.hiring import Hiring, Order
from loomkin.team.team import Team
from loomkin.tooling.tool import Call, Fail, Ok, Tool


@dataclass(frozen=True, slots=True)
class Params:
    """Which role, for what work."""

    role: str
    work: str
    name: str = ""
    tier: Tier | None = None
    fresh: bool = False


class TeamSpawn(Tool[Params]):
    """Adds a teammate.

    Where a person who is asked about writing is there, they are asked about an agent that could write, too:
    by the tools that its role has, whatever it is called.
    """

    name: ClassVar[str] = "team_spawn"
    params_type: ClassVar[type] = Params
    access: ClassVar[Access] = Access.NONE
    aliases: ClassVar[dict[str, str]] = {"task": "work", "prompt": "work", "model": "tier"}

    def __init__(self, hiring: Hiring, team: Team, gate: Gate) -> None:
        self._hiring = hiring
        self._team = team
        self._gate = gate

    def use(self, params: Params, call: Call) -> ToolUse:
        writers: tuple[str, ...] = ()
        if self._team.attended and self._gate.mode is Mode.ASK:
            writers = self._hiring.needs_approval(call.agent, _order(params))
        access = Access.EXECUTE if writers else self.access
        can = {"role": params.role, "tools": ", ".join(writers)} if writers else {}
        return ToolUse(self.name, access, str(call.cwd), arguments=dict(can))

    async def preview(self, params: Params, call: Call) -> str:
        return await self._hiring.preview(call.agent, _order(params))

    async def run(self, params: Params, call: Call) -> Ok | Fail:
        try:
            hired = await self._hiring.hire(call.agent, _order(params))
        except StoreError:
            raise
        except LoomkinError as error:
            return Fail(str(error))
        name = hired.member.name
        how = f"{name} was idle and takes it." if hired.reused else f"{name} is at work. {hired.estimate}"
        return Ok(f"{how} Its last words reach you as mail; go on with something else, or answer to wait.")


def _order(params: Params) -> Order:
    return Order(params.role, params.work, params.name, params.fresh, params.tier)


TOOL = TeamSpawn
