"""shell: run a command, in the foreground with a time limit or in the background."""

import asyncio
from pathlib import Path
from typing import ClassVar

from loomkin.config.settings import ShellSettings
from loomkin.errors import FatalToolError, LoomkinError, StoreError
from loomkin.project.environment import ChildEnvironment
from loomkin.project.git import GitResult, repository_filters
from loomkin.project.git_lock import writes_of
from loomkin.project.jobs import JobTable
from loomkin.project.output import code_is_of_a_pipe, exit_note, for_model
from loomkin.project.secrets import Redactor
from loomkin.project.shell import Finished, Running, run
from loomkin.project.workplace import Workplace
from loomkin.records.dataclass import dataclass
from loomkin.records.event import OutputStreamed
from loomkin.records.permission import Access, ToolUse
from loomkin.records.region import Region
from loomkin.runtime.recorder import Recorder
from loomkin.runtime.uncut import uncut
from loomkin.tooling.tool import Call, Fail, Ok, Tool
from loomkin.tools.files.changing import Editing


@dataclass(frozen=True, slots=True)
class Params:
    """The command, how long to wait for it, and where it runs."""

    command: str
    timeout: float = 0
    background: bool = False
    cwd: str = "."


class Shell(Tool[Params]):
    """Runs bash commands."""

    name: ClassVar[str] = "shell"
    params_type: ClassVar[type] = Params
    access: ClassVar[Access] = Access.EXECUTE
    aliases: ClassVar[dict[str, str]] = {
        "cmd": "command", "script": "command", "run_in_background": "background", "workdir": "cwd",
    }  # fmt: skip
    limit: ClassVar[float | None] = None

    def __init__(
        self,
        workplace: Workplace,
        jobs: JobTable,
        settings: ShellSettings,
        child: ChildEnvironment,
        recorder: Recorder,
        editing: Editing,
        redactor: Redactor,
    ) -> None:
        self._workplace = workplace
        self._jobs = jobs
        self._settings = settings
        self._child = child
        self._recorder = recorder
        self._editing = editing
        self._redactor = redactor

    def use(self, params: Params, call: Call) -> ToolUse:
        cwd = self._workplace.resolve(call.cwd, params.cwd)
        typed = _patch_in(params.command)
        if typed is not None:
            from loomkin.project.patch import patch_paths  # heavy: late on purpose

            patch, folder = typed
            cwd = self._workplace.resolve(cwd, folder)
            paths = tuple(str(self._workplace.resolve(cwd, path)) for path in patch_paths(patch))
            return ToolUse("file_patch", Access.WRITE, str(cwd), writes=paths)
        return ToolUse(self.name, self.access, str(cwd), command=params.command)

    async def preview(self, params: Params, call: Call) -> str:
        return params.command

    async def regions(self, params: Params, call: Call) -> tuple[Region, ...]:
        typed = _patch_in(params.command)
        if typed is None:
            return ()
        from loomkin.project.patch import plan_patch  # heavy: late on purpose

        patch, folder = typed
        cwd = self._workplace.resolve(self._workplace.resolve(call.cwd, params.cwd), folder)
        seen = self._editing.seen_of(call)
        answer = await asyncio.to_thread(plan_patch, patch, cwd, self._workplace.roots, seen)
        return await self._editing.touched_by_patch(answer)

    async def run(self, params: Params, call: Call) -> Ok | Fail:
        cwd = self._workplace.resolve(call.cwd, params.cwd)
        typed = _patch_in(params.command)
        if typed is not None:
            from loomkin.project.patch import apply_patch  # heavy: late on purpose

            patch, folder = typed
            answer = await uncut(
                apply_patch,
                patch,
                self._workplace.resolve(cwd, folder),
                self._workplace.roots,
                self._editing.seen_of(call),
                changed_by=self._editing.changed_by,
            )
            return self._editing.patched(answer, call)
        try:
            return await self._command(params, cwd, call)
        except StoreError as error:
            raise FatalToolError(f"No command can run: {error.message}", hint=error.hint) from error
        except LoomkinError as error:
            return Fail(str(error))

    async def _command(self, params: Params, cwd: Path, call: Call) -> Ok | Fail:
        wait = min(params.timeout or self._settings.timeout, self._settings.max_timeout)
        output = self._workplace.outputs

        screen = self._redactor.stream()

        def shown(text: str) -> None:
            if text:
                self._recorder.record(OutputStreamed(call.id, text), call.session, call.agent)

        env = self._child.values
        command = await self._quiet(params.command, cwd)
        if params.background:
            job = await self._jobs.start(command, cwd=cwd, env=env, output_dir=output)
            return Ok(f"Running in the background; read it with shell_output, handle {job.handle}.")
        # one writer of a team at a time, also where it calls git by itself
        async with writes_of(command, cwd):
            ended = await run(
                command,
                jobs=self._jobs,
                cwd=cwd,
                env=env,
                output_dir=output,
                timeout=wait,
                on_output=lambda text: shown(screen.feed(text)),
            )
        shown(screen.finish())
        whole = self._workplace.shown(ended.path)
        text = for_model(
            ended.output.head,
            ended.output.tail,
            missing_lines=ended.output.missing_lines,
            whole=whole,
            failed=isinstance(ended, Running) or ended.code != 0,
        )
        if isinstance(ended, Running):
            went = f"Still running after {ended.seconds:.0f} s, now in the background: handle {ended.handle}."
            return Ok(f"{text}\n{went} Read it with shell_output.", output_id=whole)
        return _result(params.command, ended, text, whole)

    async def _quiet(self, command: str, cwd: Path) -> str:
        """The command, with its git reads kept from running what the repository's settings name."""
        if "git" not in command:
            return command
        from loomkin.permissions.harden import harden_line  # heavy: late on purpose

        filters = await repository_filters(cwd)
        names = () if isinstance(filters, GitResult) else filters
        home = self._child.values.get("HOME", "")
        return await asyncio.to_thread(harden_line, command, str(cwd), home, names)


def _patch_in(command: str) -> tuple[str, str] | None:
    """The patch that a model typed into the shell, and its folder, if it did."""
    if "patch" not in command:
        return None
    from loomkin.project.patch import find_patch_in_command  # heavy: late on purpose

    return find_patch_in_command(command)


def _result(command: str, ended: Finished, text: str, whole: str) -> Ok | Fail:
    note = exit_note(command, ended.code)
    done = "exit 0 (of the last command of the pipe)" if code_is_of_a_pipe(command) else "exit 0"
    said = note.text or done
    if ended.timed_out:
        said = f"Ended after {ended.seconds:.0f} s: it only waits."
    if ended.left_running:
        said += f" Processes it started go on in the background: handle {ended.id}."
    words = "\n".join(part for part in (text, ended.output.note, said) if part)
    if note.failed or ended.timed_out:
        return Fail(words, whole, None if ended.timed_out else ended.code)
    return Ok(words, output_id=whole)


TOOL = Shell
