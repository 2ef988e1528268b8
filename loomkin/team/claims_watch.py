"""Writes by commands: found afterwards, attributed, and told to whoever holds what was written to."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from loomkin.project.regions import overlaps
from loomkin.project.regions_watch import Seen, Trace, changed_files, compare, counted, look
from loomkin.project.sight import Sight
from loomkin.records.dataclass import replace
from loomkin.records.permission import ToolUse
from loomkin.records.region import Claim, LineChange, Region
from loomkin.team.claims import Claims
from loomkin.team.claims_words import first_line, trespassed, trespasser
from loomkin.tooling.tool import Fail, Ok

Lines = tuple[int, int] | None
"""How many lines were added and removed, None where nobody knows."""


class Watch:
    """Looks at files before and after the commands of a team; alone nobody is watched.

    `noted` is told of every file that a command of an agent changed, and in how many lines if that is known.
    """

    def __init__(self, claims: Claims, root: Path, sight: Sight, alone: Callable[[], bool]) -> None:
        self._claims = claims
        self._root = root
        self._sight = sight
        self._alone = alone
        self.noted: Callable[[str, str, Lines], None] = lambda agent, path, lines: None

    async def around(self, agent: str, use: ToolUse, work: Callable[[], Awaitable[Ok | Fail]]) -> Ok | Fail:
        """Run a command; its result says which regions of others it wrote to, and they get a letter."""
        if self._alone():
            return await work()
        held = self._claims.others(agent)
        written = dict(self._claims.written)
        before = await self._look({claim.region.path for claim in held})
        result = await work()
        traces = await asyncio.to_thread(compare, self._root, before, await changed_files(self._root))
        clean = [one.path for one in traces if one.changes is None and one.path not in before]
        numbers = await counted(self._root, clean)
        words = []
        for trace in traces:
            if trace.sha and self._claims.written.get(trace.path) == trace.sha:
                continue  # a tool of somebody else wrote that, under a claim
            alone = written.get(trace.path) == self._claims.written.get(trace.path)
            lines = _sum(trace.changes) if trace.changes and alone else numbers.get(trace.path)
            self.noted(agent, trace.path, lines)
            words += self._attribute(agent, first_line(use.command), trace, held, alone)
        return replace(result, text="\n".join((result.text, *words))) if words else result

    async def _look(self, claimed: set[str]) -> dict[str, Seen]:
        return await asyncio.to_thread(look, self._root, await changed_files(self._root), claimed)

    def _attribute(self, agent: str, command: str, trace: Trace, held: list[Claim], alone: bool) -> list[str]:
        """Tell of one file; not `alone`, nobody knows which lines of it the command wrote."""
        changes = trace.changes if alone else None
        self._sight.touched(agent, self._root / trace.path, trace.sha)
        hit = [claim for claim in self._claims.current(held) if _is_hit(claim.region, trace.path, changes)]
        self._claims.follow(trace.path, changes or ())
        for claim in hit:
            self._claims.tell(claim.agent, trespassed(claim, agent, command))
        return [trespasser(claim) for claim in hit]


def _sum(changes: tuple[LineChange, ...]) -> tuple[int, int]:
    return sum(one.added for one in changes), sum(one.removed for one in changes)


def _is_hit(region: Region, path: str, changes: tuple[LineChange, ...] | None) -> bool:
    if region.path != path:
        return False
    if changes is None:
        return True
    spans = (Region(path, "", one.first, one.first + one.removed - 1) for one in changes)
    return any(overlaps(region, span) for span in spans)
