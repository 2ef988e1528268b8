"""file_patch: change several files at once, all or nothing."""

import asyncio
from typing import TYPE_CHECKING, ClassVar

from loomkin.project.edit_result import Refused
from loomkin.project.workplace import Workplace
from loomkin.records.dataclass import dataclass
from loomkin.records.permission import Access, ToolUse
from loomkin.records.region import Region
from loomkin.runtime.uncut import uncut
from loomkin.tooling.tool import Call, Fail, Ok, Tool
from loomkin.tools.files.changing import Editing, whole_diff

if TYPE_CHECKING:
    from loomkin.project.patch import PatchApplied


@dataclass(frozen=True, slots=True)
class Params:
    """The patch."""

    patch: str


class FilePatch(Tool[Params]):
    """Applies a patch of several files."""

    name: ClassVar[str] = "file_patch"
    params_type: ClassVar[type] = Params
    access: ClassVar[Access] = Access.WRITE
    aliases: ClassVar[dict[str, str]] = {"input": "patch", "diff": "patch", "content": "patch"}

    def __init__(self, workplace: Workplace, editing: Editing) -> None:
        self._workplace = workplace
        self._editing = editing

    def use(self, params: Params, call: Call) -> ToolUse:
        from loomkin.project.patch import patch_paths  # heavy: late on purpose

        paths = tuple(str(self._workplace.resolve(call.cwd, path)) for path in patch_paths(params.patch))
        return ToolUse(self.name, self.access, str(call.cwd), writes=paths)

    async def preview(self, params: Params, call: Call) -> str:
        answer = await self._plan(params, call)
        if isinstance(answer, Refused):
            return answer.message
        return "\n".join(
            f"{file.change} {self._workplace.shown(file.applied.path)}\n{whole_diff(file.applied)}"
            for file in answer.files
        )

    async def regions(self, params: Params, call: Call) -> tuple[Region, ...]:
        return await self._editing.touched_by_patch(await self._plan(params, call))

    async def run(self, params: Params, call: Call) -> Ok | Fail:
        from loomkin.project.patch import apply_patch  # heavy: late on purpose

        answer = await uncut(
            apply_patch,
            params.patch,
            call.cwd,
            self._workplace.roots,
            self._editing.seen_of(call),
            changed_by=self._editing.changed_by,
        )
        return self._editing.patched(answer, call)

    async def _plan(self, params: Params, call: Call) -> "PatchApplied | Refused":
        from loomkin.project.patch import plan_patch  # heavy: late on purpose

        return await asyncio.to_thread(
            plan_patch, params.patch, call.cwd, self._workplace.roots, self._editing.seen_of(call)
        )


TOOL = FilePatch
