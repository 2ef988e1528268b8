"""`loomkin cost`: what was spent, by agent, model, task, session, day or what woke the agent."""

from enum import StrEnum
from typing import Annotated

import typer

from loomkin.cli.days import Since, Until, days
from loomkin.cli.place import SESSION_HELP, AsJson, Folder, look, say, single
from loomkin.cli.tables import count, dollars, money, table, to_json
from loomkin.errors import UsageError
from loomkin.records.usage import Usage
from loomkin.store import ledger, sessions
from loomkin.store.ledger import Spend

app = single("What was spent in this repository.")
_SET_PRICE = '`loomkin config set models."PROVIDER/NAME".input_usd_per_million X` (and output_…)'
_HEADINGS = ("CALLS", "IN", "CACHED", "OUT", "COST", "UNPRICED")


class By(StrEnum):
    """What the calls are grouped by."""

    AGENT = "agent"
    MODEL = "model"
    TASK = "task"
    DAY = "day"
    SESSION = "session"
    WOKE = "woke"


@app.command()
def cost(
    by: Annotated[By, typer.Option(help="One line for each.")] = By.MODEL,
    session: Annotated[str, typer.Option(metavar="ID", help=f"Only this session. {SESSION_HELP}")] = "",
    since: Since = "",
    until: Until = "",
    as_json: AsJson = False,
    folder: Folder = None,
) -> None:
    """Show calls, tokens and exact dollars, dearest first; calls of unknown price are counted apart."""
    place, within = look(folder), days(since, until)
    parts: list[Spend] = []
    total = Spend("total", 0, Usage(), 0, 0, 0)
    with place.database() as database:
        if session and database is None:
            raise UsageError(f"There are no sessions in {place.root} yet.", hint="Leave --session out.")
        if database is not None:
            only = sessions.find(database, session).id if session else None
            parts = ledger.spend(database, by.value, only, within.start, within.end)
            total = ledger.total(database, only, within.start, within.end)
    if as_json:
        say(to_json({"by": by.value, "groups": [_plain(part) for part in parts], "total": _plain(total)}))
        return
    if not parts:
        say(f"No model was called in {place.root}{within.asked or ' yet'}.")
        return
    rows = [_line(part.group or "(none)", part) for part in parts]
    if len(parts) > 1:
        rows.append(_line("total", total))
    say(table((by.value.upper(), *_HEADINGS), rows, _HEADINGS))
    if total.unpriced:
        say(
            f"\nThe price of {count(total.unpriced, 'call')} is unknown and not in the sum; set it with "
            f"{_SET_PRICE}."
        )
    if total.local:
        say(
            f"\n{count(total.local, 'call')} went to a server on this machine and counted as free. If it "
            f"passes them on to somebody who bills, set the price with {_SET_PRICE}."
        )


def _line(group: str, part: Spend) -> tuple[object, ...]:
    usage = part.usage
    return (
        group,
        part.calls,
        usage.input + usage.cache_write,
        usage.cache_read,
        usage.output,
        money(part.cost),
        part.unpriced or "",
    )


def _plain(part: Spend) -> dict[str, object]:
    usage = part.usage
    return {
        "group": part.group,
        "calls": part.calls,
        "input_tokens": usage.input,
        "cache_read_tokens": usage.cache_read,
        "cache_write_tokens": usage.cache_write,
        "output_tokens": usage.output,
        "reasoning_tokens": usage.reasoning,
        "usd": dollars(part.cost),
        "unpriced_calls": part.unpriced,
        "local_calls": part.local,
        "milliseconds": part.milliseconds,
    }
