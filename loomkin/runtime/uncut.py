"""Work in a thread that a cancellation does not cut off from whoever must know what came of it."""

import asyncio
from collections.abc import Callable
from contextvars import copy_context
from threading import Lock
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

PATIENCE = 10.0
"""Seconds that a cancelled caller still waits for its thread."""


async def uncut(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """What the work in a thread comes to, also where the caller is cancelled once the work has begun.

    That cancellation stays pending: whoever writes down what was done passes it on (see `cancellations`).
    Work that has not begun never begins, and work that outlasts `PATIENCE` is left alone; then the
    cancellation is raised as always.
    """
    lock = Lock()
    begun = stopped = False

    def begin() -> T:
        nonlocal begun
        with lock:
            if stopped:
                raise _NeverBegun
            begun = True
        return work(*args, **kwargs)

    running = asyncio.get_running_loop().run_in_executor(None, copy_context().run, begin)
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        with lock:
            stopped = True
        if not begun:
            running.cancel()
            raise
        await _outlast(running)
        if not running.done():
            raise
    return running.result()


def cancellations() -> int:
    """How many cancellations of this task are pending; more than before work that was `uncut` are owed."""
    task = asyncio.current_task()
    return task.cancelling() if task is not None else 0


class _NeverBegun(Exception):
    """The caller was gone before a thread was free."""


async def _outlast(running: "asyncio.Future[T]") -> None:
    """Wait for the work, however often the caller is cancelled meanwhile."""
    loop = asyncio.get_running_loop()
    until = loop.time() + PATIENCE
    while not running.done() and (left := until - loop.time()) > 0:
        try:
            await asyncio.wait([running], timeout=left)
        except asyncio.CancelledError:
            continue
