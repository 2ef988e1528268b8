"""Wires by name: `openai` is the module in `wires/` whose name begins with `openai_`."""

import importlib
import pkgutil
from collections.abc import Callable
from functools import cache
from pathlib import Path

from loomkin.errors import ConfigError, StoreError, UsageError
from loomkin.llm import wires
from loomkin.llm.cassette import RecordingWire, ReplayWire, Steps, append
from loomkin.llm.transport import Transport
from loomkin.llm.wire import Endpoint, Wire


def open_wire(name: str, endpoint: Endpoint, transport: Transport | None = None) -> Wire:
    """A wire to an endpoint, over `transport` where that is given; only its own module is imported.

    Raises ConfigError for an unknown name.
    """
    for entry in _entries():
        if entry.split("_")[0] == name:
            module = importlib.import_module(f"{wires.__name__}.{entry}")
            wire: Wire = module.WIRE(endpoint, transport)
            return wire
    raise ConfigError(
        f"This build of loomkin cannot speak to that provider (it has no wire {name!r}).",
        hint="Install loomkin from its source with pip or pipx, or name a model of another provider.",
    )


@cache
def _entries() -> tuple[str, ...]:
    """The names of the modules of wires; every agent opens a wire of its own, and none is added meanwhile."""
    return tuple(entry.name for entry in pkgutil.iter_modules(wires.__path__))


def opener(
    record: Path | None,
    replay: Path | None,
    strict: bool,
    redact: Callable[[str], str],
    steady: Callable[[str], str],
    connect: Callable[[str, Endpoint], Wire] = open_wire,
) -> Callable[[str, Endpoint], Wire]:
    """How this run opens wires: by `connect` to the providers, with a recording, or from one.

    Raises UsageError for a recording that cannot be written, ReplayDivergence for one that cannot be read.
    """
    if replay is not None:
        player = ReplayWire.load(replay, steady, strict)
        return lambda name, endpoint: player
    if record is not None:
        try:
            append(record, b"")  # better now than after the first paid answer
        except StoreError as error:
            raise UsageError(error.message, hint=error.hint) from error
        steps = Steps()
        return lambda name, endpoint: RecordingWire(connect(name, endpoint), record, redact, steps, steady)
    return connect
