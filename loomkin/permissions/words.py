"""Reads one word of a shell command out of the syntax tree and resolves its quotes."""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from loomkin.permissions.simple import Word, names
from loomkin.records.regex import pattern

if TYPE_CHECKING:
    from tree_sitter import Node

_SUBSTITUTIONS = names("command_substitution process_substitution")
_SAFE_OPERATORS = names(":- - :+ + # ## % %% / // ^^ ,, :? ?")
_TEXTS = names(
    "word number variable_name test_operator regex extglob_pattern file_descriptor special_variable_name"
)
_HIDDEN = pattern(r"(?<!\\)(?:\\\\)*(?:`|\$[({$\w@#?!*-])")
_ARITHMETIC = names(
    "arithmetic_expansion number binary_expression unary_expression parenthesized_expression "
    "ternary_expression"
)
_ANSI = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", "'": "'", '"': '"', "a": "\a", "b": "\b", "e": "\x1b"}


class WordReader:
    """Resolves words; hands substitutions to `visit`, doubtful evaluation to `evaluate`, faults to `fail`."""

    def __init__(
        self,
        source: bytes,
        home: str,
        visit: Callable[["Node"], None],
        evaluate: Callable[["Node"], None],
        fail: Callable[[str], None],
    ) -> None:
        self._source = source
        self._home = home
        self._visit = visit
        self._evaluate = evaluate
        self._fail = fail

    def text(self, node: "Node") -> str:
        """The node as typed."""
        return self.slice(node.start_byte, node.end_byte)

    def slice(self, start: int, end: int) -> str:
        """The bytes between two offsets, as text."""
        return self._source[start:end].decode(errors="replace")

    def read(self, node: "Node") -> Word:
        """Resolve a word; everything it would run on the way has been visited afterwards."""
        chunks: list[tuple[str, str, bool]] = []
        self._chunks(node, chunks)
        source = self.text(node)
        text = "".join(chunk[0] for chunk in chunks)
        pattern = "".join(chunk[1] for chunk in chunks)
        dynamic = any(chunk[2] for chunk in chunks)
        tilde = re.match(r"((?:[A-Za-z_]\w*\+?=)?)~(.?)", source)
        if tilde is not None and not dynamic:
            before = len(tilde[1])
            dynamic = tilde[2] not in ("", "/") or ":~" in source
            text = text[:before] + self._home + text[before + 1 :]
            pattern = pattern[:before] + _escape(self._home) + pattern[before + 1 :]
        elif re.match(r"[A-Za-z_]\w*\+?=.*:~", source, re.S):
            dynamic = True
        expands = bool(
            re.search(r"(?<!\[)[*?]|\[(?![*?[{]\])[^\]]*\]|(?<!\[)\{.*(?:,|\.\.).*\}", pattern, re.S)
        )
        return Word(text, source, dynamic, pattern if expands else "", node.end_byte)

    def inside(self, node: "Node", depth: int = 0) -> None:
        """Visit every substitution below a node whose own text does not matter."""
        if depth > 60:
            self._fail("is nested too deeply")
        elif node.type in _SUBSTITUTIONS:
            self._visit(node)
        elif node.type == "expansion":
            self._expansion(node)
        else:
            for child in node.children:
                self.inside(child, depth + 1)

    def _chunks(self, node: "Node", chunks: list[tuple[str, str, bool]]) -> None:
        kind = node.type
        source = self.text(node)
        if kind in _TEXTS:
            self._plain(source, chunks)
        elif kind == "raw_string":
            chunks.append((source[1:-1], _escape(source[1:-1]), False))
        elif kind == "ansi_c_string":
            self._ansi(source[2:-1], chunks)
        elif kind == "string":
            self._string(node, chunks)
        elif kind == "translated_string":
            self._string(node.children[-1], chunks)
        elif kind == "concatenation":
            self._joined(node, chunks)
        elif kind == "brace_expression":
            chunks.append((source, source, False))
        elif kind in ("simple_expansion", "expansion") and source in ("$HOME", "${HOME}"):
            chunks.append((self._home, _escape(self._home), False))
        elif kind == "simple_expansion":
            chunks.append((source, "", True))
        elif kind == "expansion":
            self._expansion(node)
            chunks.append((source, "", True))
        elif kind == "arithmetic_expansion":
            self._arithmetic(node)
            chunks.append((source, "", True))
        elif kind in _SUBSTITUTIONS:
            self._visit(node)
            chunks.append((source, "", True))
        elif not node.is_named:
            self._plain(source, chunks)
        else:
            self._fail(f"has a word that is not understood ({kind})")

    def _joined(self, node: "Node", chunks: list[tuple[str, str, bool]]) -> None:
        at = node.start_byte
        for child in node.children:
            if child.start_byte != at or (chunks and self._source[at - 1 : at] == b"$"):
                self._fail("has a word that the parser took apart")
            self._chunks(child, chunks)
            at = child.end_byte

    def _plain(self, source: str, chunks: list[tuple[str, str, bool]]) -> None:
        if _HIDDEN.search(source) or re.search(r"(?<!\\)['\"\s]", source):
            self._fail("hides an expansion in a word")
        text, pattern, at = "", "", 0
        while at < len(source):
            if source[at] == "\\" and at + 1 < len(source):
                at += 1
                text += source[at]
                pattern += _escape(source[at])
            else:
                text += source[at]
                pattern += source[at]
            at += 1
        chunks.append((text, pattern, False))

    def _string(self, node: "Node", chunks: list[tuple[str, str, bool]]) -> None:
        at = node.start_byte + 1
        for child in node.children[1:-1]:
            if child.type == "string_content" or not child.is_named:
                continue
            self._literal(self.slice(at, child.start_byte), chunks)
            self._chunks(child, chunks)
            at = child.end_byte
        self._literal(self.slice(at, node.end_byte - 1), chunks)

    def _literal(self, source: str, chunks: list[tuple[str, str, bool]]) -> None:
        if _HIDDEN.search(source):
            self._fail("hides an expansion in a string")
        text = re.sub(r'\\([$`"\\\n])', lambda match: "" if match[1] == "\n" else match[1], source)
        chunks.append((text, _escape(text), False))

    def _ansi(self, source: str, chunks: list[tuple[str, str, bool]]) -> None:
        text = re.sub(r"\\(.)", lambda match: _ANSI.get(match[1], match[0]), source, flags=re.S)
        known = all(match in _ANSI for match in re.findall(r"\\(.)", source, flags=re.S))
        chunks.append((text, _escape(text), not known))

    def _expansion(self, node: "Node") -> None:
        for child in node.children[1:-1]:
            plain = child.type in (
                "variable_name",
                "special_variable_name",
                "word",
                "regex",
                "number",
                "raw_string",
            )
            if not child.is_named:
                if self.text(child) not in _SAFE_OPERATORS:
                    self._evaluate(node)
            elif child.type == "subscript":
                if not re.fullmatch(r"\w+\[(?:\d+|@|\*)\]", self.text(child)):
                    self._evaluate(node)
            elif plain and child.type != "raw_string" and _HIDDEN.search(self.text(child)):
                self._fail("hides an expansion in an expansion")
            self.inside(child)

    def _arithmetic(self, node: "Node") -> None:
        self.inside(node)
        if not _only(node, _ARITHMETIC, 0):
            self._evaluate(node)


def _only(node: "Node", kinds: frozenset[str], depth: int) -> bool:
    if depth > 60:
        return False
    named = [child for child in node.children if child.is_named]
    return node.type in kinds and all(_only(child, kinds, depth + 1) for child in named)


def _escape(text: str) -> str:
    return re.sub(r"([*?[{])", r"[\1]", text)
