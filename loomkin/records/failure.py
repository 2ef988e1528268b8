"""What failed and what mended it, so that nobody has to find it out twice."""

from enum import StrEnum

from loomkin.records.dataclass import dataclass


class FailureKind(StrEnum):
    """What kind of thing failed.

    A `command` could not do its work at all (something is missing, misspelt, forbidden), an `edit` did not
    fit its file, `other` is a failure whose cause the words do not tell.
    """

    COMMAND = "command"
    EDIT = "edit"
    OTHER = "other"


class Showing(StrEnum):
    """When an agent was told of an earlier failure."""

    BEFORE = "before"
    RESULT = "result"
    PROMPT = "prompt"


@dataclass(frozen=True, slots=True)
class Failure:
    """One failure: by what it is known again, what complained, what was tried.

    `command` is the normalised command line with its folder, empty for edits; `code` the exit code.
    """

    signature: str
    kind: FailureKind
    tool: str
    error: str
    path: str
    tried: str
    command: str
    call_id: str
    code: int | None = None


@dataclass(frozen=True, slots=True)
class Fix:
    """What ended a failure: `steps` that changed something, then `how`, empty for the same thing again.

    `key` is how the same fix is known again.
    """

    signature: str
    steps: tuple[str, ...]
    how: str
    key: str
    call_id: str


@dataclass(frozen=True, slots=True)
class Lesson:
    """All that is known of one signature; `fix` is the newest that was not found useless since.

    `tried` and `command` are of the newest failure; times are seconds since the epoch.
    """

    failure: Failure
    seen: int
    fixed: int
    first: float
    last: float
    agents: tuple[str, ...]
    fix: Fix | None = None
    fixed_at: float = 0.0
    worked: int = 0
