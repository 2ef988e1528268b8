"""Tells whether a command line can be trusted to mean what the parser says it means."""

import re
from typing import TYPE_CHECKING

from loomkin.records.regex import pattern

if TYPE_CHECKING:
    from tree_sitter import Node

LONGEST = 10_000
"""Characters; longer command lines are not judged."""

_STRANGE = pattern(
    r"[^\S \t\n]|[\x00-\x08\x0e-\x1f\x7f]|[\ud800-\udfff]|[\u200b-\u200f\u202a-\u202e\u2060-\u2069]"
)
_CONTINUED = pattern(r"(?<!(?<!\\)[ \t])\\\n")
_NOTHING = pattern(rb"(?:[ \t\n]|\\\n)*")
_LOST_DASH = pattern(rb"(?<=[ \t])-(?=[ \t]*(?:<<|[0-9]*[<>]&))")
_LOOSE = ("string", "heredoc_body")
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
    process down (tree-sitter/tree-sitter-bash#337), so it never gets to see one. A dash that is a word of its
    own, as in `python - <<E`, it leaves out before a here-document or a copied descriptor: a letter, too.
    """
    return _LOST_DASH.sub(b"z", re.sub(rb"[\x80-\xff]", b"z", data))


def covers(root: "Node", data: bytes) -> bool:
    """Tell whether every byte that is not white space belongs to a leaf that says what it is.

    The parser leaves text out, and takes words for parts of operators, in rare cases.
    """
    at = 0
    pending: list[tuple[Node, bool, bool]] = [(root, False, False)]
    while pending:
        node, loose, ended = pending.pop()
        if ended:
            at = max(at, node.end_byte)
            continue
        if not loose and not _NOTHING.fullmatch(data[at : node.start_byte]):
            return False
        if not node.child_count and not _is_itself(node, data):
            return False
        at = max(at, node.start_byte)
        pending.append((node, False, True))
        loose = node.type in _LOOSE
        pending.extend((child, loose, False) for child in reversed(node.children))
    return _NOTHING.fullmatch(data[at:]) is not None


def _is_itself(node: "Node", data: bytes) -> bool:
    if node.type == "comment":
        return data[max(0, node.start_byte - 1) : node.start_byte] in _BEFORE_COMMENT
    return (
        node.is_named
        or data[node.start_byte : node.end_byte].strip().decode(errors="replace") == node.type.strip()
    )
