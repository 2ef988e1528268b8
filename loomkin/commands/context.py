"""/context: how full the model's window is, and with what."""

from loomkin.commands.command import Command, CommandResult, Context

WIDTH = 24


class ShowContext(Command):
    """Shows the window, zone by zone."""

    name = "context"
    summary = "how full the model's window is, and with what"

    async def run(self, context: Context, argument: str) -> CommandResult:
        zones = context.session.zones()
        parts = (
            ("system prompt", zones.system),
            ("tools", zones.tools),
            ("rules and place", zones.rules),
            ("your words", zones.person),
            ("answers", zones.agent),
            ("tool results", zones.results),
            ("free", max(zones.window - zones.used, 0)),
        )
        rows = [_row(name, tokens, zones.window) for name, tokens in parts]
        share = 100 * zones.used / zones.window
        model = context.session.agent.model.spec.id
        total = f"about {zones.used:,} of {zones.window:,} tokens ({share:.0f}%) of {model}"
        return CommandResult("\n".join([total, *rows]))


def _row(name: str, tokens: int, window: int) -> str:
    filled = round(WIDTH * tokens / window)
    return f"  {name:<16} {tokens:>9,}  {'█' * filled}{'░' * (WIDTH - filled)}"


COMMAND = ShowContext()
