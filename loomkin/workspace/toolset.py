"""The tools there are: found by listing their package, imported when a role first wants one."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from loomkin.records.permission import Access
from loomkin.records.role import Role
from loomkin.runtime.plugins import load, names
from loomkin.tooling.injection import build
from loomkin.tooling.tool import parse_description
from loomkin.tooling.toolbox import AnyTool, Later, Toolbox

OF_TEAMS = ("team", "tasks", "regions")


class Toolset:
    """All tools there are, by name; a tool's module is imported when a role first wants it."""

    def __init__(self) -> None:
        self._modules = {name.rpartition(".")[2]: name for name in names("loomkin.tools")}
        texts = (Path(__file__).parents[1] / "tools").glob("*/*.md")
        self._texts = {path.stem: path for path in texts if path.stem in self._modules}
        self.names = frozenset(self._texts)

    def __call__(self, toolbox: Toolbox, role: Role, services: Mapping[type, Any]) -> None:
        """Put every tool of a role into its box."""

        def make(name: str) -> AnyTool:
            tool: AnyTool = build(load(self._modules[name]).TOOL, services)
            return tool

        for name in toolbox.wanted:
            if name in self.names:
                toolbox.know(make(name))
        for name in (*role.team_tools, *role.plan_tools, *role.more_tools):
            if name in self.names:
                toolbox.know_later(
                    name, Later(partial(make, name), partial(self._kind, name), partial(self._describe, name))
                )

    @property
    def of_teams(self) -> frozenset[str]:
        """The tools that need other agents."""
        return frozenset(name for name in self.names if self._modules[name].split(".")[2] in OF_TEAMS)

    def access(self, name: str) -> Access:
        """What a tool does to the world; one that is not ours may do anything."""
        if name not in self.names:
            return Access.EXECUTE
        return self._kind(name).access

    def _kind(self, name: str) -> type[AnyTool]:
        found: type[AnyTool] = load(self._modules[name]).TOOL
        return found

    def _describe(self, name: str) -> str:
        return parse_description(self._texts[name].read_text(encoding="utf-8"))[0]
