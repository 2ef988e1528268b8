"""lsp_rename: another name for a symbol in every file, as one step."""

from functools import partial
from typing import ClassVar

from loomkin.lsp.errors import ServerError
from loomkin.lsp.renaming import Plan, Renaming
from loomkin.lsp.service import LanguageService
from loomkin.records.dataclass import dataclass
from loomkin.records.permission import Access, ToolUse
from loomkin.records.region import Region
from loomkin.runtime.uncut import uncut
from loomkin.tooling.tool import Call, Fail, Ok, Tool
from loomkin.tools.files.changing import Editing, whole_diff
from loomkin.tools.servers.pointing import ALIASES, Pointed, aim_of, fail


@dataclass(frozen=True, slots=True)
class Params:
    """What gets which name, or taking the last rename back."""

    path: str = ""
    line: int = 0
    symbol: str = ""
    new_name: str = ""
    column: int = 0
    undo: bool = False


class LspRename(Tool[Params]):
    """Renames a symbol where it is defined and wherever it is used."""

    name: ClassVar[str] = "lsp_rename"
    params_type: ClassVar[type] = Params
    access: ClassVar[Access] = Access.WRITE
    aliases: ClassVar[dict[str, str]] = {
        **ALIASES,
        "new": "new_name",
        "to": "new_name",
        "newName": "new_name",
    }
    alone: ClassVar[bool] = True

    def __init__(self, service: LanguageService, editing: Editing) -> None:
        self._service = service
        self._editing = editing
        self._renaming = Renaming(service)
        self._plans: dict[str, Plan] = {}

    async def foresee(self, params: Params, call: Call) -> Fail | None:
        if not params.undo and not (params.path and params.new_name):
            return Fail("Give path, line, symbol and new_name; or undo=true to take your last rename back.")
        self._plans.clear()
        try:
            if params.undo:
                plan = await self._renaming.plan_back(call.agent)
            else:
                pointed = Pointed(params.path, params.line, params.symbol, params.column)
                aim = await aim_of(self._service.workplace, call, pointed)
                plan = await self._renaming.plan(aim, params.new_name)
        except ServerError as error:
            return fail(error)
        self._plans[call.id] = plan
        return None

    def use(self, params: Params, call: Call) -> ToolUse:
        plan = self._plans.get(call.id)
        path = self._service.workplace.resolve(call.cwd, params.path)
        paths = plan.paths if plan else (str(path),)
        # its diff shows lines of them all
        return ToolUse(self.name, self.access, str(call.cwd), reads=paths, writes=paths)

    async def preview(self, params: Params, call: Call) -> str:
        plan = self._plans[call.id]
        shown = self._service.workplace.shown
        return "\n".join(f"{shown(one.path)}\n{whole_diff(one)}" for one in plan.applied)

    async def regions(self, params: Params, call: Call) -> tuple[Region, ...]:
        found: list[Region] = []
        for one in self._plans[call.id].applied:
            found += await self._editing.touched(one)
        return tuple(found)

    async def run(self, params: Params, call: Call) -> Ok | Fail:
        plan = self._plans.pop(call.id)
        try:
            await uncut(partial(self._renaming.make, back=params.undo), plan, call.agent)
        except ServerError as error:
            return fail(error)
        told = [self._editing.applied(one, call) for one in plan.applied]
        places = sum(one.added for one in plan.applied)
        what = "Taken back" if params.undo else f"Renamed to {params.new_name}"
        head = f"{what}: {places} line{'s' * (places != 1)} in {len(told)} file{'s' * (len(told) != 1)}."
        last = [] if params.undo else ["All of it is one step: undo=true takes it back."]
        return Ok("\n".join([head, *(text for text, _ in told), *last]), tuple(change for _, change in told))


TOOL = LspRename
