"""/review: fresh eyes on a change."""

from loomkin.commands.command import Command, CommandResult, Context, Look


class ReviewCommand(Command):
    """Has a reviewer with a window of its own read a diff."""

    name = "review"
    summary = "a reviewer reads a change: what is staged, the work tree, the branch, a commit"
    usage = "[staged | worktree | branch [BASE] | COMMIT | RANGE]"
    more = "Without words: what is staged, else what changed, else the branch. Findings come with file:line."
    idle = True

    async def run(self, context: Context, argument: str) -> CommandResult:
        git = context.session.git
        assert git is not None
        title, found = await git.review(argument)
        told = f"The person had {title} reviewed. The reviewer said:\n{found}"
        return CommandResult(f"Review of {title}:\n\n{found}", Look.MARKDOWN, told=told)

    def choices(self, context: Context) -> tuple[str, ...]:
        return ("staged", "worktree", "branch", "HEAD")


COMMAND = ReviewCommand()
