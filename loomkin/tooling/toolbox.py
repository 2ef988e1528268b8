"""The tools that one agent sees: those of its role, and those it found by searching."""

import re
from collections.abc import Callable, Iterable
from typing import Any

from loomkin.records.message import ToolSpec
from loomkin.records.permission import Access
from loomkin.tooling.tool import Tool, spec_of

AnyTool = Tool[Any]


class Later:
    """A tool that is made when it is first called: until then its class says what it is."""

    def __init__(
        self, build: Callable[[], AnyTool], kind: Callable[[], type[AnyTool]], describe: Callable[[], str]
    ) -> None:
        self.build = build
        self.describe = describe
        self._kind = kind

    @property
    def spec(self) -> ToolSpec:
        """The tool as a model is told of it."""
        return spec_of(self._kind())

    @property
    def access(self) -> Access:
        """What it does to the world."""
        return self._kind().access


class Toolbox:
    """A named, ordered set of tools; the order never changes, so that prompts stay cacheable."""

    def __init__(self, names: Iterable[str], more: Iterable[str], denied: Iterable[str] = ()) -> None:
        """`names` are in sight from the beginning, `more` once searched for; no other tool ever is."""
        self._of_plan: tuple[str, ...] = ()
        self._denied = frozenset(denied)
        self._known: dict[str, AnyTool] = {}
        self._later: dict[str, Later] = {}
        self._wanted: list[str] = []
        self._allowed: frozenset[str] = frozenset()
        self.become(names, more)

    def become(self, names: Iterable[str], more: Iterable[str], of_plan: Iterable[str] = ()) -> None:
        """Hold other tools from now on; what came into sight stays there where it still may.

        Those `of_plan` come into sight once the plan concerns the agent, or when searched for.
        """
        found = [name for name in self._wanted if self._there(name)]
        wanted, self._of_plan = list(names), tuple(of_plan)
        self._allowed = frozenset((*wanted, *more, *self._of_plan)) - self._denied
        self._known = {name: tool for name, tool in self._known.items() if name in self._allowed}
        self._later.clear()
        self._wanted = list(dict.fromkeys((*wanted, *(name for name in found if name in self._allowed))))

    def know(self, tool: AnyTool) -> None:
        """Add a tool, if it is one of this agent's."""
        if tool.name in self._allowed:
            self._known[tool.name] = tool

    def know_later(self, name: str, later: Later) -> None:
        """Add a tool that is made when it is first called, if it is one of this agent's."""
        if name in self._allowed and name not in self._known:
            self._later[name] = later

    @property
    def wanted(self) -> tuple[str, ...]:
        """The tools that ought to be in sight and may be."""
        return tuple(name for name in self._wanted if name in self._allowed)

    @property
    def names(self) -> tuple[str, ...]:
        """The tools in sight."""
        return tuple(name for name in self._wanted if self._there(name))

    def specs(self) -> tuple[ToolSpec, ...]:
        """The tools in sight, as a model is told of them."""
        return tuple((self._known.get(name) or self._later[name]).spec for name in self.names)

    def get(self, name: str) -> AnyTool | None:
        """The tool of that name, if it is in sight."""
        if name not in self._wanted:
            return None
        if (later := self._later.pop(name, None)) is not None:
            self._known[name] = later.build()
        return self._known.get(name)

    def search(self, query: str, limit: int = 5) -> list[ToolSpec]:
        """Tools not yet in sight that fit the words best; they come into sight."""
        words = sorted(set(re.findall(r"[a-z]+", query.lower())))
        texts = {name: tool.spec.description for name, tool in self._known.items()}
        texts |= {name: later.describe() for name, later in self._later.items()}
        texts = {name: f"{name.replace('_', ' ')} {told}".lower() for name, told in texts.items()}
        # a word that many tools have says little: `a`, `of`, `all`
        weights = {word: 1 / max(1, sum(word in text for text in texts.values())) for word in words}
        scored = []
        for name, text in texts.items():
            if name in self._wanted:
                continue
            score = sum((3 if word in name else 1) * weights[word] for word in words if word in text)
            if score:
                scored.append((-score, name))
        names = [name for _, name in sorted(scored)[:limit]]
        self.show(names)
        return [(self._known.get(name) or self._later[name]).spec for name in names]

    def show(self, names: Iterable[str]) -> None:
        """Bring tools into sight; names that are not this agent's are passed over."""
        self._wanted.extend(name for name in names if self._there(name) and name not in self._wanted)

    def show_plan(self) -> None:
        """Bring the tools for work by a plan into sight, for good."""
        self.show(self._of_plan)

    def _there(self, name: str) -> bool:
        return name in self._known or name in self._later

    def unknown(self, name: str) -> str:
        """What to tell a model that called a tool which is not in sight."""
        import difflib  # heavy: late on purpose

        if self._there(name) and "tool_search" in self.names:
            return f"`{name}` is not in sight yet. Look for it with tool_search, then call it again."
        words = sorted(name.lower().split("_"))
        turned = [known for known in self.names if sorted(known.split("_")) == words]
        close = turned or difflib.get_close_matches(name, self.names, 1, 0.5)
        near = f" Did you mean `{close[0]}`?" if close else ""
        return f"There is no tool `{name}`.{near} Your tools: {', '.join(self.names)}."
