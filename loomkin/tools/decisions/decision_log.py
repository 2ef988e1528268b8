"""decision_log: a goal, a decision with what it rejected, or what was done and found."""

from typing import ClassVar

from loomkin.decisions.desk import Desk
from loomkin.decisions.drafts import Draft, Rejected
from loomkin.errors import LoomkinError
from loomkin.records.dataclass import dataclass
from loomkin.records.decision import EdgeType, NodeKind
from loomkin.records.permission import Access, ToolUse
from loomkin.tooling.tool import Call, Fail, Ok, Tool


@dataclass(frozen=True, slots=True)
class Params:
    """What is logged, and what it hangs on."""

    kind: NodeKind
    title: str
    description: str = ""
    confidence: int | None = None
    rejected: tuple[Rejected, ...] = ()
    parent: str = ""
    edge: EdgeType = EdgeType.LEADS_TO
    files: tuple[str, ...] = ()
    failed: bool = False


class DecisionLog(Tool[Params]):
    """Puts a node into the graph."""

    name: ClassVar[str] = "decision_log"
    params_type: ClassVar[type] = Params
    access: ClassVar[Access] = Access.NONE
    alone: ClassVar[bool] = True

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def use(self, params: Params, call: Call) -> ToolUse:
        return ToolUse(self.name, self.access, str(call.cwd))

    async def run(self, params: Params, call: Call) -> Ok | Fail:
        draft = Draft(
            params.kind,
            params.title,
            params.description,
            params.confidence,
            params.failed,
            params.files,
            params.parent,
            params.edge,
            rejected=params.rejected,
        )
        try:
            done = await self._desk.log(call.agent, draft)
        except LoomkinError as error:
            return Fail(str(error))
        return Ok(done.in_words("Already there:" if done.reused else "Logged"))


TOOL = DecisionLog
