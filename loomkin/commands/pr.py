"""/pr: title and text of a pull request, out of what was decided on the branch."""

from loomkin.commands.command import Command, CommandResult, Context, Look
from loomkin.project.git_changes import count


class PullRequestCommand(Command):
    """Shows the text; pushes nothing."""

    name = "pr"
    summary = "title and text for a pull request of this branch: what, why, what was not done, proof"
    usage = "[BASE]"
    more = "Nothing is pushed. `loomkin pr` prints the same for a program, such as `gh pr create`."

    async def run(self, context: Context, argument: str) -> CommandResult:
        git = context.session.git
        assert git is not None
        await context.scribe.flush()
        made = await git.pull_request(argument.strip())
        left = count(made.uncommitted, "changed file")
        note = f"\n({left} not committed, and not in it.)" if made.uncommitted else ""
        return CommandResult(f"# {made.title}\n\n{made.text}{note}", Look.MARKDOWN)

    def choices(self, context: Context) -> tuple[str, ...]:
        return ("main", "master")


COMMAND = PullRequestCommand()
