"""/context: how full the model's window is, and with what."""

import asyncio

from loomkin.commands.command import Command, CommandResult, Context
from loomkin.workspace.account import account

WIDTH = 24


class ShowContext(Command):
    """Shows the window, zone by zone."""

    name = "context"
    summary = "how full the model's window is, and with what"

    async def run(self, context: Context, argument: str) -> CommandResult:
        session = context.session
        zones, model = session.zones(), session.agent.model
        free = max(zones.window - zones.used, 0)
        reserved = min(free, model.spec.max_output)
        parts = (
            ("system prompt", zones.system),
            ("tools", zones.tools),
            ("rules and place", zones.rules),
            ("decisions", zones.decisions),
            ("keeper cards", zones.cards),
            ("your words", zones.person),
            ("answers", zones.agent),
            ("letters", zones.mail),
            ("tool results", zones.results),
            ("for the answer", reserved),
            ("free", free - reserved),
        )
        rows = [_row(name, tokens, zones.window) for name, tokens in parts]
        share = 100 * zones.used / zones.window
        total = f"about {zones.used:,} of {zones.window:,} tokens ({share:.0f}%) of {model.spec.id}"
        await session.flush()
        shown = session.agent.window.shown
        counted = await asyncio.to_thread(account, context.database, session.id, session.agent.name, shown)
        return CommandResult("\n".join([total, *rows, f"  {counted}"]))


def _row(name: str, tokens: int, window: int) -> str:
    filled = round(WIDTH * tokens / window)
    return f"  {name:<16} {tokens:>9,}  {'█' * filled}{'░' * (WIDTH - filled)}"


COMMAND = ShowContext()
