"""file_edit: replace exact text in a file."""

import asyncio
from typing import ClassVar

from loomkin.project.edit_result import Edit
from loomkin.records.dataclass import dataclass
from loomkin.records.permission import Access, ToolUse
from loomkin.records.region import Region
from loomkin.runtime.uncut import uncut
from loomkin.tooling.tool import Call, Fail, Ok, Tool
from loomkin.tools.files.changing import Editing, preview

_OLD_NEW = {
    "old_string": "old", "old_str": "old", "old_text": "old", "search": "old",
    "new_string": "new", "new_str": "new", "new_text": "new", "replace": "new", "replacement": "new",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class OneEdit:
    """One replacement of several."""

    ALIASES: ClassVar[dict[str, str]] = _OLD_NEW
    old: str
    new: str
    replace_all: bool = False


@dataclass(frozen=True, slots=True)
class Params:
    """One replacement, or several that all apply or none."""

    path: str
    old: str = ""
    new: str = ""
    replace_all: bool = False
    edits: tuple[OneEdit, ...] = ()


class FileEdit(Tool[Params]):
    """Replaces text that must stand in one place, or everywhere."""

    name: ClassVar[str] = "file_edit"
    params_type: ClassVar[type] = Params
    access: ClassVar[Access] = Access.WRITE
    aliases: ClassVar[dict[str, str]] = {"file_path": "path", "filename": "path", "file": "path", **_OLD_NEW}

    def __init__(self, editing: Editing) -> None:
        self._editing = editing

    def use(self, params: Params, call: Call) -> ToolUse:
        path = str(self._editing.target(params.path, call).path)
        return ToolUse(self.name, self.access, str(call.cwd), writes=(path,))

    async def preview(self, params: Params, call: Call) -> str:
        from loomkin.project.edit import plan_edits  # heavy: late on purpose

        target = self._editing.target(params.path, call)
        return preview(await asyncio.to_thread(plan_edits, target, _edits(params)))

    async def regions(self, params: Params, call: Call) -> tuple[Region, ...]:
        from loomkin.project.edit import plan_edits  # heavy: late on purpose

        target = self._editing.target(params.path, call)
        return await self._editing.touched(await asyncio.to_thread(plan_edits, target, _edits(params)))

    async def run(self, params: Params, call: Call) -> Ok | Fail:
        from loomkin.project.edit import apply_edits  # heavy: late on purpose

        target = self._editing.target(params.path, call)
        answer = await uncut(
            apply_edits,
            target,
            _edits(params),
            changed_by=self._editing.changed_by,
            failures=self._editing.failures(target, call),
        )
        return self._editing.result(answer, target, call)


def _edits(params: Params) -> tuple[Edit, ...]:
    several = tuple(Edit(edit.old, edit.new, edit.replace_all) for edit in params.edits)
    alone = params.old or params.new or not several
    return ((Edit(params.old, params.new, params.replace_all),) if alone else ()) + several


TOOL = FileEdit
