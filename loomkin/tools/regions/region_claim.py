"""region_claim: keep a part of a file for oneself before changing it, or wait until it is free."""

import asyncio
from typing import ClassVar

from loomkin.project.workplace import Workplace
from loomkin.records.dataclass import dataclass
from loomkin.records.permission import Access, ToolUse
from loomkin.records.region import Claim, Region
from loomkin.team.claims import Claims
from loomkin.team.claims_words import named, waits_on
from loomkin.tooling.tool import Call, Fail, Ok, Tool

_LARGEST = 1_000_000


@dataclass(frozen=True, slots=True)
class Params:
    """The part of a file, what for, and whether to wait for it."""

    path: str
    intent: str
    symbol: str = ""
    first: int = 0
    last: int = 0
    wait: bool = False


class RegionClaim(Tool[Params]):
    """Claims a region."""

    name: ClassVar[str] = "region_claim"
    params_type: ClassVar[type] = Params
    access: ClassVar[Access] = Access.NONE
    aliases: ClassVar[dict[str, str]] = {"file_path": "path", "start_line": "first", "end_line": "last"}

    def __init__(self, claims: Claims, workplace: Workplace) -> None:
        self._claims = claims
        self._workplace = workplace

    def use(self, params: Params, call: Call) -> ToolUse:
        return ToolUse(self.name, self.access, str(call.cwd))

    async def run(self, params: Params, call: Call) -> Ok | Fail:
        region = await self._region(params, call)
        if isinstance(region, Fail):
            return region
        agent, claims = call.agent, self._claims
        if not params.wait:
            taken = claims.take(agent, [region], params.intent)
            return Fail(taken) if isinstance(taken, str) else Ok(_yours(taken[0]))
        contested = bool(claims.against(agent, region))
        claim = await claims.wait(agent, region, params.intent)
        if claim is None:
            return Ok(waits_on(region, claims.against(agent, region), claims.now()))
        changed = " It was changed meanwhile: read it before you edit." if contested else ""
        return Ok(_yours(claim) + changed)

    async def _region(self, params: Params, call: Call) -> Region | Fail:
        from loomkin.codemap.touched import located  # heavy: late on purpose

        full = self._workplace.resolve(call.cwd, params.path)
        shown = self._workplace.shown(full)
        if params.first:
            if params.last and params.last < params.first:
                return Fail("`last` is before `first`. Give the lines from top to bottom.")
            return Region(shown, "", params.first, params.last or params.first)
        region = Region(shown, params.symbol)
        if not params.symbol:
            return region
        try:
            text = await asyncio.to_thread(_text, str(full))
        except OSError:
            return region
        return await asyncio.to_thread(located, region, text)


def _text(path: str) -> str:
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read(_LARGEST + 1)


def _yours(claim: Claim) -> str:
    return f"{named(claim.region)} is yours until your task or turn ends, for: {claim.intent}."


TOOL = RegionClaim
