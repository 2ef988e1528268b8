"""region_release: give back parts of files before the task or turn ends."""

from typing import ClassVar

from loomkin.project.regions import covers, overlaps
from loomkin.project.workplace import Workplace
from loomkin.records.dataclass import dataclass
from loomkin.records.permission import Access, ToolUse
from loomkin.records.region import Region
from loomkin.team.claims import Claims
from loomkin.team.claims_words import named
from loomkin.tooling.tool import Call, Fail, Ok, Tool


@dataclass(frozen=True, slots=True)
class Params:
    """The part of a file; without symbol and lines all that one holds in it."""

    path: str
    symbol: str = ""
    first: int = 0
    last: int = 0


class RegionRelease(Tool[Params]):
    """Ends claims."""

    name: ClassVar[str] = "region_release"
    params_type: ClassVar[type] = Params
    access: ClassVar[Access] = Access.NONE
    aliases: ClassVar[dict[str, str]] = {"file_path": "path", "start_line": "first", "end_line": "last"}

    def __init__(self, claims: Claims, workplace: Workplace) -> None:
        self._claims = claims
        self._workplace = workplace

    def use(self, params: Params, call: Call) -> ToolUse:
        return ToolUse(self.name, self.access, str(call.cwd))

    async def run(self, params: Params, call: Call) -> Ok | Fail:
        path = self._workplace.shown(self._workplace.resolve(call.cwd, params.path))
        region = Region(path, params.symbol, params.first, params.last or params.first)
        held = self._claims.held(call.agent)
        ended = [one for one in held if covers(region, one.region) or overlaps(region, one.region)]
        if not ended:
            there = "; ".join(named(one.region) for one in held) or "nothing"
            return Fail(f"You do not hold {named(region)}. You hold: {there}.")
        self._claims.drop(ended, f"{call.agent} needs it no more")
        return Ok(f"Free again: {'; '.join(named(one.region) for one in ended)}.")


TOOL = RegionRelease
