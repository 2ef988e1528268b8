"""What the runner asks of a team before it changes files."""

from collections.abc import Awaitable, Callable
from typing import Protocol

from loomkin.records.permission import ToolUse
from loomkin.records.region import Region
from loomkin.tooling.tool import Fail, Ok


class Claims(Protocol):
    """One agent's claims on parts of files."""

    async def guarded(
        self,
        use: ToolUse,
        regions: Callable[[], Awaitable[tuple[Region, ...]]],
        work: Callable[[], Awaitable[Ok | Fail]],
    ) -> Ok | Fail:
        """Do the work under a claim on the regions; the failure names who holds one of them."""
        ...
