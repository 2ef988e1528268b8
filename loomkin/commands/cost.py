"""/cost: tokens and money of the session."""

from loomkin.commands.command import Command, CommandResult, Context
from loomkin.commands.help import table
from loomkin.records.usage import usd
from loomkin.store import ledger
from loomkin.store.ledger import Spend


class Cost(Command):
    """Shows what the session spent, by model and by agent, with what is left of each budget."""

    name = "cost"
    summary = "tokens and money of this session, by model"
    aliases = ("usage",)

    async def run(self, context: Context, argument: str) -> CommandResult:
        await context.scribe.flush()
        db, session = context.database, context.session
        rows = [(part.group, _spent(part)) for part in ledger.spend(db, "model", session.id)]
        if not rows:
            return CommandResult("Nothing was spent in this session yet.")
        agents = ledger.spend(db, "agent", session.id)
        if len(agents) > 1:
            rows += [(f"by {part.group}", _spent(part)) for part in agents]
        rows.append(("this session", _spent(ledger.total(db, session.id))))
        rows.append(("this repository", _spent(ledger.total(db))))
        left = session.books.left()
        rows += [(f"left of {name}", f"${usd(max(amount, 0)):.4f}") for name, amount in left.items()]
        return CommandResult(table(rows))


def _spent(part: Spend) -> str:
    usage = part.usage
    price = "price unknown" if part.unpriced == part.calls else f"${usd(part.cost):.4f}"
    if 0 < part.unpriced < part.calls:
        price += f" and {part.unpriced} calls of unknown price"
    cached = f" ({usage.cache_read:,} cached)" if usage.cache_read else ""
    return f"{price}, {part.calls} calls, {usage.prompt:,} tokens in{cached}, {usage.output:,} out"


COMMAND = Cost()
