"""Who looks at the files of a call before and after it."""

from collections.abc import Sequence
from typing import Any, Protocol

from loomkin.records.permission import ToolUse
from loomkin.tooling.tool import Fail, Ok


class Inspection(Protocol):
    """Looks at what one agent's calls do."""

    async def before(self, use: ToolUse) -> Any:
        """What is to be remembered until the call has ended."""
        ...

    async def after(self, use: ToolUse, result: Ok | Fail, before: Any) -> Sequence[str]:
        """Lines to be said with the result."""
        ...
