"""/model: which model works, and changing it."""

from loomkin.commands.command import Command, CommandResult, Context
from loomkin.commands.help import table
from loomkin.llm.models import ModelSpec
from loomkin.records.event import ModelChanged
from loomkin.records.role import Tier
from loomkin.records.usage import usd


class ChangeModel(Command):
    """Shows the model in use, or goes on with another."""

    name = "model"
    summary = "show the model, or go on with another"
    usage = "[PROVIDER/NAME]"
    idle = True

    async def run(self, context: Context, argument: str) -> CommandResult:
        client = context.session.agent.model
        if not argument:
            return CommandResult(_about(client.spec))
        chosen = await context.chooser.choose(argument, Tier.DEFAULT)
        client.use(chosen.chain)
        context.scribe.record(ModelChanged(client.spec.id))
        return CommandResult(f"Going on with {client.spec.id}.\n{_about(client.spec)}")

    def choices(self, context: Context) -> tuple[str, ...]:
        return tuple(context.session.agent.model.meter.by_model)


def _about(spec: ModelSpec) -> str:
    rows = [
        ("model", spec.id),
        ("window", f"{spec.window:,} tokens"),
        ("answers", f"{spec.max_output:,} tokens"),
    ]
    if spec.price is None:
        rows.append(("price", "unknown"))
    else:
        dollars = [f"${usd(one * 1_000_000).normalize():f}" for one in (spec.price.input, spec.price.output)]
        rows.append(
            ("price", f"{dollars[0]} in, {dollars[1]} out for a million tokens ({spec.price.source})")
        )
    return table(rows)


COMMAND = ChangeModel()
