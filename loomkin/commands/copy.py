"""/copy: an answer into the clipboard."""

from loomkin.commands.command import Command, CommandResult, Context, Then
from loomkin.errors import NotFoundError, UsageError
from loomkin.records.message import Role


class Copy(Command):
    """Copies the last answer, or the Nth from the end."""

    name = "copy"
    summary = "copy the last answer, or the Nth from the end"
    usage = "[N]"

    async def run(self, context: Context, argument: str) -> CommandResult:
        if argument and not (argument.isdecimal() and int(argument) > 0):
            raise UsageError(
                f"/copy takes a number from 1, not {argument!r}.", hint="/copy 2: the answer before."
            )
        number = int(argument or 1)
        messages = context.session.agent.transcript.messages
        answers = [one.text for one in messages if one.role is Role.ASSISTANT and one.text.strip()]
        if number > len(answers):
            raise NotFoundError(
                f"There are {len(answers)} answers to copy." if answers else "There is no answer to copy yet."
            )
        return CommandResult(then=Then.COPY, argument=answers[-number])


COMMAND = Copy()
