"""context_feedback: say whether a keeper was of use."""

from typing import ClassVar

from loomkin.errors import LoomkinError, StoreError
from loomkin.records.dataclass import dataclass
from loomkin.records.permission import Access, ToolUse
from loomkin.tooling.remembering import Memory
from loomkin.tooling.tool import Call, Fail, Ok, Tool


@dataclass(frozen=True, slots=True)
class Params:
    """What is said of which keeper."""

    keeper: str
    useful: bool = False
    reason: str = ""


class ContextFeedback(Tool[Params]):
    """Takes in what an agent thinks of a keeper."""

    name: ClassVar[str] = "context_feedback"
    params_type: ClassVar[type] = Params
    access: ClassVar[Access] = Access.READ
    aliases: ClassVar[dict[str, str]] = {"id": "keeper", "keeper_id": "keeper"}

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def use(self, params: Params, call: Call) -> ToolUse:
        return ToolUse(self.name, self.access, str(call.cwd))

    async def run(self, params: Params, call: Call) -> Ok | Fail:
        try:
            return Ok(await self._memory.judge(call.agent, params.keeper, params.useful, params.reason))
        except StoreError:
            raise
        except LoomkinError as error:
            return Fail(str(error))


TOOL = ContextFeedback
