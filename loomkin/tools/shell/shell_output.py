"""shell_output: what a command in the background printed since the last look."""

import asyncio
from typing import ClassVar

from loomkin.errors import NotFoundError
from loomkin.project.jobs import JobTable
from loomkin.project.output import exit_note, for_model
from loomkin.project.workplace import Workplace
from loomkin.records.dataclass import dataclass
from loomkin.records.permission import Access, ToolUse
from loomkin.tooling.tool import Call, Fail, Ok, Tool

LONGEST_WAIT = 600.0


@dataclass(frozen=True, slots=True)
class Params:
    """Which command, how long to wait for its end, and whether to stop it."""

    handle: str
    wait: float = 0
    kill: bool = False


class ShellOutput(Tool[Params]):
    """Looks at commands in the background."""

    name: ClassVar[str] = "shell_output"
    params_type: ClassVar[type] = Params
    access: ClassVar[Access] = Access.NONE
    aliases: ClassVar[dict[str, str]] = {"id": "handle", "bash_id": "handle", "timeout": "wait"}
    limit: ClassVar[float | None] = None

    def __init__(self, workplace: Workplace, jobs: JobTable) -> None:
        self._workplace = workplace
        self._jobs = jobs

    def use(self, params: Params, call: Call) -> ToolUse:
        return ToolUse(self.name, self.access, str(call.cwd))

    async def run(self, params: Params, call: Call) -> Ok | Fail:
        try:
            if params.kill:
                state = await self._jobs.kill(params.handle)
            else:
                state = await self._jobs.wait(params.handle, min(params.wait, LONGEST_WAIT))
        except NotFoundError as error:
            return Fail(str(error))
        whole = self._workplace.shown(state.path)
        text = await asyncio.to_thread(for_model, state.new, whole=whole)
        if state.missed_bytes:
            text = f"({state.missed_bytes} earlier bytes are only in {whole})\n{text}"
        if state.code is None:
            return Ok(f"{text or '(nothing new)'}\nRunning for {state.seconds:.0f} s.", output_id=whole)
        return Ok(f"{text}\n{exit_note(state.command, state.code).text}".lstrip("\n"), output_id=whole)


TOOL = ShellOutput
