"""context_ask: have a question about earlier work answered from what was said."""

from typing import ClassVar

from loomkin.errors import LoomkinError, StoreError
from loomkin.records.dataclass import dataclass
from loomkin.records.permission import Access, ToolUse
from loomkin.tooling.remembering import Memory
from loomkin.tooling.tool import Call, Fail, Ok, Tool


@dataclass(frozen=True, slots=True)
class Params:
    """The question, and where its answer may be."""

    question: str
    keeper: str = ""


class ContextAsk(Tool[Params]):
    """Answers from passages."""

    name: ClassVar[str] = "context_ask"
    params_type: ClassVar[type] = Params
    access: ClassVar[Access] = Access.READ
    aliases: ClassVar[dict[str, str]] = {"query": "question", "keeper_id": "keeper"}

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def use(self, params: Params, call: Call) -> ToolUse:
        return ToolUse(self.name, self.access, str(call.cwd))

    async def run(self, params: Params, call: Call) -> Ok | Fail:
        try:
            return Ok(await self._memory.ask(call.agent, params.question, params.keeper))
        except StoreError:
            raise
        except LoomkinError as error:
            return Fail(str(error))


TOOL = ContextAsk
