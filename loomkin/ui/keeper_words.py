"""A keeper that was made, in one line for the person."""

from loomkin.records.keeper_event import KeeperMade


def keeper_line(fact: KeeperMade) -> str:
    """What moved where, and how full the window was and is."""
    keeper = fact.keeper
    count = len(keeper.messages)
    moved = f"{count} message{'s' if count != 1 else ''} moved to keeper {keeper.id}"
    return f"context {fact.before} % -> {fact.after} %: {moved} (recall with @{keeper.id})"
