"""/calls: what an agent has planned and not begun; change or leave out a call while it is paused."""

import json
from typing import TYPE_CHECKING

from loomkin.commands.command import Command, CommandResult, Context
from loomkin.commands.crew import agents
from loomkin.errors import UsageError

if TYPE_CHECKING:  # a conversation is on the screen before this is loaded
    from loomkin.agent.agent import Agent

LONGEST = 200
_EXAMPLE = 'For example {"path": "a.py"}.'


class Calls(Command):
    """Lists planned calls; `skip` and `edit` say what the agent may do instead."""

    name = "calls"
    summary = "planned calls of an agent; change or leave out one while it is paused"
    usage = "[AGENT] [skip N [REASON] | edit N JSON]"

    async def run(self, context: Context, argument: str) -> CommandResult:
        agent, rest = _agent(context, argument)
        verb, _, rest = rest.partition(" ")
        review = agent.steering.review
        if not verb:
            lines = [line[:LONGEST] for line in review.lines]
            return CommandResult("\n".join(lines) or f"{agent.name} has planned no call that has not begun.")
        number, _, rest = rest.strip().partition(" ")
        if verb not in ("skip", "edit") or not number.isdecimal():
            raise UsageError(f"{verb} {number}: say what to do with which call.", hint=f"/calls {self.usage}")
        if not agent.steering.paused:
            raise UsageError(f"{agent.name} is not paused: it goes on meanwhile.", hint="/pause it first.")
        if verb == "skip":
            return CommandResult(review.skip(int(number), rest.strip()))
        return CommandResult(review.edit(int(number), _object(rest)))

    def choices(self, context: Context) -> tuple[str, ...]:
        return agents(context)


def _agent(context: Context, argument: str) -> tuple["Agent", str]:
    """The agent that was named, else the session's own, and the words behind."""
    first, _, rest = argument.strip().partition(" ")
    name = first.removeprefix("@")
    company = context.session.company
    if company is not None and name in company.oversight.names:
        return company.oversight.agent(name), rest.strip()
    if name == context.session.agent.name:
        return context.session.agent, rest.strip()
    return context.session.agent, argument.strip()


def _object(text: str) -> str:
    try:
        value = json.loads(text)
    except ValueError as error:
        raise UsageError(
            f"The arguments are not JSON: {error}.", hint='For example {"path": "a.py"}.'
        ) from error
    if not isinstance(value, dict):
        raise UsageError("The arguments must be a JSON object.", hint=_EXAMPLE)
    return json.dumps(value, ensure_ascii=False)


COMMAND = Calls()
