"""/help: the commands and the keys."""

from loomkin.commands.command import Command, CommandResult, Context, find, unknown
from loomkin.errors import UsageError

WIDEST = 24
KEYS = (
    ("Enter", "send; while a turn runs: queue for its end"),
    ("Ctrl+S", "steer: the words go into the very next model call"),
    ("Ctrl+J, Alt+Enter, \\Enter", "new line"),
    ("Esc", "interrupt your agent; decline what is asked; again at once: stop the whole team"),
    ("Ctrl+N", "with several questions: the next one"),
    ("Ctrl+C", "clear the line, then interrupt, then exit (twice)"),
    ("Ctrl+D", "exit, on an empty line"),
    ("Up, Down, Ctrl+R", "what you typed before; search in it"),
    ("Shift+Tab", "mode: ask, edits, plan"),
    ("Ctrl+G", "write in your editor"),
    ("Ctrl+L", "draw the last rows again"),
    ("Ctrl+Z", "put the program into the background"),
    ("Tab", "complete @path and /command"),
    ("@path", "put a file along"),
    ("@agent words", "words for a teammate's very next step"),
    ("!command", "run a command yourself; the agent sees its output"),
)


class Help(Command):
    """Lists everything, or tells about one command."""

    name = "help"
    summary = "commands and keys"
    usage = "[COMMAND]"

    async def run(self, context: Context, argument: str) -> CommandResult:
        if argument:
            return CommandResult(_about(context, argument.removeprefix("/")))
        commands = context.commands.values()
        rows = [(f"/{command.name} {command.usage}".strip(), command.summary) for command in commands]
        return CommandResult(f"Commands\n{table(rows)}\n\nKeys\n{table(KEYS)}")


def _about(context: Context, name: str) -> str:
    command = find(context.commands, name)
    if command is None:
        raise UsageError(unknown(context.commands, name))
    also = f" (also {', '.join('/' + alias for alias in command.aliases)})" if command.aliases else ""
    more = f"\n{command.more}" if command.more else ""
    return f"/{command.name} {command.usage}".strip() + f"{also}: {command.summary}{more}"


def table(rows: "tuple[tuple[str, str], ...] | list[tuple[str, str]]") -> str:
    """Two columns, the first as wide as its widest cell that is no wider than `WIDEST`."""
    width = min(max((len(left) for left, _ in rows), default=0), WIDEST)
    lines = []
    for left, right in rows:
        if len(left) > width:  # one long usage must not push all the others aside
            lines.append(f"  {left}")
            left = ""
        lines.append(f"  {left:<{width}}  {right}".rstrip())
    return "\n".join(lines)


COMMAND = Help()
