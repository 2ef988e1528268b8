"""file_search: files by name pattern, newest first."""

import asyncio
from typing import ClassVar

from loomkin.project.glob import find_files
from loomkin.project.listing import shown_path
from loomkin.project.problem import Problem
from loomkin.project.workplace import Workplace
from loomkin.records.dataclass import dataclass
from loomkin.records.permission import Access, ToolUse
from loomkin.tooling.tool import Call, Fail, Ok, Tool


@dataclass(frozen=True, slots=True)
class Params:
    """The pattern, and the folder to look in."""

    pattern: str
    path: str = "."


class FileSearch(Tool[Params]):
    """Finds files by their names."""

    name: ClassVar[str] = "file_search"
    params_type: ClassVar[type] = Params
    access: ClassVar[Access] = Access.READ
    aliases: ClassVar[dict[str, str]] = {"glob": "pattern", "query": "pattern", "directory": "path"}

    def __init__(self, workplace: Workplace) -> None:
        self._workplace = workplace

    def use(self, params: Params, call: Call) -> ToolUse:
        path = self._workplace.resolve(call.cwd, params.path)
        return ToolUse(self.name, self.access, str(call.cwd), reads=(str(path),))

    async def run(self, params: Params, call: Call) -> Ok | Fail:
        folder = self._workplace.resolve(call.cwd, params.path)
        if not folder.is_dir():
            return Fail(self._workplace.no_folder(folder))
        found = await asyncio.to_thread(find_files, params.pattern, folder)
        if isinstance(found, Problem):
            return Fail(str(found))
        if not found.paths:
            return Ok(f"No file matches {params.pattern} in {self._workplace.shown(folder)} or below.")
        lines = [shown_path(path) for path in found.paths]
        if found.truncated:
            lines.append(f"… {found.total - len(lines)} more; narrow the pattern")
        return Ok("\n".join((*lines, *found.problems)))


TOOL = FileSearch
