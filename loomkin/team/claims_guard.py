"""One agent's claims as its runner uses them: before it writes, and around what it runs."""

from collections.abc import Awaitable, Callable

from loomkin.records.permission import Access, ToolUse
from loomkin.records.region import Claim, Region
from loomkin.team.claims import Claims
from loomkin.team.claims_watch import Watch
from loomkin.tooling.tool import Fail, Ok

Regions = Callable[[], Awaitable[tuple[Region, ...]]]
Work = Callable[[], Awaitable[Ok | Fail]]


class Guard:
    """Stands between an agent's runner and the files."""

    def __init__(self, claims: Claims, agent: str, watch: Watch) -> None:
        self._claims = claims
        self._watch = watch
        self._agent = agent

    async def guarded(self, use: ToolUse, regions: Regions, work: Work) -> Ok | Fail:
        """Do the work under a claim on the regions; the failure names who holds one of them."""
        claims, agent = self._claims, self._agent
        claims.renew(agent)
        if use.access is Access.EXECUTE:
            return await self._watch.around(agent, use, work)
        if use.access is not Access.WRITE:
            return await work()
        async with claims.still(use.writes):
            before = {claim.id for claim in claims.held(agent)}
            taken = claims.take(agent, await regions())
            if isinstance(taken, str):
                return Fail(taken)
            result: Ok | Fail | None = None
            try:
                result = await work()
            finally:
                if not isinstance(result, Ok):
                    claims.drop([one for one in taken if one.id not in before], "nothing was changed")
            self._settle(result, taken)
            return result

    def _settle(self, result: Ok | Fail, taken: list[Claim]) -> None:
        if isinstance(result, Ok):
            for change in result.changes:
                self._claims.written[change.path] = change.after
                self._claims.follow(change.path, change.line_changes, taken)
