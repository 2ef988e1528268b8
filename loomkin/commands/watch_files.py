"""/watch-files: whether AI comments in files that are saved are orders."""

from loomkin.commands.command import Command, CommandResult, Context
from loomkin.errors import UsageError

STATES = ("on", "off")


class WatchFiles(Command):
    """Takes comments with AI! or AI? for orders, or takes them no more."""

    name = "watch-files"
    summary = "take `AI!` and `AI?` comments that you save in files for orders"
    usage = "[on|off]"
    more = (
        "A comment that begins or ends with AI! is done, one with AI? is answered. Files saved together are "
        "one order; while a turn runs it is queued. What git or an agent writes orders nothing."
    )

    async def run(self, context: Context, argument: str) -> CommandResult:
        wanted = argument.strip().lower()
        if wanted not in ("", *STATES):
            raise UsageError(f"/watch-files {wanted}: it is on or off.")
        assert context.session.watching is not None
        watching = context.session.watching()
        if wanted:
            watching.heed(wanted == "on")
        if not watching.comments:
            return CommandResult("AI comments in files are no orders. /watch-files on changes that.")
        await watching.ready()
        how = "looked at from time to time" if watching.polls else "watched"
        return CommandResult(
            f"{watching.files} files are {how}: save a comment with AI! (do it) or AI? (answer it)."
        )

    def choices(self, context: Context) -> tuple[str, ...]:
        return STATES


COMMAND = WatchFiles()
