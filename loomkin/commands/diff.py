"""/diff: what changed, by this session or in the work tree."""

from pathlib import Path

from loomkin.commands.command import Command, CommandResult, Context, Look
from loomkin.errors import LoomkinError, UsageError
from loomkin.project.git import run_git
from loomkin.store import sessions


class Diff(Command):
    """Shows the session's changes, or git's view of the work tree."""

    name = "diff"
    summary = "what this session changed; --git: the whole work tree"
    usage = "[--git]"

    async def run(self, context: Context, argument: str) -> CommandResult:
        if argument == "--git":
            return await _work_tree(Path(context.session.facts.cwd))
        if argument:
            raise UsageError(f"/diff does not know {argument!r}.", hint="/diff or /diff --git")
        await context.scribe.flush()
        rows = sessions.changes(context.database, context.session.id)
        if not rows:
            return CommandResult("This session changed no file. /diff --git shows the work tree.")
        shown = [f"{row.path}  +{row.added} -{row.removed}\n{row.diff.rstrip()}" for row in rows]
        return CommandResult("\n\n".join(shown), Look.DIFF)

    def choices(self, context: Context) -> tuple[str, ...]:
        return ("--git",)


async def _work_tree(cwd: Path) -> CommandResult:
    done = await run_git(["diff", "HEAD"], cwd)
    if done.code != 0:  # before the first commit there is no HEAD
        done = await run_git(["diff"], cwd)
    if done.code != 0:
        raise LoomkinError(f"git cannot show the changes: {done.err.strip() or f'code {done.code}'}")
    new = await run_git(["ls-files", "--others", "--exclude-standard"], cwd)
    untracked = [f"new, not in git yet: {name}" for name in new.out.splitlines()]
    text = "\n".join(part for part in (done.out.rstrip(), *untracked) if part)
    return CommandResult(text, Look.DIFF) if text else CommandResult("The work tree is as committed.")


COMMAND = Diff()
