"""context_read: what was said, word for word."""

from typing import ClassVar

from loomkin.errors import LoomkinError, StoreError
from loomkin.records.dataclass import dataclass
from loomkin.records.permission import Access, ToolUse
from loomkin.tooling.remembering import Memory
from loomkin.tooling.tool import Call, Fail, Ok, Tool


@dataclass(frozen=True, slots=True)
class Params:
    """Which keeper or message to read, and how much around it."""

    keeper: str = ""
    message: str = ""
    span: int = 2
    offset: int = 0
    file: str = ""


class ContextRead(Tool[Params]):
    """Reads what was said."""

    name: ClassVar[str] = "context_read"
    params_type: ClassVar[type] = Params
    access: ClassVar[Access] = Access.READ
    aliases: ClassVar[dict[str, str]] = {
        "id": "message", "around": "message", "keeper_id": "keeper", "path": "file",
        "query": "file",
    }  # fmt: skip

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def use(self, params: Params, call: Call) -> ToolUse:
        return ToolUse(self.name, self.access, str(call.cwd))

    async def run(self, params: Params, call: Call) -> Ok | Fail:
        try:
            text = await self._memory.read(
                call.agent, params.keeper, params.message, params.span, params.offset, params.file
            )
            return Ok(text)
        except StoreError:
            raise
        except LoomkinError as error:
            return Fail(str(error))


TOOL = ContextRead
