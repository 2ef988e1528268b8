"""What an edit asks for and what it answers."""

from enum import StrEnum
from pathlib import Path

from loomkin.project.sight import Others
from loomkin.records.dataclass import dataclass
from loomkin.records.region import LineChange

NOT_SHOWN = "..."
"""How a line of a diff begins that stands for lines which are left out."""


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace `old` by `new`, in one place or, with `replace_all`, in every place.

    With `whole_lines` the old text matches no part of a line.
    """

    old: str
    new: str
    replace_all: bool = False
    whole_lines: bool = False


@dataclass(frozen=True, slots=True)
class Target:
    """The file an agent means; `seen` is the hash it last saw of it, None when it never read it.

    `others` is what is known of the lines that others changed since.

    A relative `path` is taken from the first of `roots`, outside of which nothing is touched.
    """

    path: Path
    roots: tuple[Path, ...]
    seen: str | None = None
    others: Others | None = None


class Tier(StrEnum):
    """How the old text was found, from strict to tolerant; every tier must leave one place."""

    EXACT = "exact"
    NEWLINES = "line endings"
    TRAILING = "trailing white space"
    INDENT = "indentation"
    BLANK_ENDS = "blank line at an end"
    UNICODE = "Unicode punctuation"
    ESCAPES = "escapes"


class RefusedKind(StrEnum):
    """The ways in which an edit can be refused."""

    OUTSIDE = "outside"
    MISSING = "missing"
    NOT_A_FILE = "not_a_file"
    NOT_TEXT = "not_text"
    TOO_LARGE = "too_large"
    READ_ONLY = "read_only"
    BLANK_OLD = "blank_old"
    NOT_FOUND = "not_found"
    AMBIGUOUS = "ambiguous"
    STALE = "stale"
    UNREAD = "unread"
    PLACEHOLDER = "placeholder"
    REDACTED = "redacted"
    UNENCODABLE = "unencodable"
    EXISTS = "exists"
    MALFORMED = "malformed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Refused:
    """Nothing was changed; `message` is the whole text for the model, with what to do next."""

    kind: RefusedKind
    message: str


@dataclass(frozen=True, slots=True)
class Applied:
    """A change that was made, or that would be made when it was only planned.

    `diff` has at most 40 lines; `tier` says how the old text matched, empty for a whole file; `sha` is
    the new hash; `line_start` and `line_end` (1-based, inclusive) span the change in the new text;
    `before` and `after` are the file's texts with their own newlines, `line_changes` what makes
    one the other.
    """

    path: Path
    created: bool
    diff: str
    tier: str
    sha: str
    line_start: int
    line_end: int
    added: int
    removed: int
    notes: tuple[str, ...]
    before: str
    after: str
    line_changes: tuple[LineChange, ...] = ()
    sha_before: str = ""
