"""The register of projections: which function brings the tables up to date with which fact."""

from collections.abc import Callable
from sqlite3 import Connection
from typing import Any

from loomkin.records.event import Event, Fact

Projection = Callable[[Connection, str, Event, Any], None]
PROJECTIONS: dict[type[Fact], Projection] = {}


def projects(fact: type[Fact]) -> Callable[[Projection], Projection]:
    """Register a projection for a fact class."""

    def register(function: Projection) -> Projection:
        PROJECTIONS[fact] = function
        return function

    return register
