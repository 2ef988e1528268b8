"""What the runner asks of the memory of failures around each call."""

from collections.abc import Sequence
from typing import Protocol

from loomkin.records.ids import CallId
from loomkin.records.permission import ToolUse
from loomkin.tooling.tool import Fail, Ok


class Lessons(Protocol):
    """What one agent is told of earlier failures."""

    def before(self, call: CallId, use: ToolUse) -> str:
        """Why a call is held back this once, or nothing."""
        ...

    def after(self, call: CallId, use: ToolUse, result: Ok | Fail) -> Sequence[str]:
        """Lines for the result of a call that ran."""
        ...
