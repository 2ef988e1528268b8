"""What an agent is for: its tools, its tier of model, its words."""

from enum import StrEnum

from loomkin.records.dataclass import dataclass


class Tier(StrEnum):
    """Which of the person's models a role works with."""

    FAST = "fast"
    DEFAULT = "default"
    STRONG = "strong"
    LOCAL = "local"


@dataclass(frozen=True, slots=True)
class Role:
    """One way of working; `prompt` follows its first line, `max_turns` None leaves it to the settings.

    `tools` are in sight at once, `team_tools` too where the agent is in a team, `plan_tools` once the plan
    concerns it, and `more_tools` can be found with tool_search, as can the others; the role has no more.
    """

    name: str
    description: str
    tools: tuple[str, ...]
    prompt: str
    tier: Tier = Tier.DEFAULT
    max_turns: int | None = None
    more_tools: tuple[str, ...] = ()
    team_tools: tuple[str, ...] = ()
    plan_tools: tuple[str, ...] = ()

    @property
    def all_tools(self) -> tuple[str, ...]:
        """Whatever it may ever hold."""
        return tuple(dict.fromkeys((*self.tools, *self.team_tools, *self.plan_tools, *self.more_tools)))
