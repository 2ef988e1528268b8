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
        state = ""
        if watching.wanted:
            await watching.ready()
            files = f"{watching.files} file{'' if watching.files == 1 else 's'}"
            state = f"{'Looking from time to time at' if watching.polls else 'Watching'} {files}. "
        if watching.comments:
            return CommandResult(f"{state}Save a comment with AI! (do it) or AI? (answer it).")
        return CommandResult(f"{state}AI comments in them are no orders; /watch-files on changes that.")

    def choices(self, context: Context) -> tuple[str, ...]:
        return STATES


COMMAND = WatchFiles()
