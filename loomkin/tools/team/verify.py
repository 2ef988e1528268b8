"""verify: let loomkin run the project's tests or linters, or a command, and keep it as evidence."""

from enum import StrEnum
from typing import ClassVar

from loomkin.errors import FatalToolError, LoomkinError, StoreError
from loomkin.project.profile import Profiles
from loomkin.project.workplace import Workplace
from loomkin.records.dataclass import dataclass
from loomkin.records.permission import Access, ToolUse
from loomkin.team.board import Board
from loomkin.team.checks import Checks, Ending
from loomkin.tooling.tool import Call, Fail, Ok, Tool


class What(StrEnum):
    """What the project profile knows a command for."""

    TEST = "test"
    LINT = "lint"
    TYPES = "type check"
    BUILD = "build"


@dataclass(frozen=True, slots=True)
class Params:
    """What to run, and the task that it proves."""

    what: What = What.TEST
    command: str = ""
    task: str = ""


class Verify(Tool[Params]):
    """Runs a proof."""

    name: ClassVar[str] = "verify"
    params_type: ClassVar[type] = Params
    access: ClassVar[Access] = Access.EXECUTE
    limit: ClassVar[float | None] = None

    def __init__(self, checks: Checks, profiles: Profiles, board: Board, workplace: Workplace) -> None:
        self._checks = checks
        self._profiles = profiles
        self._board = board
        self._root = workplace.root

    def use(self, params: Params, call: Call) -> ToolUse:
        command = self._command(params)
        access = self.access if command else Access.NONE
        return ToolUse("shell" if command else self.name, access, str(self._root), command=command)

    async def preview(self, params: Params, call: Call) -> str:
        return self._command(params)

    async def run(self, params: Params, call: Call) -> Ok | Fail:
        command = self._command(params)
        if not command:
            known = "; ".join(
                f"{one.purpose.lower()}: {one.command}" for one in self._profiles.profile().commands
            )
            return Fail(
                f"No {params.what} command is known here; name one in `command`. Known: {known or 'none'}"
            )
        try:
            task = self._board.task(params.task) if params.task else self._board.in_hand(call.agent)
            outcome = await self._checks.allowed(call.agent, command, by=call.agent)
            if task is not None and outcome.evidence is not None:
                self._board.prove(task.id, outcome.evidence)
        except StoreError as error:
            raise FatalToolError(f"No command can run: {error.message}", hint=error.hint) from error
        except LoomkinError as error:
            return Fail(str(error))
        kept = f" Kept as evidence for {task.id}." if task is not None and outcome.evidence else ""
        whole = outcome.evidence.output_id if outcome.evidence else ""
        if outcome.ending is Ending.PASSED and outcome.evidence is not None:
            return Ok(f"{outcome.evidence.output}\n{outcome.words}.{kept}".lstrip(), output_id=whole)
        text = f"{outcome.words}{'' if outcome.words.endswith('.') else '.'}{kept}"
        return Ok(text, output_id=whole) if outcome.passed else Fail(text, whole)

    def _command(self, params: Params) -> str:
        return params.command.strip() or self._profiles.profile().command(params.what)


TOOL = Verify
