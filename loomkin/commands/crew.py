"""What the team's commands share: finding the team, and reading durations and letters."""

import re
from typing import TYPE_CHECKING

from loomkin.commands.command import Context
from loomkin.errors import NotFoundError, UsageError
from loomkin.records.mail import Mail
from loomkin.records.regex import pattern

if TYPE_CHECKING:  # a conversation of one agent loads no team
    from loomkin.agent.agent import Agent
    from loomkin.workspace.oversight import Oversight

_SPAN = pattern(r"(\d+(?:\.\d+)?)\s*(s|m|min|h)?$", re.IGNORECASE)
_SECONDS = {"": 1.0, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}


def team_of(context: Context) -> "Oversight":
    """The person's hands on the session's team; raises NotFoundError where it has none."""
    company = context.session.company
    if company is None:
        raise NotFoundError(
            "This session has one agent and no team.", hint="/spawn ROLE WORK begins one, as does the agent."
        )
    return company.oversight


def new_team(context: Context) -> "Oversight":
    """The same, with a team made where there is none."""
    session = context.session
    if session.company is None and session.gather is None:
        raise UsageError("This session works alone.", hint="Begin one without --solo to have a team.")
    if session.company is None and session.gather is not None:
        return session.gather().oversight
    return team_of(context)


def own_only(context: Context, name: str) -> "Agent | None":
    """The session's own agent where it has no team and `name` is its own or nobody's; else None."""
    session = context.session
    return session.agent if session.company is None and name in ("", session.agent.name) else None


def agents(context: Context) -> tuple[str, ...]:
    """The names of those who read mail, for completion."""
    company = context.session.company
    return company.oversight.names if company else (context.session.agent.name,)


def seconds(text: str) -> float:
    """A duration such as `90`, `30s`, `5m`, `2h`; raises UsageError."""
    found = _SPAN.match(text.strip())
    if found is None:
        raise UsageError(f"{text!r} is no duration.", hint="Write it like 30s, 5m or 2h.")
    return float(found[1]) * _SECONDS[(found[2] or "").lower()]


def letter_line(mail: Mail, now: float) -> str:
    """A waiting letter in one line."""
    later = f", held back {max(0.0, mail.not_before - now):.0f} s more" if mail.not_before > now else ""
    text = " ".join(mail.text.split())
    return f"{mail.id:<5} {mail.priority:<6} {mail.kind} from {mail.sender}{later}: {text[:100]}"
