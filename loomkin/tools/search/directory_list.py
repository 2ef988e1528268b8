"""directory_list: a folder as a tree."""

import asyncio
from typing import ClassVar

from loomkin.project.listing import list_tree
from loomkin.project.workplace import Workplace
from loomkin.records.dataclass import dataclass
from loomkin.records.permission import Access, ToolUse
from loomkin.tooling.tool import Call, Fail, Ok, Tool


@dataclass(frozen=True, slots=True)
class Params:
    """The folder, and how deep to look."""

    path: str = "."
    depth: int = 2


class DirectoryList(Tool[Params]):
    """Lists a folder."""

    name: ClassVar[str] = "directory_list"
    params_type: ClassVar[type] = Params
    access: ClassVar[Access] = Access.READ
    aliases: ClassVar[dict[str, str]] = {"directory": "path", "dir": "path", "folder": "path"}

    def __init__(self, workplace: Workplace) -> None:
        self._workplace = workplace

    def use(self, params: Params, call: Call) -> ToolUse:
        path = self._workplace.resolve(call.cwd, params.path)
        return ToolUse(self.name, self.access, str(call.cwd), reads=(str(path),))

    async def run(self, params: Params, call: Call) -> Ok | Fail:
        folder = self._workplace.resolve(call.cwd, params.path)
        if not folder.is_dir():
            return Fail(self._workplace.no_folder(folder))
        return Ok(await asyncio.to_thread(list_tree, folder, depth=params.depth))


TOOL = DirectoryList
