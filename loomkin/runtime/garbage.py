"""How often Python looks for objects that hold on to each other: seldom, never among those of the start."""

import gc

YOUNG, MIDDLE, OLD = 2_000, 4, 1_500
"""New objects between two looks; every fifth look takes in those that the last four left, and every 1,500th
of these all objects. However seldom one looks, each object is looked at twice while it is new: so few at a
time hold everything up for a few milliseconds, five times as many for twenty."""


def collect_seldom() -> None:
    """Leave out what is there by now; a run makes many short-lived objects and few cycles."""
    gc.freeze()
    gc.set_threshold(YOUNG, MIDDLE, OLD)
    gc.enable()
