"""task_update: other words, checks or priority of a task, or another state."""

from typing import ClassVar

from loomkin.errors import LoomkinError
from loomkin.records.dataclass import dataclass
from loomkin.records.permission import Access, ToolUse
from loomkin.records.role import Tier
from loomkin.records.usage import pico
from loomkin.team.hiring import Hiring, Order
from loomkin.team.planning import Move, Planning
from loomkin.tooling.tool import Call, Fail, Ok, Tool


@dataclass(frozen=True, slots=True)
class Params:
    """What is to be different; what is left out stays."""

    task: str
    reason: str
    title: str = ""
    description: str = ""
    checks: tuple[str, ...] | None = None
    role: str = ""
    priority: int | None = None
    regions: tuple[str, ...] | None = None
    needs_review: bool | None = None
    tier: Tier | None = None
    budget_usd: float | None = None
    move: Move | None = None


class TaskUpdate(Tool[Params]):
    """Revises a task."""

    name: ClassVar[str] = "task_update"
    params_type: ClassVar[type] = Params
    access: ClassVar[Access] = Access.NONE

    def __init__(self, planning: Planning, hiring: Hiring) -> None:
        self._planning = planning
        self._hiring = hiring

    def use(self, params: Params, call: Call) -> ToolUse:
        return self._hiring.use(self.name, call, _order(params), planned=True)

    async def preview(self, params: Params, call: Call) -> str:
        return await self._hiring.preview(_order(params))

    async def run(self, params: Params, call: Call) -> Ok | Fail:
        try:
            changes = {
                name: value
                for name in (
                    "title",
                    "description",
                    "checks",
                    "role",
                    "priority",
                    "regions",
                    "needs_review",
                    "tier",
                )
                if (value := getattr(params, name)) not in ("", None)
            }
            if params.budget_usd is not None:
                changes["budget"] = pico(params.budget_usd)
            if params.role:
                self._hiring.role(params.role)
            task = self._planning.update(call.agent, params.task, params.reason, changes, params.move)
            return Ok(self._planning.where(task), goes_along=True)
        except LoomkinError as error:
            return Fail(str(error))


def _order(params: Params) -> Order:
    return Order(params.role, f"{params.task}: {params.reason}")


TOOL = TaskUpdate
