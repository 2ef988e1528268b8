"""context_search: find passages of what was said in this repository, in any session."""

from typing import ClassVar

from loomkin.errors import LoomkinError, StoreError
from loomkin.records.dataclass import dataclass
from loomkin.records.keeper import KeeperKind
from loomkin.records.permission import Access, ToolUse
from loomkin.tooling.remembering import Memory
from loomkin.tooling.tool import Call, Fail, Ok, Tool


@dataclass(frozen=True, slots=True)
class Params:
    """What to look for, and where."""

    query: str
    keeper: str = ""
    kind: KeeperKind | None = None
    limit: int = 6


class ContextSearch(Tool[Params]):
    """Searches what was said."""

    name: ClassVar[str] = "context_search"
    params_type: ClassVar[type] = Params
    access: ClassVar[Access] = Access.READ
    aliases: ClassVar[dict[str, str]] = {"words": "query", "q": "query", "keeper_id": "keeper"}

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def use(self, params: Params, call: Call) -> ToolUse:
        return ToolUse(self.name, self.access, str(call.cwd))

    async def run(self, params: Params, call: Call) -> Ok | Fail:
        try:
            return Ok(
                await self._memory.search(call.agent, params.query, params.keeper, params.kind, params.limit)
            )
        except StoreError:
            raise
        except LoomkinError as error:
            return Fail(str(error))


TOOL = ContextSearch
