"""sub_agent: send a read-only helper out and get its last words."""

from typing import ClassVar

from loomkin.agent.sub_agents import SubAgents
from loomkin.errors import LoomkinError, StoreError
from loomkin.records.dataclass import dataclass
from loomkin.records.permission import Access, ToolUse
from loomkin.tooling.tool import Call, Fail, Ok, Tool


@dataclass(frozen=True, slots=True)
class Params:
    """What to find out, and in which role."""

    task: str
    role: str = "researcher"


class SubAgent(Tool[Params]):
    """Finds something out in a window of its own."""

    name: ClassVar[str] = "sub_agent"
    params_type: ClassVar[type] = Params
    access: ClassVar[Access] = Access.NONE
    aliases: ClassVar[dict[str, str]] = {"prompt": "task", "question": "task", "work": "task"}
    limit: ClassVar[float | None] = None

    def __init__(self, helpers: SubAgents) -> None:
        self._helpers = helpers

    def use(self, params: Params, call: Call) -> ToolUse:
        return ToolUse(self.name, self.access, str(call.cwd))

    async def run(self, params: Params, call: Call) -> Ok | Fail:
        try:
            found = await self._helpers.ask(call.agent, params.role, params.task)
            return Ok(found, must_be_read=True)
        except StoreError:
            raise
        except LoomkinError as error:
            return Fail(str(error))


TOOL = SubAgent
