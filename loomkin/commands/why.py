"""/why: the decision behind a line of a file."""

from pathlib import Path

from loomkin.commands.command import Command, CommandResult, Context


class WhyCommand(Command):
    """Tells what lies behind lines."""

    name = "why"
    summary = "why a line is there: the decision behind it, what was rejected, what was said"
    usage = "PATH[:LINE[-LINE]]"

    async def run(self, context: Context, argument: str) -> CommandResult:
        from loomkin.provenance.why import Why, spot  # heavy: late on purpose
        from loomkin.provenance.words import in_words  # heavy: late on purpose

        facts = context.session.facts
        await context.scribe.flush()
        place = spot(Path(facts.cwd), argument)
        return CommandResult(in_words(await Why(context.database, Path(facts.root)).ask(place)))


COMMAND = WhyCommand()
