"""Tells whether a command line can be trusted to mean what the parser says it means."""

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Node

LONGEST = 10_000
"""Characters; longer command lines are not judged."""

_STRANGE = re.compile(
    r"[^\S \t\n]|[\x00-\x08\x0e-\x1f\x7f]|[\ud800-\udfff]|[\u200b-\u200f\u202a-\u202e\u2060-\u2069]"
)
_CONTINUED = re.compile(r"(?<!(?<!\\)[ \t])\\\n")
_NOTHING = re.compile(rb"(?:[ \t\n]|\\\n)*")
_BEFORE_COMMENT = (b"", b" ", b"\t", b"\n", b";", b"&", b"|", b"(", b")")


def first_problem(source: str) -> str:
    """Say what in the text alone forbids judging it, or nothing."""
    if len(source) > LONGEST:
        return f"is longer than {LONGEST} characters"
    if _STRANGE.search(source):
        return "holds control characters or unusual spaces"
    return "has a line continuation inside a word" if _CONTINUED.search(source) else ""


def ascii_form(data: bytes) -> bytes:
    """The same bytes with a letter in place of each that is not ASCII; they stand in words only.

    The bash grammar 0.25.1 reads past the end of a table for some characters behind a brace and takes the
    process down (tree-sitter/tree-sitter-bash#337), so it never gets to see one.
    """
    return re.sub(rb"[\x80-\xff]", b"z", data)


def covers(root: "Node", data: bytes) -> bool:
    """Tell whether every byte that is not white space belongs to a leaf of the tree."""
    at, pending = 0, [root]
    while pending:
        node = pending.pop()
        if node.type == "comment" and data[node.start_byte - 1 : node.start_byte] not in _BEFORE_COMMENT:
            return False
        if node.type in ("string", "heredoc_body") or not node.child_count:
            if not _NOTHING.fullmatch(data[at : node.start_byte]):
                return False
            at = max(at, node.end_byte)
        else:
            pending.extend(reversed(node.children))
    return _NOTHING.fullmatch(data[at:]) is not None
