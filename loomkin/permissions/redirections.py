"""Reads what the shell opens for a command: redirections, here-documents, here-strings."""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from loomkin.permissions.simple import Redirection, Word
from loomkin.permissions.words import WordReader

if TYPE_CHECKING:
    from tree_sitter import Node


class RedirectionReader:
    """Reads redirection nodes; hands commands that stand behind a here-document back to the walk."""

    def __init__(
        self,
        words: WordReader,
        visit: Callable[["Node"], None],
        pipeline: Callable[["Node", bool], None],
        fail: Callable[[str], None],
    ) -> None:
        self._words = words
        self._visit = visit
        self._pipeline = pipeline
        self._fail = fail

    def read(self, node: "Node", found: list[Redirection], extra: list[Word]) -> None:
        if node.type == "file_redirect":
            redirection, more = self.file(node)
            found.extend(redirection)
            extra.extend(more)
        elif node.type == "herestring_redirect":
            self._words.read(node.named_children[-1])
        elif node.type == "heredoc_redirect":
            self._heredoc(node, found, extra)
        else:
            self._fail(f"has a redirection that is not understood ({node.type})")

    def file(self, node: "Node") -> tuple[list[Redirection], list[Word]]:
        operator = next(child.type for child in node.children if not child.is_named)
        targets = [self._words.read(child) for child in node.children_by_field_name("destination")]
        if not targets:
            return [], []
        if operator in (">&", "<&") and re.fullmatch(r"\d+-?|-", targets[0].source):
            return [], targets[1:]
        reads = operator in ("<", "<&", "<>")
        return [Redirection(targets[0], operator != "<" and operator != "<&", reads)], targets[1:]

    def _heredoc(self, node: "Node", found: list[Redirection], extra: list[Word]) -> None:
        start = next(child for child in node.children if child.type == "heredoc_start")
        if not self._words.text(start).isascii():
            self._fail("has a here-document whose end is not plain")
        bare = re.fullmatch(r"[\w.-]+", self._words.text(start)) is not None
        for at, child in enumerate(node.children):
            field = node.field_name_for_child(at)
            if child.type == "heredoc_body":
                if bare:
                    self._body(child)
            elif child.type.endswith("_redirect"):
                self.read(child, found, extra)
            elif field == "argument":
                extra.append(self._words.read(child))
            elif child.type == "pipeline":
                self._pipeline(child, False)
            elif field == "right":
                self._visit(child)

    def _body(self, node: "Node") -> None:
        text = self._words.text(node)
        opened = len(re.findall(r"(?<!\\)\$\(", text))
        if re.search(r"(?<!\\)`", text) or opened != _count(node, 0):
            self._fail("has a here-document whose substitutions are not understood")
        self._words.inside(node)


def _count(node: "Node", depth: int) -> int:
    if depth > 60:
        return -1_000_000
    own = node.type in ("command_substitution", "arithmetic_expansion")
    return own + sum(_count(child, depth + 1) for child in node.children)
