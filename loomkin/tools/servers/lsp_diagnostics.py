"""lsp_diagnostics: the problems that language servers see."""

from collections.abc import Iterator, Sequence
from typing import ClassVar

from loomkin.lsp.asking import Asking
from loomkin.lsp.errors import ServerError
from loomkin.lsp.problems import Problem, Severity, chosen, counted
from loomkin.lsp.service import LanguageService
from loomkin.records.dataclass import dataclass
from loomkin.records.permission import Access, ToolUse
from loomkin.tooling.tool import Call, Fail, Ok, Tool
from loomkin.tools.servers.pointing import fail, real

MOST_ERRORS, MOST_WARNINGS = 60, 30


@dataclass(frozen=True, slots=True)
class Params:
    """A file, a folder, or nothing for the files at hand."""

    path: str = ""


class LspDiagnostics(Tool[Params]):
    """Lists errors and warnings."""

    name: ClassVar[str] = "lsp_diagnostics"
    params_type: ClassVar[type] = Params
    access: ClassVar[Access] = Access.READ
    aliases: ClassVar[dict[str, str]] = {"file": "path", "file_path": "path"}

    def __init__(self, service: LanguageService) -> None:
        self._service = service

    def use(self, params: Params, call: Call) -> ToolUse:
        path = self._service.workplace.resolve(call.cwd, params.path)
        return ToolUse(self.name, self.access, str(call.cwd), reads=(str(path),))

    async def run(self, params: Params, call: Call) -> Ok | Fail:
        asking, notes = Asking(self._service), list[str]()
        try:
            if params.path:
                problems, notes = await asking.problems(
                    await real(self._service.workplace, call, params.path)
                )
            else:
                problems = await asking.known_problems()
                notes = [] if problems else ["Of the files that were read or edited; name a folder for more."]
        except ServerError as error:
            return fail(error)
        return Ok("\n".join([*self._told(problems), *notes]))

    def _told(self, problems: Sequence[Problem]) -> Iterator[str]:
        told = chosen(problems, MOST_ERRORS, MOST_WARNINGS)
        yield counted(problems) or "No problems."
        for one in told:
            yield one.told(self._service.workplace.shown(one.path))
        left = sum(one.severity <= Severity.WARNING for one in problems) - len(told)
        if left > 0:
            yield f"… and {left} more"


TOOL = LspDiagnostics
