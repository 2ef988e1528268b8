"""task_create: one more piece of work in the plan."""

from typing import ClassVar

from loomkin.errors import LoomkinError
from loomkin.records.dataclass import dataclass
from loomkin.records.permission import Access, ToolUse
from loomkin.records.role import Tier
from loomkin.records.task import OnFailure
from loomkin.records.usage import pico
from loomkin.team.hiring import Hiring, Order
from loomkin.team.planning import Draft, Planning
from loomkin.team.trials import Trials
from loomkin.tooling.tool import Call, Fail, Ok, Tool


@dataclass(frozen=True, slots=True)
class Params:
    """What is to be done, by whom, after what, and how one sees that it is done."""

    title: str
    description: str
    role: str
    checks: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    on_failure: OnFailure = OnFailure.REPLAN
    owner: str = ""
    priority: int = 5
    regions: tuple[str, ...] = ()
    needs_review: bool = False
    parent: str = ""
    tier: Tier | None = None
    budget_usd: float | None = None
    goal: str = ""


class TaskCreate(Tool[Params]):
    """Adds a task; the plan gives it to somebody once what it needs is there."""

    name: ClassVar[str] = "task_create"
    params_type: ClassVar[type] = Params
    access: ClassVar[Access] = Access.NONE

    def __init__(self, planning: Planning, hiring: Hiring, trials: Trials) -> None:
        self._planning = planning
        self._trials = trials
        self._hiring = hiring

    def use(self, params: Params, call: Call) -> ToolUse:
        return self._hiring.use(self.name, call, _order(params), planned=True)

    async def preview(self, params: Params, call: Call) -> str:
        return await self._hiring.preview(_order(params))

    async def run(self, params: Params, call: Call) -> Ok | Fail:
        try:
            self._hiring.role(params.role)
            self._hiring.refuse_regions(params.role, params.regions)
            draft = Draft(
                params.title,
                params.description,
                params.role,
                params.checks,
                params.needs,
                params.on_failure,
                params.owner,
                params.priority,
                params.regions,
                params.needs_review,
                params.parent,
                params.tier,
                None if params.budget_usd is None else pico(params.budget_usd),
                params.goal,
            )
            task = self._planning.create(call.agent, draft)
            where = self._planning.where(task)
            found = await self._trials.of(call.agent, task)
            words = "\n".join(filter(None, (where, found.words)))
            free = self._planning.free(call.agent)
            return Ok(words, hands_over=free, goes_along=True, must_be_read=found.broken)
        except LoomkinError as error:
            return Fail(str(error))


def _order(params: Params) -> Order:
    return Order(params.role, f"{params.title}\n{params.description}")


TOOL = TaskCreate
