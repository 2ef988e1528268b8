"""Planned calls, and which of them may run side by side."""

from typing import Any

from loomkin.records.dataclass import dataclass, field
from loomkin.records.message import ToolCall
from loomkin.records.permission import Access, Decision, ToolUse
from loomkin.tooling.tool import Fail, Ok
from loomkin.tooling.toolbox import AnyTool


@dataclass(slots=True)
class Planned:
    """A call on its way through the runner."""

    call: ToolCall
    tool: AnyTool | None = None
    params: Any = None
    use: ToolUse | None = None
    notes: tuple[str, ...] = ()
    refusal: str = ""
    held: str = ""
    hook: Decision | None = None
    started: bool = False
    result: Ok | Fail | None = None
    done: bool = False
    arguments: dict[str, object] = field(default_factory=dict)

    def take(self, other: "Planned", note: str) -> None:
        """Go on as another plan of the same call, with a note for the model; the call keeps its identity."""
        self.tool, self.params, self.use, self.refusal = other.tool, other.params, other.use, other.refusal
        self.notes = (*other.notes, note)
        self.arguments = other.arguments


@dataclass(frozen=True, slots=True)
class Revision:
    """What the person made of a planned call: other arguments (JSON text), or leaving it out, and why."""

    arguments: str = ""
    skipped: bool = False
    reason: str = ""

    @property
    def words(self) -> str:
        """The same for the model."""
        why = f": {self.reason}" if self.reason else "."
        if self.skipped:
            return f"Skipped by the person{why} It did not run."
        return f"The person changed the arguments of this call to {self.arguments}"


def stages(planned: list[Planned]) -> list[list[list[Planned]]]:
    """Stages that run one after another, each a list of chains that run side by side."""
    found: list[list[list[Planned]]] = []
    last = ""
    for item in planned:
        kind = _kind(item)
        if kind == "alone" or kind != last:
            found.append([])
        chains = found[-1]
        same = [chain for chain in chains if kind == "write" and _overlap(chain, item)]
        if same:
            same[0].append(item)
            for chain in same[1:]:
                same[0][-1:-1] = chain
                chains.remove(chain)
        else:
            chains.append([item])
        last = kind
    return found


def _kind(item: Planned) -> str:
    if item.tool is not None and item.tool.alone:
        return "alone"
    if item.tool is None or item.tool.access in (Access.NONE, Access.READ, Access.NETWORK):
        return "read"
    return "write" if item.tool.access is Access.WRITE else "alone"


def _overlap(chain: list[Planned], item: Planned) -> bool:
    mine = set(item.use.writes) if item.use else set()
    return any(other.use and mine & set(other.use.writes) for other in chain)
