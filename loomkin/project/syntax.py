"""Whether a source text parses, and if not, at which line it stops to."""

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

from loomkin.project.brackets import lone_bracket
from loomkin.project.grammars import LARGEST, grammar, language_of

if TYPE_CHECKING:
    from tree_sitter import Node


# what macros stand for is not in the file: a grammar calls much faulty that compiles
_UNSURE = ("c", "cpp")
# Kotlin's grammar wants line ends where Kotlin does not: of what it calls faulty only brackets are believed
_BRACKETS_ONLY = ("kotlin",)


def syntax_error(path: Path | str, text: str) -> tuple[int, str] | None:
    """The line (from 1) of the first syntax error and what is wrong there.

    None if the text parses, or if the language of `path` (told by its ending) is not known here.
    """
    if len(text) > LARGEST:
        return None
    ending = os.path.splitext(path)[1].lower()
    if ending == ".json":
        return _json_error(text)
    if ending == ".toml":
        return _toml_error(text)
    name = language_of(path)
    return _tree_error(name, text) if name and name not in _UNSURE else None


def _json_error(text: str) -> tuple[int, str] | None:
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        return error.lineno, error.msg
    except RecursionError:
        return None
    return None


def _toml_error(text: str) -> tuple[int, str] | None:
    try:
        import tomllib  # heavy: late on purpose

        tomllib.loads(text.replace("\r\n", "\n"))
    except tomllib.TOMLDecodeError as error:
        reason, _, where = str(error).partition(" (at ")
        number = "".join(character for character in where.partition(",")[0] if character.isdigit())
        return int(number) if number else text.count("\n") + 1, reason
    except RecursionError:
        return None
    return None


def _tree_error(name: str, text: str) -> tuple[int, str] | None:
    from tree_sitter import Parser  # heavy: late on purpose

    tree = Parser(grammar(name)).parse(text.encode("utf-8", "surrogatepass"))
    if not tree.root_node.has_error:
        return None
    if name in _BRACKETS_ONLY:
        return lone_bracket(text)
    node = _first_error(tree.root_node)
    line = node.start_point[0] + 1
    if node.is_missing:
        return line, f"{node.type!r} is missing"
    found = (node.text or b"").decode("utf-8", "replace").strip().partition("\n")[0][:40]
    return line, f"unexpected {found!r}" if found else "unexpected end"


def _first_error(node: "Node") -> "Node":
    """The first place that is wrong; whole statements before it, swept into an error, are passed over."""
    while True:
        if node.is_missing:
            return node
        if node.is_error:
            inner = next((child for child in node.children if not _is_whole(child)), None)
        else:
            inner = next((child for child in node.children if child.has_error or child.is_missing), None)
        if inner is None:
            return node
        if node.is_error and not inner.has_error:
            return inner
        node = inner


def _is_whole(node: "Node") -> bool:
    """Whether a node is a faultless piece that stands on lines of its own."""
    following = node.next_sibling
    alone = following is None or following.start_point[0] > node.end_point[0]
    return node.child_count > 1 and not node.has_error and alone
