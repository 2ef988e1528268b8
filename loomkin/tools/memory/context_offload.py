"""context_offload: free the agent's window; a keeper holds what was in it."""

from typing import ClassVar

from loomkin.agent.window import Window
from loomkin.records.dataclass import dataclass
from loomkin.records.permission import Access, ToolUse
from loomkin.tooling.tool import Call, Fail, Ok, Tool


@dataclass(frozen=True, slots=True)
class Params:
    """What the part was about."""

    topic: str = ""


class ContextOffload(Tool[Params]):
    """Moves old messages to a keeper."""

    name: ClassVar[str] = "context_offload"
    params_type: ClassVar[type] = Params
    access: ClassVar[Access] = Access.NONE

    def __init__(self, window: Window) -> None:
        self._window = window

    def use(self, params: Params, call: Call) -> ToolUse:
        return ToolUse(self.name, self.access, str(call.cwd))

    async def run(self, params: Params, call: Call) -> Ok | Fail:
        made = await self._window.offload(params.topic)
        if made is None:
            share = self._window.load().zones.percent
            return Ok(f"There is next to nothing to move. Your window is {share} % full.")
        keeper, before, after = made.keeper, made.before.percent, made.after.percent
        return Ok(
            f"Moved {len(keeper.messages)} messages ({keeper.tokens:,} tokens) to keeper {keeper.id}. "
            f"Your window was {before} % full and is {after} % now; your last steps stay in sight."
        )


TOOL = ContextOffload
