"""What the tools on code have in common: which files the caller may not read, and how much is shown."""

from collections.abc import Callable
from pathlib import Path

from loomkin.permissions.gate import Gate
from loomkin.records.permission import Access, Decision, ToolUse

MOST_LINES = 120


def closed_files(gate: Gate, tool: str, root: Path) -> Callable[[str], bool]:
    """Says of a path below the root whether a rule denies to read it, or asks about it."""

    def is_closed(path: str) -> bool:
        use = ToolUse(tool, Access.READ, str(root), reads=(str(root / path),))
        return gate.policy.decide(use).decision is not Decision.ALLOW

    return is_closed
