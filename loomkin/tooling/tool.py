"""A tool: a name, typed parameters, what it touches, and one asynchronous call."""

import sys
from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar

from loomkin.records.dataclass import dataclass, replace
from loomkin.records.ids import CallId, SessionId
from loomkin.records.message import ToolSpec
from loomkin.records.permission import Access, ToolUse
from loomkin.records.regex import pattern
from loomkin.records.region import LineChange, Region
from loomkin.tooling.schema import schema_of

P = TypeVar("P")
_PARAM_LINE = pattern(r"^- `?(\w+)`?: (.+)$")


@dataclass(frozen=True, slots=True)
class Call:
    """Who calls, from where."""

    id: CallId
    session: SessionId
    agent: str
    cwd: Path


@dataclass(frozen=True, slots=True)
class Change:
    """One file that a call changed; hashes are short, empty where there was or is no file.

    `line_changes` are the lines that changed, none where the whole file came, went or moved.
    """

    path: str
    before: str
    after: str
    added: int
    removed: int
    diff: str
    line_changes: tuple[LineChange, ...] = ()


@dataclass(frozen=True, slots=True)
class Ok:
    """A result for the model; `output_id` names the whole output where `text` is a part of it.

    One that `ends_turn` leaves an agent of a team nothing to do: where nobody waits for its last words and
    the calls beside it succeeded, the turn is over. One that `hands_over` work ends it too, with what the
    agent said beside it, where the other calls `go_along`; so do these alone where others work for the
    agent and it has no task in hand. What `must_be_read` keeps every turn going.
    """

    text: str
    changes: tuple[Change, ...] = ()
    output_id: str = ""
    ends_turn: bool = False
    hands_over: bool = False
    goes_along: bool = False
    must_be_read: bool = False

    def with_words(self, more: Sequence[str]) -> "Ok":
        """The same with words that the agent must hear."""
        return replace(self, text="\n".join([self.text, *more]), must_be_read=True)


@dataclass(frozen=True, slots=True)
class Fail:
    """A failure for the model: what went wrong, then what to do.

    `code` is the exit code of a command that failed by itself, `refusal` how an edit did not fit.
    """

    text: str
    output_id: str = ""
    code: int | None = None
    refusal: str = ""

    def with_words(self, more: Sequence[str]) -> "Fail":
        """The same with words that the agent must hear."""
        return replace(self, text="\n".join([self.text, *more]))


class Tool(ABC, Generic[P]):
    """Base of all tools.

    The description lives in a Markdown file of the tool's name beside its module: words first, then one
    line `- parameter: meaning` for each parameter that needs one. `limit` is seconds, None for no limit. One
    that runs `alone` ends before calls planned behind it begin, which may name what it made.
    """

    name: ClassVar[str]
    params_type: ClassVar[type]
    access: ClassVar[Access]
    aliases: ClassVar[dict[str, str]] = {}
    limit: ClassVar[float | None] = 120.0
    alone: ClassVar[bool] = False

    async def foresee(self, params: P, call: Call) -> Fail | None:
        """Find out what `use` must know before the call is permitted, or why there is nothing to permit."""
        return None

    @abstractmethod
    def use(self, params: P, call: Call) -> ToolUse:
        """What the call wants to touch."""

    @abstractmethod
    async def run(self, params: P, call: Call) -> Ok | Fail:
        """Do it; failures are returned, only cancellation is raised."""

    async def preview(self, params: P, call: Call) -> str:
        """What a person should see before allowing the call, e.g. a diff."""
        return ""

    async def regions(self, params: P, call: Call) -> tuple[Region, ...]:
        """The parts of files that the call would change, as they are now; asked for in a team only."""
        return ()

    @property
    def spec(self) -> ToolSpec:
        """The tool as a model is told of it."""
        return spec_of(type(self))


@cache
def spec_of(kind: type[Tool[Any]]) -> ToolSpec:
    """A kind of tool as a model is told of it; the same for all agents, so its file is read once."""
    file = Path(str(sys.modules[kind.__module__].__file__)).with_name(f"{kind.name}.md")
    description, docs = parse_description(file.read_text(encoding="utf-8"))
    return ToolSpec(kind.name, description, schema_of(kind.params_type, docs))


def parse_description(text: str) -> tuple[str, dict[str, str]]:
    """The words and the parameter lines of a description file."""
    docs: dict[str, str] = {}
    words = []
    for line in text.strip().splitlines():
        found = _PARAM_LINE.match(line)
        if found:
            docs[found[1]] = found[2]
        else:
            words.append(line)
    return "\n".join(words).strip(), docs
