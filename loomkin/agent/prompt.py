"""What an agent is told before anything is said: who it is, where it is, which rules hold."""

from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

from loomkin.records.dataclass import dataclass
from loomkin.records.role import Role


@dataclass(frozen=True, slots=True)
class Place:
    """Facts about where an agent works, as they were when the session began."""

    cwd: str
    root: str
    today: str
    platform: str
    git: str
    mode: str
    attended: bool


def system_prompt(name: str, role: Role, team: str, project: str, words: Sequence[str] = ()) -> str:
    """The fixed first part of every request: who the agent is, its role, and `words` that go with it."""
    first = f"You are {name}, the {role.name} of team {team} in {project}."
    return "\n\n".join(part for part in (first, role.prompt.strip(), *map(str.strip, words)) if part)


def team_words(spawner: str, *, hosted: bool = False) -> str:
    """What every agent of a team is told of working together; `spawner` is who asked for it, if an agent.

    The session's own agent is the `hosted` one.
    """
    boss = f"{spawner}, or whoever else ordered it by mail," if spawner else "whoever ordered it"
    words = "Your last message goes to the person." if hosted else _REPORTS.format(boss=boss)
    return _teamwork().replace("{words}", words)


@cache
def _teamwork() -> str:
    return Path(__file__).with_name("teamwork.md").read_text(encoding="utf-8")


def role_words(roles: Iterable[Role]) -> str:
    """What those who give out work are told of the roles that they can give it to."""
    lines = [f"- {role.name}: {role.description}" for role in roles if role.name not in _OF_HOUSE]
    return "\n".join(["Roles for team_spawn and task_create", *lines])


def window_words(tokens: int) -> str:
    """How much an agent can have in sight, so that it can plan what it reads."""
    return _WINDOW.format(size=f"{round(tokens / 1_000)}k" if tokens >= 1_000 else tokens)


def first_message(place: Place, rules: Sequence[str], context: Sequence[str] = ()) -> str:
    """Facts about the place and the project's own rules, said once before the person's words."""
    lines = [
        "<environment>",
        f"Working directory: {place.cwd}",
        *([f"Repository root: {place.root}"] if place.root != place.cwd else []),
        f"Date: {place.today}. Platform: {place.platform}.",
        place.git,
        f"Permissions: {place.mode} {_ATTENDED if place.attended else _UNATTENDED}",
        "</environment>",
    ]
    lines += rules
    for text in context:
        lines += ["<context>", text.strip(), "</context>"]
    return "\n".join(lines)


_REPORTS = (
    "Work from mail: your last message is the report, and all that {boss} sees: what you did, what you "
    "found, which files changed, how it was checked, what is open. Work from the plan: task_complete is the "
    "report, and ends your turn."
)
_WINDOW = (
    "Your window holds {size} tokens. What is old moves to memory and is never lost; of long files read "
    "parts (symbol, or offset and limit)."
)
_OF_HOUSE = ("concierge", "orienter")
_ATTENDED = "The person can be asked, and approves what needs approval."
_UNATTENDED = (
    "Nobody is there to answer or approve: what is not allowed is refused. "
    "Make reasonable assumptions and name them in your answer."
)
