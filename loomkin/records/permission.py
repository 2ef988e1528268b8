"""What a tool call wants to touch, and the answer it got."""

from enum import StrEnum

from loomkin.records.dataclass import dataclass, field


class Access(StrEnum):
    """What a tool does to the world; decides scheduling, modes and snapshots."""

    NONE = "none"
    READ = "read"
    WRITE = "write"
    EXECUTE = "execute"
    NETWORK = "network"


class Mode(StrEnum):
    """How much passes without a question."""

    ASK = "ask"
    EDITS = "edits"
    PLAN = "plan"
    AUTO = "auto"
    YOLO = "yolo"


class Decision(StrEnum):
    """The three answers."""

    ALLOW = "allow"
    ASK = "ask"
    DENY = "deny"


@dataclass(frozen=True, slots=True)
class ToolUse:
    """One call as the permission engine sees it.

    Paths are absolute or relative to `cwd`; `command` is set for shell calls, `url` for fetches.
    """

    tool: str
    access: Access
    cwd: str
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    command: str = ""
    url: str = ""
    arguments: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of policy, e.g. `shell(git diff *)`, with where it came from (`LOOMKIN.md:14`)."""

    decision: Decision
    text: str
    source: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer for one use, with the rule that decided and why.

    `offers` are the rule texts that a person may save when asked; empty where widening is unsafe.
    `built_in` says that no written rule, person or hook decided, but loomkin's own rules; `firm` that only
    an exact rule, the person or yolo mode may lift the question, never a hook.
    """

    decision: Decision
    reason: str
    rule: str = ""
    source: str = ""
    offers: tuple[str, ...] = ()
    built_in: bool = False
    firm: bool = False
