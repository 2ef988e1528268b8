"""git: look at history and record changes; nothing that destroys."""

import asyncio
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from loomkin.config.settings import GitSettings
from loomkin.errors import StoreError
from loomkin.project.capture import open_capture
from loomkin.project.diff_cut import Piece, fits, fitted, pieces
from loomkin.project.git import OUTPUT_BYTES, run_git
from loomkin.project.git_operations import GitOperation, operation_args
from loomkin.project.output import BUDGET_CHARS, LINE_CHARS, for_model
from loomkin.project.problem import Problem
from loomkin.project.workplace import Workplace
from loomkin.records.dataclass import dataclass
from loomkin.records.permission import Access, ToolUse
from loomkin.store.database import Database
from loomkin.tooling.tool import Call, Fail, Ok, Tool

if TYPE_CHECKING:  # loaded with the first commit
    from loomkin.tools.git.recording import Recording

WRITING = frozenset((GitOperation.ADD, GitOperation.COMMIT, GitOperation.BRANCH))
SHOWING = frozenset((GitOperation.DIFF, GitOperation.SHOW))
COMMIT_SECONDS = 300.0
MOST_NEW = 20


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
    limit: ClassVar[float | None] = None

    def __init__(self, workplace: Workplace, database: Database, settings: GitSettings) -> None:
        self._workplace = workplace
        self._database = database
        self._settings = settings
        self._recording: Recording | None = None

    def use(self, params: Params, call: Call) -> ToolUse:
        argv = operation_args(params.operation, params.args)
        words = [params.operation.value] if isinstance(argv, Problem) else argv
        return ToolUse(self.name, self.access, str(call.cwd), command=shlex.join(["git", *words]))

    async def run(self, params: Params, call: Call) -> Ok | Fail:
        argv = operation_args(params.operation, params.args)
        if isinstance(argv, Problem):
            return Fail(str(argv))
        if params.operation is GitOperation.ADD or (
            params.operation is GitOperation.COMMIT and "--dry-run" not in argv
        ):
            return await self._record(params.operation, argv, call)
        done = await run_git(argv, call.cwd, COMMIT_SECONDS, read=params.operation not in WRITING)
        parts = (done.out, done.err) if done.ok else (done.err, done.out)
        text = "\n".join(parts).strip("\n").rstrip()
        said, whole = "", ""
        if done.ok and params.operation in SHOWING:
            said, whole = await self._by_file(text)
        if not said:
            whole = await asyncio.to_thread(self._kept, text) if len(text) > BUDGET_CHARS else ""
            said = for_model(text, whole=whole, failed=not done.ok)
        if done.cut:
            said += f"\nOutput beyond {OUTPUT_BYTES >> 20} MB was dropped; ask for less of it."
        if not done.ok:
            return Fail(f"git {params.operation} ended with code {done.code}.\n{said}", whole, done.code)
        said = said or f"git {params.operation}: done, no output."
        new = await _new_files(argv, call.cwd) if params.operation is GitOperation.DIFF else ""
        return Ok(f"{said}\n{new}" if new else said, output_id=whole)

    async def _record(self, operation: GitOperation, argv: list[str], call: Call) -> Ok | Fail:
        """Stage or commit; what hooks said is shown in full where they refuse."""
        from loomkin.tools.git.recording import Recording  # heavy: late on purpose

        recording = self._recording = self._recording or Recording(self._database, self._settings)
        adds = operation is GitOperation.ADD
        done = await (recording.add(argv, call) if adds else recording.commit(argv, call))
        if isinstance(done, Problem):
            text = str(done)
            whole = await asyncio.to_thread(self._kept, text) if len(text) > BUDGET_CHARS else ""
            return Fail(for_model(text, whole=whole, failed=True), whole)
        return Ok(done if isinstance(done, str) else done.words)

    async def _by_file(self, text: str) -> tuple[str, str]:
        """A diff in which no file is cut out of the middle, and where all of it is kept if it is cut."""
        head, files = pieces(text)
        if not files:
            return "", ""
        before = for_model(head, budget=BUDGET_CHARS // 4)
        clean = [Piece(one.path, for_model(one.text, budget=len(one.text) + LINE_CHARS)) for one in files]
        room = BUDGET_CHARS - len(before)
        whole = "" if fits(clean, room) else await asyncio.to_thread(self._kept, text)
        hint = f"See them with `-- PATH` behind the same args, or file_read; whole output: {whole}"
        told = fitted(clean, room, hint)
        return f"{before}\n{told}" if before else told, whole

    def _kept(self, text: str) -> str:
        """Keep the whole output where agents can read it; its name, or nothing where the disk is full."""
        try:
            _, capture = open_capture(self._workplace.outputs)
        except StoreError:
            return ""
        capture.write(text.encode(errors="surrogateescape"))
        capture.close()
        return self._workplace.shown(capture.path)


async def _new_files(argv: list[str], cwd: Path) -> str:
    """Files that a diff of the working tree passes over, as git does not know them yet."""
    at = argv.index("--") if "--" in argv else len(argv)
    words, paths = argv[1:at], argv[at + 1 :]
    plain = [word for word in words if not word.startswith("-")]
    if {"--cached", "--staged"} & set(words) or not all((cwd / word).exists() for word in plain):
        return ""
    found = await run_git(
        ["ls-files", "--others", "--exclude-standard", "-z", "--", *plain, *paths], cwd, read=True
    )
    names = [name for name in found.out.split("\0") if name] if found.ok else []
    if not names:
        return ""
    more = f" and {len(names) - MOST_NEW} more" if len(names) > MOST_NEW else ""
    return f"New files that are not in this diff (file_read shows them): {', '.join(names[:MOST_NEW])}{more}."


TOOL = Git
