"""How soon a thread that computes lets the event loop's thread go on."""

import sys

TURN = 0.0005
"""Seconds: the usual five milliseconds are waited for again after every call of the loop's thread that lets
another in, as each write to a socket or a database does."""


def share_soon() -> None:
    """Let threads take short turns; a switch costs a hundredth of one."""
    sys.setswitchinterval(TURN)
