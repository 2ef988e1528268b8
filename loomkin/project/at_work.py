"""Whose commands run, and ran a moment ago: what changes meanwhile is put down to them."""

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import Lock

from loomkin.records.dataclass import dataclass

REMEMBERED = 256
NEAR = 0.05
"""Seconds by which a file's stamp may be off: the kernel takes it from a clock that ticks seldom."""


@dataclass(frozen=True, slots=True)
class _Ran:
    """A command that has ended, by the clock that files are stamped with."""

    agent: str
    begun: float
    ended: float


class AtWork:
    """The commands of all agents. Safe to use from threads; `background` names those left running."""

    def __init__(self, background: Callable[[], Sequence[str]] = tuple) -> None:
        self._background = background
        self._lock = Lock()
        self._running: dict[object, tuple[str, str, float]] = {}
        self._ran: deque[_Ran] = deque(maxlen=REMEMBERED)

    @contextmanager
    def running(self, agent: str, command: str) -> Iterator[None]:
        """A command of the agent runs."""
        key, begun = object(), time.time()
        with self._lock:
            self._running[key] = (agent, command, begun)
        try:
            yield
        finally:
            with self._lock:
                del self._running[key]
                self._ran.append(_Ran(agent, begun, time.time()))

    def now(self) -> tuple[str, str]:
        """The agents whose commands run, and the commands; without an agent, those left running."""
        with self._lock:
            running = list(self._running.values())
        agents = dict.fromkeys(agent for agent, _, _ in running)
        commands = [command for _, command, _ in running] or list(self._background())
        return " and ".join(agents), "; ".join(commands[:2])

    def at(self, moment: float) -> tuple[str, ...]:
        """The agents whose commands ran at a moment, or so near to it that a file's stamp cannot tell."""
        with self._lock:
            found = [agent for agent, _, begun in self._running.values() if begun <= moment + NEAR]
            found += [one.agent for one in self._ran if one.begun - NEAR <= moment <= one.ended + NEAR]
        return tuple(dict.fromkeys(found))
