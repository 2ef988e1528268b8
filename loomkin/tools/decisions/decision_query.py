"""decision_query: what was decided, rejected and given up here."""

import time
from typing import ClassVar

from loomkin.decisions.desk import Desk, Query
from loomkin.errors import LoomkinError
from loomkin.records.dataclass import dataclass
from loomkin.records.permission import Access, ToolUse
from loomkin.tooling.tool import Call, Fail, Ok, Tool


@dataclass(frozen=True, slots=True)
class Params:
    """What is asked of the graph."""

    query: Query
    words: str = ""
    limit: int = 20
    depth: int = 2


class DecisionQuery(Tool[Params]):
    """Asks the graph."""

    name: ClassVar[str] = "decision_query"
    params_type: ClassVar[type] = Params
    access: ClassVar[Access] = Access.READ

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def use(self, params: Params, call: Call) -> ToolUse:
        return ToolUse(self.name, self.access, str(call.cwd))

    async def run(self, params: Params, call: Call) -> Ok | Fail:
        try:
            limit, depth = max(1, params.limit), max(0, params.depth)
            return Ok(self._desk.answers.ask(params.query, params.words, limit, depth, time.time()))
        except LoomkinError as error:
            return Fail(str(error))


TOOL = DecisionQuery
