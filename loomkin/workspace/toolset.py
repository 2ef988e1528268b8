"""The tools there are: found by listing their package, imported when a role first wants one."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from loomkin.records.role import Role
from loomkin.runtime.plugins import load, names
from loomkin.tooling.injection import build
from loomkin.tooling.toolbox import AnyTool, Toolbox


class Toolset:
    """All tools there are, by name; a tool's module is imported when a role first wants it."""

    def __init__(self) -> None:
        self._modules = {name.rpartition(".")[2]: name for name in names("loomkin.tools")}
        texts = (Path(__file__).parents[1] / "tools").glob("*/*.md")
        self.names = frozenset(path.stem for path in texts) & frozenset(self._modules)

    def __call__(self, toolbox: Toolbox, role: Role, services: Mapping[type, Any]) -> None:
        """Put every tool of a role into its box."""

        def make(name: str) -> AnyTool:
            tool: AnyTool = build(load(self._modules[name]).TOOL, services)
            return tool

        for name in toolbox.wanted:
            if name in self.names:
                toolbox.know(make(name))
        for name in (*role.team_tools, *role.more_tools):
            if name in self.names:
                toolbox.know_later(name, partial(make, name))
