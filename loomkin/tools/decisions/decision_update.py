"""decision_update: another status, confidence or wording of a node, or another edge."""

from typing import Any, ClassVar

from loomkin.decisions.desk import Desk, Revision
from loomkin.errors import LoomkinError
from loomkin.records.dataclass import dataclass
from loomkin.records.decision import EdgeType, NodeStatus
from loomkin.records.permission import Access, ToolUse
from loomkin.tooling.tool import Call, Fail, Ok, Tool

_WORDS = ("title", "description", "status", "confidence", "failed", "files")


@dataclass(frozen=True, slots=True)
class Params:
    """What is to be different; what is left out stays."""

    id: str
    status: NodeStatus | None = None
    confidence: int | None = None
    reason: str = ""
    title: str | None = None
    description: str | None = None
    files: tuple[str, ...] | None = None
    failed: bool | None = None
    superseded_by: str = ""
    edge: EdgeType | None = None
    to: str = ""
    unlink: bool = False
    delete: bool = False


class DecisionUpdate(Tool[Params]):
    """Changes a node or its edges."""

    name: ClassVar[str] = "decision_update"
    params_type: ClassVar[type] = Params
    access: ClassVar[Access] = Access.NONE
    alone: ClassVar[bool] = True

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def use(self, params: Params, call: Call) -> ToolUse:
        return ToolUse(self.name, self.access, str(call.cwd))

    async def run(self, params: Params, call: Call) -> Ok | Fail:
        changes: dict[str, Any] = {
            name: value for name in _WORDS if (value := getattr(params, name)) is not None
        }
        revision = Revision(
            changes, params.reason, params.superseded_by, params.edge, params.to, params.unlink, params.delete
        )
        try:
            done = await self._desk.change(call.agent, params.id, revision)
        except LoomkinError as error:
            return Fail(str(error))
        return Ok(done.in_words("Deleted" if params.delete else "Now"))


TOOL = DecisionUpdate
