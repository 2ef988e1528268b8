"""git_read: look at the repository's state and history, for roles that change nothing."""

from enum import StrEnum
from typing import ClassVar

from loomkin.config.settings import GitSettings
from loomkin.project.git_operations import GitOperation
from loomkin.project.workplace import Workplace
from loomkin.records.dataclass import dataclass
from loomkin.records.permission import Access, ToolUse
from loomkin.store.database import Database
from loomkin.tooling.tool import Call, Fail, Ok, Tool
from loomkin.tools.git import git


class Reading(StrEnum):
    """The operations that only read."""

    STATUS = "status"
    DIFF = "diff"
    LOG = "log"
    SHOW = "show"
    BLAME = "blame"
    STASH_LIST = "stash_list"


@dataclass(frozen=True, slots=True)
class Params:
    """The operation and its arguments."""

    operation: Reading
    args: str = ""


class GitRead(Tool[Params]):
    """Runs the git program for operations that read."""

    name: ClassVar[str] = "git_read"
    params_type: ClassVar[type] = Params
    access: ClassVar[Access] = Access.READ
    aliases: ClassVar[dict[str, str]] = git.Git.aliases
    limit: ClassVar[float | None] = 60.0

    def __init__(self, workplace: Workplace, database: Database, settings: GitSettings) -> None:
        self._git = git.Git(workplace, database, settings)

    def use(self, params: Params, call: Call) -> ToolUse:
        use = self._git.use(_meant(params), call)
        return ToolUse(self.name, self.access, use.cwd, command=use.command)

    async def run(self, params: Params, call: Call) -> Ok | Fail:
        return await self._git.run(_meant(params), call)


def _meant(params: Params) -> git.Params:
    return git.Params(GitOperation(params.operation.value), params.args)


TOOL = GitRead
