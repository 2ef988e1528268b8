"""Giving a tool the services that its constructor names by type."""

from collections.abc import Mapping
from typing import Any

from loomkin.tooling.toolbox import AnyTool


def build_tool(kind: type[AnyTool], services: Mapping[type, Any]) -> AnyTool:
    """A tool with the services that its constructor names by type."""
    named = getattr(kind.__init__, "__annotations__", {})
    wanted = {name: hint for name, hint in named.items() if name != "return"}
    return kind(**{name: services[hint] for name, hint in wanted.items()})
