"""How soon a thread that computes lets the event loop's thread go on."""

import sys

TURN = 0.002
"""Seconds: the usual five milliseconds are waited for again after every call of the loop's thread that lets
another in, as each write to a socket or a database does; with shorter turns others break into the loop's work
so often that a letter in a hundred takes ten times as long."""


def share_soon() -> None:
    """Let threads take short turns."""
    sys.setswitchinterval(TURN)
