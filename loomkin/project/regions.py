"""The claims in force on parts of files: what overlaps, how lines follow edits, when a lease is over."""

from collections.abc import Collection, Iterable, Sequence

from loomkin.records.dataclass import replace
from loomkin.records.region import Claim, LineChange, Region


def overlaps(one: Region, other: Region) -> bool:
    """Whether two agents on these regions would be in each other's way.

    Symbols are compared by name, one inside the other counts; a symbol and lines by where the symbol stands.
    Two gaps never overlap: what is put into both stays.
    """
    if one.path != other.path:
        return False
    if one.whole or other.whole:
        return True
    if one.symbol and other.symbol:
        return contains(one.symbol, other.symbol) or contains(other.symbol, one.symbol)
    if not one.first or not other.first:
        return False
    return one.first <= other.last and other.first <= one.last


def contains(outer: str, inner: str) -> bool:
    """Whether a dotted symbol is another one or encloses it."""
    return inner == outer or inner.startswith(outer + ".")


def covers(held: Region, wanted: Region) -> bool:
    """Whether whoever holds a region needs no further claim for another one."""
    if held.path != wanted.path:
        return False
    if held.whole:
        return True
    if held.symbol and wanted.symbol:
        return contains(held.symbol, wanted.symbol)
    if wanted.whole or not held.first or not wanted.first:
        return False
    return held.first <= wanted.first and wanted.last <= held.last


def followed(region: Region, changes: Sequence[LineChange], own: bool = False) -> Region:
    """The region after an edit, whose changes are in the lines before it, from top to bottom.

    What an `own` edit puts in at the region's edge belongs to it; of other edits it does not.
    """
    for change in reversed(changes):
        if region.first:
            region = _moved(region, change, own)
    return region


def _moved(region: Region, change: LineChange, own: bool) -> Region:
    first, last = region.first, region.last
    end, growth = change.first + change.removed - 1, change.added - change.removed
    if own and first <= change.first and end <= last:
        return Region(region.path, region.symbol, first, last + growth)
    if end < first:
        return Region(region.path, region.symbol, first + growth, last + growth)
    if change.first > last:
        return region
    start = min(first, change.first)
    return Region(region.path, region.symbol, start, max(start - 1, max(last, end) + growth))


class Regions:
    """A table of claims; the caller keeps out what is contested, by asking first."""

    def __init__(self) -> None:
        self._claims: dict[str, Claim] = {}

    def put(self, claim: Claim) -> None:
        """Let a claim be in force; one with the same id is replaced."""
        self._claims[claim.id] = claim

    def drop(self, identity: str) -> Claim | None:
        """End a claim; None where there is none of that id."""
        return self._claims.pop(identity, None)

    def get(self, identity: str) -> Claim | None:
        """The claim of that id, if it is in force."""
        return self._claims.get(identity)

    def all(self) -> tuple[Claim, ...]:
        """Every claim, oldest first."""
        return tuple(self._claims.values())

    def of(self, agent: str) -> list[Claim]:
        """What an agent holds, oldest first."""
        return [claim for claim in self._claims.values() if claim.agent == agent]

    def against(self, agent: str, region: Region) -> list[Claim]:
        """The claims of others that stand in the way of an agent, oldest first."""
        return [
            claim
            for claim in self._claims.values()
            if claim.agent != agent and overlaps(claim.region, region)
        ]

    def covering(self, agent: str, region: Region) -> Claim | None:
        """The claim by which an agent holds a region already."""
        return next((claim for claim in self.of(agent) if covers(claim.region, region)), None)

    def over(self, now: float) -> list[Claim]:
        """The claims whose lease has ended."""
        return [claim for claim in self._claims.values() if claim.until and claim.until <= now]

    def follow(self, path: str, changes: Sequence[LineChange], own: Collection[str] = ()) -> Iterable[Claim]:
        """Move the claims on a file with an edit that was made under the claims `own`; those that moved."""
        moved = []
        for claim in self._claims.values():
            if claim.region.path != path:
                continue
            region = followed(claim.region, changes, claim.id in own)
            if region != claim.region:
                moved.append(replace(claim, region=region))
        for claim in moved:
            self.put(claim)
        return moved
