"""Giving a tool, or whatever else is made late, the services that its constructor names by type."""

from collections.abc import Mapping
from typing import Any, TypeVar

T = TypeVar("T")


def build(kind: type[T], services: Mapping[type, Any]) -> T:
    """An object with the services that its constructor names by type; raises KeyError."""
    named = getattr(kind.__init__, "__annotations__", {})
    wanted = {name: hint for name, hint in named.items() if name != "return"}
    return kind(**{name: services[hint] for name, hint in wanted.items()})
