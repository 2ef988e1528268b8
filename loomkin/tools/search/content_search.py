"""content_search: lines that match a regular expression."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from loomkin.permissions.gate import Gate
from loomkin.permissions.policy import Policy
from loomkin.project.listing import shown_path
from loomkin.project.problem import Problem
from loomkin.project.workplace import Workplace
from loomkin.records.dataclass import dataclass, replace
from loomkin.records.permission import Access, Decision, ToolUse
from loomkin.tooling.tool import Call, Fail, Ok, Tool

if TYPE_CHECKING:
    from loomkin.project.search import SearchResult

MOST_CHARACTERS = 20_000


@dataclass(frozen=True, slots=True)
class Params:
    """What to look for, and where."""

    pattern: str
    path: str = "."
    glob: str = ""
    context: int = 0
    ignore_case: bool = False
    max: int = 100


class ContentSearch(Tool[Params]):
    """Searches the text of files."""

    name: ClassVar[str] = "content_search"
    params_type: ClassVar[type] = Params
    access: ClassVar[Access] = Access.READ
    aliases: ClassVar[dict[str, str]] = {
        "query": "pattern", "regex": "pattern", "search": "pattern", "directory": "path", "include": "glob",
        "file_pattern": "glob", "case_insensitive": "ignore_case", "max_results": "max", "limit": "max",
    }  # fmt: skip

    def __init__(self, workplace: Workplace, gate: Gate) -> None:
        self._workplace = workplace
        self._gate = gate

    def use(self, params: Params, call: Call) -> ToolUse:
        path = self._workplace.resolve(call.cwd, params.path)
        return ToolUse(self.name, self.access, str(call.cwd), reads=(str(path),))

    async def run(self, params: Params, call: Call) -> Ok | Fail:
        from loomkin.project.search import CONTEXT_LIMIT, search  # heavy: late on purpose

        place = self._workplace.resolve(call.cwd, params.path)
        if not place.exists():
            return Fail(f"There is no {self._workplace.shown(place)}. Use file_search to find it.")
        top, inner = (place, "") if place.is_dir() else (place.parent, place.name)
        found = await asyncio.to_thread(
            search,
            params.pattern,
            top,
            inner,
            params.glob or None,
            params.context,
            params.ignore_case,
            params.max,
        )
        if isinstance(found, Problem):
            return Fail(str(found))
        found = await asyncio.to_thread(permitted, found, top, self._gate.policy)
        cut = f"context is cut to {CONTEXT_LIMIT} lines; read the file for more"
        notes = (*found.notes, cut) if params.context > CONTEXT_LIMIT else found.notes
        found = replace(found, notes=notes)
        shown = "" if top == call.cwd else f"{self._workplace.shown(top)}/"
        return Ok(render(found, shown.removeprefix("./"), params.pattern))


def permitted(found: "SearchResult", top: Path, policy: Policy) -> "SearchResult":
    """The result without the files whose reading a rule denies or asks about."""

    def is_closed(path: str) -> bool:
        verdict = policy.decide(ToolUse(ContentSearch.name, Access.READ, str(top), reads=(path,)))
        return verdict.decision is not Decision.ALLOW and not verdict.built_in

    closed = [file for file in found.files if is_closed(file.path)]
    if not closed:
        return found
    note = f"files passed over because of a rule: {', '.join(shown_path(file.path) for file in closed)}"
    return replace(
        found,
        files=tuple(file for file in found.files if file not in closed),
        total=found.total - sum(file.count for file in closed),
        file_count=found.file_count - len(closed),
        notes=(*found.notes, note),
    )


def render(found: "SearchResult", prefix: str, pattern: str) -> str:
    """Lines grouped by file, then what was left out."""
    if not found.total:
        return "\n".join((f"No line matches `{pattern}`.", *found.notes))
    blocks: list[str] = []
    size = 0
    for file in found.files:
        rows = [f"{line.number}{':' if line.matches else '-'}{line.text}" for line in file.lines]
        block = "\n".join((f"{prefix}{shown_path(file.path)}", *rows))
        size += len(block)
        if size > MOST_CHARACTERS and blocks:
            break
        blocks.append(block)
    end = list(found.notes)
    if found.truncated or len(blocks) < len(found.files):
        end.insert(0, f"… {found.total} matching lines in {found.file_count} files in all; narrow the search")
    return "\n\n".join((*blocks, *end))


TOOL = ContentSearch
