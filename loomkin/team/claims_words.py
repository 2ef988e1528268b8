"""What agents are told about claims."""

from collections.abc import Sequence

from loomkin.project.regions_waiting import Knot
from loomkin.records.region import Claim, Region

_LONGEST = 160


def first_line(text: str) -> str:
    """The first line of a text that says something, at most 160 characters."""
    line = next((line.strip() for line in text.splitlines() if line.strip()), "")
    return line if len(line) <= _LONGEST else line[: _LONGEST - 3] + "..."


def named(region: Region) -> str:
    """A region in words: the symbol with its lines, or the lines, or the whole file."""
    if region.whole:
        return f"all of {region.path}"
    span = f"lines {region.first}-{region.last}" if region.last > region.first else f"line {region.first}"
    if not region.symbol:
        return f"{span} of {region.path}"
    return f"`{region.symbol}` in {region.path}" + (f" ({span})" if region.first else "")


def holding(claim: Claim, now: float) -> str:
    """Who holds what, what for, since when."""
    purpose = f", for: {claim.intent}" if claim.intent else ""
    task = f" (task {claim.task})" if claim.task else ""
    return f"{claim.agent} holds {named(claim.region)} since {max(0.0, now - claim.at):.0f} s{purpose}{task}."


def contested(region: Region, held: Sequence[Claim], now: float) -> str:
    """The refusal: who holds it, what for, and the choice."""
    holder = held[0].agent
    return (
        f"Nothing was done: {named(region)} is being changed by somebody else.\n"
        + "\n".join(holding(claim, now) for claim in held)
        + f"\nChoose: wait with region_claim({_arguments(region)}, wait=true); or do another part first "
        f"(the rest of the file is free); or agree with {holder} by peer_message. When it is free, read the "
        "part again before you change it."
    )


def yours(claim: Claim) -> str:
    """The letter to whoever waited."""
    return (
        f"{named(claim.region)} is free and yours now, for: {claim.intent}. It was changed meanwhile: read "
        "it before you edit. Use region_release if you need it no more."
    )


def wanted(claim: Claim, agent: str, region: Region, intent: str) -> str:
    """The letter to a holder whose region somebody else wanted to change."""
    purpose = f", for: {intent}" if intent else ""
    return (
        f"{agent} wanted to change {named(region)}{purpose}, and was refused because you hold "
        f"{named(claim.region)}. Nothing to do, unless your work makes theirs needless or wrong: then say so."
    )


def waited_for(claim: Claim, agent: str, intent: str) -> str:
    """The letter to a holder whom somebody waits for."""
    return (
        f"{agent} waits for {named(claim.region)}, which you hold, to: {intent}. Give it back with "
        "region_release as soon as you are done with it."
    )


def waits_on(region: Region, held: Sequence[Claim], now: float) -> str:
    """What an agent is told whose waiting took too long."""
    return (
        f"{named(region)} is still held. "
        + " ".join(holding(claim, now) for claim in held)
        + " You are in the line and get a letter when it is yours; do other work meanwhile."
    )


def yielded(found: Knot, now: float) -> tuple[tuple[str, str], ...]:
    """The letters to the two whose waiting for each other was ended."""
    claim, winner = found.claim, found.agent
    circle = " -> ".join((*found.circle, found.circle[0]))
    lost = (
        f"You and {winner} waited for each other ({circle}). The newest claim yields: {named(claim.region)} "
        f"is {winner}'s now, no longer yours. What you wrote there stays. Go on with what you wait for, and "
        f"come back to it when {winner} is done."
    )
    won = (
        f"You and {claim.agent} waited for each other ({circle}). The newest claim yielded: "
        f"{claim.agent} gave up {named(claim.region)}, perhaps half done. Read it before you edit."
    )
    return ((claim.agent, lost), (winner, won))


def trespassed(claim: Claim, agent: str, command: str) -> str:
    """The letter to the holder of a region that a command wrote to."""
    return (
        f"{agent} ran a command that changed {named(claim.region)}, which you hold: `{command}`. Read it "
        "again before you edit it, and settle it with them by peer_message if your work is spoilt."
    )


def trespasser(claim: Claim) -> str:
    """What is added to the result of such a command."""
    purpose = f", for: {claim.intent}" if claim.intent else ""
    return (
        f"Note from loomkin: this command changed {named(claim.region)}, which {claim.agent} holds{purpose}. "
        f"{claim.agent} has been told. Undo it if it was not agreed; edit by file_edit, which asks first."
    )


def _arguments(region: Region) -> str:
    path = f'path="{region.path}"'
    if region.symbol:
        return f'{path}, symbol="{region.symbol}"'
    return path if region.whole else f"{path}, first={region.first}, last={max(region.first, region.last)}"
