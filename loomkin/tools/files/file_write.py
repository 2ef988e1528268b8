"""file_write: create a file, or replace all of it."""

import asyncio
from typing import ClassVar

from loomkin.records.dataclass import dataclass
from loomkin.records.permission import Access, ToolUse
from loomkin.records.region import Region
from loomkin.runtime.uncut import uncut
from loomkin.tooling.tool import Call, Fail, Ok, Tool
from loomkin.tools.files.changing import Editing, preview


@dataclass(frozen=True, slots=True)
class Params:
    """The file and all it shall contain."""

    path: str
    content: str


class FileWrite(Tool[Params]):
    """Writes a whole file."""

    name: ClassVar[str] = "file_write"
    params_type: ClassVar[type] = Params
    access: ClassVar[Access] = Access.WRITE
    aliases: ClassVar[dict[str, str]] = {
        "file_path": "path", "filename": "path", "file": "path", "text": "content", "contents": "content",
    }  # fmt: skip

    def __init__(self, editing: Editing) -> None:
        self._editing = editing

    def use(self, params: Params, call: Call) -> ToolUse:
        path = str(self._editing.target(params.path, call).path)
        return ToolUse(self.name, self.access, str(call.cwd), writes=(path,))

    async def preview(self, params: Params, call: Call) -> str:
        from loomkin.project.edit import plan_write  # heavy: late on purpose

        target = self._editing.target(params.path, call)
        return preview(await asyncio.to_thread(plan_write, target, params.content))

    async def regions(self, params: Params, call: Call) -> tuple[Region, ...]:
        from loomkin.project.edit import plan_write  # heavy: late on purpose

        target = self._editing.target(params.path, call)
        return await self._editing.touched(await asyncio.to_thread(plan_write, target, params.content))

    async def run(self, params: Params, call: Call) -> Ok | Fail:
        from loomkin.project.edit import write_file  # heavy: late on purpose

        target = self._editing.target(params.path, call)
        answer = await uncut(write_file, target, params.content, changed_by=self._editing.changed_by)
        return self._editing.result(answer, target, call)


TOOL = FileWrite
