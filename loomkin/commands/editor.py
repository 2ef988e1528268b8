"""/editor: write the next message in your own editor."""

from loomkin.commands.command import Command, CommandResult, Context, Then


class Editor(Command):
    """Opens $VISUAL or $EDITOR with the words after the command."""

    name = "editor"
    summary = "write the next message in $VISUAL or $EDITOR"
    usage = "[TEXT]"

    async def run(self, context: Context, argument: str) -> CommandResult:
        return CommandResult(then=Then.EDIT, argument=argument)


COMMAND = Editor()
