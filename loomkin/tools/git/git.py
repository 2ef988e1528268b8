"""git: look at history and record changes; nothing that destroys."""

import shlex
from typing import ClassVar

from loomkin.project.git import run_git
from loomkin.project.git_operations import GitOperation, operation_args
from loomkin.project.output import for_model
from loomkin.project.problem import Problem
from loomkin.records.dataclass import dataclass
from loomkin.records.permission import Access, ToolUse
from loomkin.tooling.tool import Call, Fail, Ok, Tool

WRITING = frozenset((GitOperation.ADD, GitOperation.COMMIT, GitOperation.BRANCH))
COMMIT_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Params:
    """The operation and its arguments."""

    operation: GitOperation
    args: str = ""


class Git(Tool[Params]):
    """Runs the git program for a fixed set of operations."""

    name: ClassVar[str] = "git"
    params_type: ClassVar[type] = Params
    access: ClassVar[Access] = Access.EXECUTE
    aliases: ClassVar[dict[str, str]] = {
        "command": "operation",
        "subcommand": "operation",
        "arguments": "args",
    }
    limit: ClassVar[float | None] = COMMIT_SECONDS

    def use(self, params: Params, call: Call) -> ToolUse:
        argv = operation_args(params.operation, params.args)
        words = [params.operation.value] if isinstance(argv, Problem) else argv
        return ToolUse(self.name, self.access, str(call.cwd), command=shlex.join(["git", *words]))

    async def run(self, params: Params, call: Call) -> Ok | Fail:
        argv = operation_args(params.operation, params.args)
        if isinstance(argv, Problem):
            return Fail(str(argv))
        done = await run_git(argv, call.cwd, COMMIT_SECONDS, read=params.operation not in WRITING)
        if not done.ok:
            said = for_model(f"{done.err}\n{done.out}".strip(), failed=True)
            return Fail(f"git {params.operation} ended with code {done.code}.\n{said}")
        text = for_model(f"{done.out}\n{done.err}".strip())
        return Ok(text or f"git {params.operation}: done, no output.")


TOOL = Git
