"""Who waits for whom to let go of a region, and which claim yields when all of them wait for each other."""

from collections.abc import Sequence

from loomkin.project.regions import Regions
from loomkin.records.dataclass import dataclass
from loomkin.records.region import Claim, Region


@dataclass(frozen=True, slots=True)
class Wait:
    """An agent waits for a region, to do what `intent` says."""

    agent: str
    region: Region
    intent: str
    at: float


@dataclass(frozen=True, slots=True)
class Knot:
    """A circle of waiting agents: `claim` is the newest in it and yields to `agent`."""

    claim: Claim
    agent: str
    circle: tuple[str, ...]


def knot(waits: Sequence[Wait], table: Regions) -> Knot | None:
    """The first circle in the graph of waiting, None where everybody will get on.

    An edge leads from a waiting agent to each holder of what it waits for; found by depth-first search.
    """
    for wait in waits:
        found = _circle(wait.agent, wait.agent, waits, table, {wait.agent})
        if found:
            newest = max(found, key=lambda step: (step[1].at, step[1].id))
            return Knot(newest[1], newest[0], tuple(agent for agent, _ in found))
    return None


def _circle(
    start: str, agent: str, waits: Sequence[Wait], table: Regions, passed: set[str]
) -> list[tuple[str, Claim]]:
    """Steps (who waits, for which claim) from `agent` back to `start`; empty where none lead there."""
    for wait in waits:
        if wait.agent != agent:
            continue
        for claim in table.against(agent, wait.region):
            if claim.agent == start:
                return [(agent, claim)]
            if claim.agent in passed:
                continue
            passed.add(claim.agent)
            rest = _circle(start, claim.agent, waits, table, passed)
            if rest:
                return [(agent, claim), *rest]
    return []
