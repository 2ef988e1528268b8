"""/team: who is in the team and what each one does."""

import time

from loomkin.commands.command import Command, CommandResult, Context
from loomkin.records.usage import usd
from loomkin.store.activity import Activity, activity


class Team(Command):
    """Lists the agents with state, steps, tokens, money, task and claims, and sub-agents while they work."""

    name = "team"
    summary = "who is in the team and does what, for what money"
    aliases = ("agents",)

    async def run(self, context: Context, argument: str) -> CommandResult:
        await context.scribe.flush()
        session = context.session
        rows = activity(context.database, session.id, True)
        now = session.company.oversight.statuses() if session.company else {}
        if not rows:
            return CommandResult(f"{session.agent.name} is alone and has done nothing yet.")
        lines = []
        for row in rows:
            status = now.get(row.name)
            if row.name.startswith(f"{row.spawner}/"):
                if row.state not in ("done", "stopped"):
                    lines.append(
                        _line(row, f"{row.state} {row.detail}".strip(), time.time() - row.since, False)
                    )
            elif status is not None:
                doing, since = f"{status[0].state} {status[0].detail}".strip(), status[1]
                lines.append(_line(row, doing, since, row.name == session.agent.name))
            else:
                own = row.name == session.agent.name and not now
                lines.append(_line(row, row.state if own else "not here any more", None, own))
        return CommandResult("\n".join(lines))


def _line(row: Activity, doing: str, since: float | None, own: bool) -> str:
    role = f" ({row.role})" if row.role != row.name else ""
    spent = f"${usd(row.cost):.4f}" + ("+?" if row.unpriced else "")
    spent += "" if row.budget is None else f" of ${usd(row.budget):.4f}"
    parts = [
        f"{'*' if own else ' '} {row.name}{role}: {doing.replace('_', ' ')}"
        + (f" for {since:.0f} s" if since is not None else ""),
        f"{row.steps} steps, {row.tokens:,} tokens, {spent}",
        ("1 letter waits" if row.mail == 1 else f"{row.mail} letters wait") if row.mail else "",
        f"task {row.task} {row.title}" if row.task else "",
        f"holds {', '.join(row.claims)}" if row.claims else "",
        " ".join(row.purpose.split())[:100],
    ]
    return " · ".join(part for part in parts if part)


COMMAND = Team()
