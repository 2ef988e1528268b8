"""why: the decision behind a line of a file, what was rejected for it, and what was said."""

from typing import ClassVar

from loomkin.errors import LoomkinError
from loomkin.project.workplace import Workplace
from loomkin.records.dataclass import dataclass
from loomkin.records.permission import Access, ToolUse
from loomkin.store.database import Database
from loomkin.tooling.tool import Call, Fail, Ok, Tool


@dataclass(frozen=True, slots=True)
class Params:
    """The file and its lines; 0 is the whole file."""

    path: str
    line: int = 0
    last: int = 0


class Why(Tool[Params]):
    """Looks behind lines."""

    name: ClassVar[str] = "why"
    params_type: ClassVar[type] = Params
    access: ClassVar[Access] = Access.READ

    def __init__(self, workplace: Workplace, database: Database) -> None:
        self._workplace = workplace
        self._database = database

    def use(self, params: Params, call: Call) -> ToolUse:
        path = self._workplace.resolve(call.cwd, params.path.partition(":")[0])
        return ToolUse(self.name, self.access, str(call.cwd), reads=(str(path),))

    async def run(self, params: Params, call: Call) -> Ok | Fail:
        from loomkin.provenance.why import Why as Asked  # heavy: late on purpose
        from loomkin.provenance.why import spot  # heavy: late on purpose
        from loomkin.provenance.words import in_words  # heavy: late on purpose

        try:
            place = spot(call.cwd, params.path, params.line, params.last)
            return Ok(in_words(await Asked(self._database, self._workplace.root).ask(place)))
        except LoomkinError as error:
            return Fail(str(error))


TOOL = Why
