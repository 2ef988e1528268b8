"""How often Python looks for objects that hold on to each other: seldom, never among those of the start."""

import gc

YOUNG = 10_000
"""New objects between two looks: the usual 700 would look all the time and find nothing, and a look at these
holds everything up for three milliseconds."""


def collect_seldom() -> None:
    """Leave out what is there by now; a run makes many short-lived objects and few cycles."""
    gc.freeze()
    gc.set_threshold(YOUNG, 3, 400)
    gc.enable()
