"""What the tools on code have in common: which files the caller may not read, and how much is shown."""

from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

from loomkin.codemap.late import LateAtlas
from loomkin.permissions.gate import Gate
from loomkin.records.dataclass import dataclass
from loomkin.records.permission import Access, Decision, ToolUse
from loomkin.tooling.tool import Call, Tool

MOST_LINES = 120


@dataclass(frozen=True, slots=True)
class Named:
    """The name that is looked for."""

    name: str


class NameTool(Tool[Named]):
    """Looks for a name in the index of the whole project."""

    params_type: ClassVar[type] = Named
    access: ClassVar[Access] = Access.READ
    aliases: ClassVar[dict[str, str]] = {"symbol": "name", "query": "name"}

    def __init__(self, atlas: LateAtlas, gate: Gate) -> None:
        self._atlas = atlas
        self._gate = gate

    def use(self, params: Named, call: Call) -> ToolUse:
        return ToolUse(self.name, self.access, str(call.cwd), reads=(str(self._atlas.root),))


def closed_files(gate: Gate, tool: str, root: Path) -> Callable[[str], bool]:
    """Says of a path below the root whether a rule denies to read it, or asks about it."""

    def is_closed(path: str) -> bool:
        use = ToolUse(tool, Access.READ, str(root), reads=(str(root / path),))
        return gate.policy.decide(use).decision is not Decision.ALLOW

    return is_closed
