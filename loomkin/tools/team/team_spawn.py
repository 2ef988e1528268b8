"""team_spawn: an agent of a role at work on something, a new one or one that is idle."""

from typing import ClassVar

from loomkin.errors import LoomkinError, StoreError
from loomkin.records.dataclass import dataclass
from loomkin.records.permission import Access, ToolUse
from loomkin.records.role import Tier
from loomkin.records.usage import pico
from loomkin.team.hiring import Hiring, Order
from loomkin.tooling.tool import Call, Fail, Ok, Tool


@dataclass(frozen=True, slots=True)
class Params:
    """Which role, for what work."""

    role: str
    work: str
    name: str = ""
    tier: Tier | None = None
    fresh: bool = False
    team: str = ""
    budget_usd: float | None = None


class TeamSpawn(Tool[Params]):
    """Adds a teammate."""

    name: ClassVar[str] = "team_spawn"
    params_type: ClassVar[type] = Params
    access: ClassVar[Access] = Access.NONE
    aliases: ClassVar[dict[str, str]] = {"task": "work", "prompt": "work", "model": "tier"}

    def __init__(self, hiring: Hiring) -> None:
        self._hiring = hiring

    def use(self, params: Params, call: Call) -> ToolUse:
        return self._hiring.use(self.name, call, _order(params))

    async def preview(self, params: Params, call: Call) -> str:
        return await self._hiring.preview(_order(params))

    async def run(self, params: Params, call: Call) -> Ok | Fail:
        try:
            hired = await self._hiring.hire(call.agent, _order(params))
        except StoreError:
            raise
        except LoomkinError as error:
            return Fail(str(error))
        name = hired.member.name
        how = f"{name} was idle and takes it." if hired.reused else f"{name} is at work. {hired.estimate}"
        return Ok(
            f"{how.strip()} Its last words reach you as mail; go on with something else, or answer to wait.",
            hands_over=True,
        )


def _order(params: Params) -> Order:
    budget = None if params.budget_usd is None else pico(params.budget_usd)
    return Order(params.role, params.work, params.name, params.fresh, params.tier, params.team, budget)


TOOL = TeamSpawn
