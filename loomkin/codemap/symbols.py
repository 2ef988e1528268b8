"""The definitions of a source text with the lines they span, by tree-sitter."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from operator import itemgetter
from typing import TYPE_CHECKING

from loomkin.codemap.languages import BEFORE, NAME_FIELDS, QUERIES, WRAPPERS
from loomkin.project.grammars import LARGEST, grammar, language_of
from loomkin.records.dataclass import dataclass

if TYPE_CHECKING:
    from tree_sitter import Node, Query

KINDS = ("leaf", "container", "more")
_AROUND = ("declarator", "generic_type", "variable_list", "variable_declaration")
_LEADING = ("const_element", "property_declaration", "assignment_statement")


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
    return tuple(Symbol(own, *_lines(node), container) for node, own, container, _ in nested(captured))


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


def nested(captured: "Mapping[str, Sequence[Node]]") -> "Iterator[tuple[Node, str, bool, int]]":
    """Definitions from top to bottom: the node, its dotted name, whether it is a container, and how deep."""
    found = [
        (node.start_byte, -node.end_byte, kind == "container", node)
        for kind, nodes in captured.items()
        if kind in KINDS
        for node in nodes
    ]
    found.sort(key=itemgetter(0, 1))
    open_ones: list[tuple[int, str]] = []
    for start, end, container, node in found:
        while open_ones and open_ones[-1][0] <= start:
            open_ones.pop()
        own = _name(node)
        if not own:
            continue
        name = f"{open_ones[-1][1]}.{own}" if open_ones else own
        depth = len(open_ones)
        open_ones.append((-end, name))
        yield node, name, container, depth


def _name(node: "Node") -> str:
    field = next((one for each in NAME_FIELDS if (one := node.child_by_field_name(each))), None)
    if field is None:
        field = _unnamed(node)
    while field is not None and field.named_children and field.type.endswith(_AROUND):
        field = field.child_by_field_name("declarator") or field.named_children[0]
    own = _text(field).replace("::", ".")
    receiver = node.child_by_field_name("receiver") if node.type == "method_declaration" else None
    if receiver is None:
        return own
    # Go: the type that a method belongs to stands before its name
    kind = _first_of(receiver, "type_identifier")
    return f"{_text(kind)}.{own}" if kind else own


def _unnamed(node: "Node") -> "Node | None":
    """The name of a definition that its grammar has no field for."""
    if node.type != "call":
        return node.named_children[0] if node.named_children and node.type in _LEADING else None
    # Elixir: a definition is a call, and what it defines the first argument
    field = next((one for one in node.named_children if one.type == "arguments"), None)
    field = field.named_children[0] if field is not None and field.named_children else None
    while field is not None and field.type in ("binary_operator", "call"):
        field = field.child_by_field_name("target" if field.type == "call" else "left")
    return field


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
