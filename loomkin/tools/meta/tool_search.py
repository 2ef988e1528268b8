"""tool_search: bring rarely used tools into sight."""

from collections.abc import Iterable, Iterator
from typing import ClassVar

from loomkin.records.dataclass import dataclass
from loomkin.records.message import Message, ToolResult
from loomkin.records.permission import Access, ToolUse
from loomkin.tooling.tool import Call, Fail, Ok, Tool
from loomkin.tooling.toolbox import Toolbox

FOUND = "You can call these from now on:"


@dataclass(frozen=True, slots=True)
class Params:
    """What the tool should do."""

    query: str


class ToolSearch(Tool[Params]):
    """Finds further tools of the agent."""

    name: ClassVar[str] = "tool_search"
    params_type: ClassVar[type] = Params
    access: ClassVar[Access] = Access.NONE

    def __init__(self, toolbox: Toolbox) -> None:
        self._toolbox = toolbox

    def use(self, params: Params, call: Call) -> ToolUse:
        return ToolUse(self.name, self.access, str(call.cwd))

    async def run(self, params: Params, call: Call) -> Ok | Fail:
        found = self._toolbox.search(params.query)
        if not found:
            return Ok("No further tool fits. Try other words, or do it with the tools you have.")
        lines = [f"{tool.name}: {tool.description.splitlines()[0]}" for tool in found]
        return Ok("\n".join((FOUND, *lines)))


def found_before(messages: Iterable[Message]) -> Iterator[str]:
    """The names of the tools that earlier searches of a conversation brought into sight."""
    for message in messages:
        for part in message.parts:
            if isinstance(part, ToolResult) and part.name == ToolSearch.name and part.text.startswith(FOUND):
                yield from (line.partition(":")[0] for line in part.text.splitlines()[1:])


TOOL = ToolSearch
