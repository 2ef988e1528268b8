"""The definitions of a source text with the lines they span, by tree-sitter."""

from functools import cache
from typing import TYPE_CHECKING

from loomkin.codemap.languages import BEFORE, NAME_FIELDS, QUERIES, WRAPPERS
from loomkin.project.grammars import LARGEST, grammar, language_of
from loomkin.records.dataclass import dataclass

if TYPE_CHECKING:
    from tree_sitter import Node, Query


@dataclass(frozen=True, slots=True)
class Symbol:
    """A definition: its dotted name and its lines from 1, both ends included, with decorators.

    A `container` (a class, a namespace) is made of parts that are worked on one by one.
    """

    name: str
    first: int
    last: int
    container: bool


def symbols(path: str, text: str) -> tuple[Symbol, ...] | None:
    """All definitions of a text, from top to bottom; None where no grammar reads it or it is over 1 MB.

    What does not parse is passed over; the rest is found nevertheless.
    """
    name = language_of(path)
    if name is None or name not in QUERIES or len(text) > LARGEST:
        return None
    from tree_sitter import Parser, QueryCursor  # heavy: late on purpose

    tree = Parser(grammar(name)).parse(text.encode("utf-8", "surrogatepass"))
    captured = QueryCursor(_query(name)).captures(tree.root_node)
    found = [(node, kind == "container") for kind, nodes in captured.items() for node in nodes]
    found.sort(key=lambda pair: (pair[0].start_byte, -pair[0].end_byte))
    return tuple(_nested(found))


def symbol_at(known: tuple[Symbol, ...], first: int, last: int) -> Symbol | None:
    """The innermost definition around the lines; None where there is none or it is a container.

    `last` one less than `first` is the gap before the line `first`.
    """
    around = [one for one in known if _holds(one, first, last)]
    innermost = min(around, key=lambda one: one.last - one.first, default=None)
    return None if innermost is None or innermost.container else innermost


def symbol_named(known: tuple[Symbol, ...], name: str) -> Symbol | None:
    """The definition of a dotted name, or the only one whose name ends in it."""
    exact = next((one for one in known if one.name == name), None)
    if exact is not None:
        return exact
    ends = [one for one in known if one.name.endswith(f".{name}")]
    return ends[0] if len(ends) == 1 else None


def _holds(one: Symbol, first: int, last: int) -> bool:
    if last < first:
        return one.first < first <= one.last
    return one.first <= first and last <= one.last


@cache
def _query(name: str) -> "Query":
    from tree_sitter import Query  # heavy: late on purpose

    return Query(grammar(name), QUERIES[name])


def _nested(found: "list[tuple[Node, bool]]") -> list[Symbol]:
    """Symbols with the names of all that encloses them."""
    result: list[Symbol] = []
    open_ones: list[tuple[int, str]] = []
    for node, container in found:
        while open_ones and open_ones[-1][0] <= node.start_byte:
            open_ones.pop()
        own = _name(node)
        if not own:
            continue
        name = f"{open_ones[-1][1]}.{own}" if open_ones else own
        open_ones.append((node.end_byte, name))
        result.append(Symbol(name, *_lines(node), container))
    return result


def _name(node: "Node") -> str:
    field = next((one for each in NAME_FIELDS if (one := node.child_by_field_name(each))), None)
    while field is not None and field.type.endswith(("declarator", "generic_type")) and field.named_children:
        field = field.child_by_field_name("declarator") or field.named_children[0]
    own = _text(field).replace("::", ".")
    receiver = node.child_by_field_name("receiver")
    if receiver is None:
        return own
    # Go: the type that a method belongs to stands before its name
    kind = _first_of(receiver, "type_identifier")
    return f"{_text(kind)}.{own}" if kind else own


def _text(node: "Node | None") -> str:
    return (node.text or b"").decode("utf-8", "replace") if node is not None else ""


def _first_of(node: "Node", kind: str) -> "Node | None":
    waiting = [node]
    while waiting:
        one = waiting.pop()
        if one.type == kind:
            return one
        waiting.extend(reversed(one.named_children))
    return None


def _lines(node: "Node") -> tuple[int, int]:
    outer = node
    while (parent := outer.parent) is not None and parent.type in WRAPPERS:
        if sum(child.type == outer.type for child in parent.named_children) > 1:
            break
        outer = parent
    first = outer
    while (before := first.prev_named_sibling) is not None and before.type in BEFORE:
        first = before
    last = outer.end_point[0] + (1 if outer.end_point[1] else 0)
    return first.start_point[0] + 1, max(last, first.start_point[0] + 1)
