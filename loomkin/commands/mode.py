"""/mode: how much passes without a question."""

from loomkin.commands.command import Command, CommandResult, Context
from loomkin.commands.help import table
from loomkin.errors import UsageError
from loomkin.records.permission import Mode

MEANING = {
    Mode.ASK: "asks before every write and command",
    Mode.EDITS: "edits inside the project pass",
    Mode.PLAN: "looks and plans, changes nothing",
    Mode.AUTO: "all but the dangerous passes",
    Mode.YOLO: "asks nothing; denials still hold",
}


class ChangeMode(Command):
    """Shows the modes, or goes on in another."""

    name = "mode"
    summary = "show or change the permission mode"
    usage = "[ask|edits|plan|auto|yolo]"

    async def run(self, context: Context, argument: str) -> CommandResult:
        session = context.session
        if not argument:
            rows = [(f"{'*' if mode is session.gate.mode else ' '} {mode}", MEANING[mode]) for mode in Mode]
            return CommandResult(table(rows))
        try:
            mode = Mode(argument.lower())
        except ValueError:
            known = ", ".join(Mode)
            raise UsageError(f"There is no mode {argument!r}.", hint=f"Choose one of {known}.") from None
        session.change_mode(mode)
        return CommandResult(f"Mode {mode}: {MEANING[mode]}.")

    def choices(self, context: Context) -> tuple[str, ...]:
        return tuple(Mode)


COMMAND = ChangeMode()
