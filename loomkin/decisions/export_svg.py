"""The graph as a picture in SVG, in the reader's light or dark, without anything from elsewhere."""

from collections.abc import Iterator
from pathlib import Path

from loomkin.decisions.drafts import Graph
from loomkin.decisions.layout import HEAD, LINE, PAD, Box, Layout, Point, Wire, arranged
from loomkin.records.decision import EdgeType, Node, NodeKind, NodeStatus
from loomkin.records.regex import pattern

_NOT_IN_XML = pattern("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"})
_SIGNS = {NodeStatus.DONE: "✓", NodeStatus.SUPERSEDED: "superseded", NodeStatus.ABANDONED: "abandoned"}
_LEGEND = 26.0


def svg(graph: Graph) -> str:
    """The picture as a file of its own, its colours with it."""
    style = f"<style>{picture_style()}</style>"
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{picture(graph, style)}\n'


def picture(graph: Graph, style: str = "") -> str:
    """The picture as an element; every node is a group that names its id."""
    layout = arranged(graph)
    width, height = max(layout.width, 200.0), layout.height + _LEGEND
    became = weighed(graph)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="picture" width="{width:.0f}" height="{height:.0f}"'
        f' viewBox="0 0 {width:.0f} {height:.0f}" role="img" aria-label="Decision graph">',
        style,
        _MARKER,
        '<rect class="paper" width="100%" height="100%"/>' if style else "",
        *(_wire(wire, graph) for wire in layout.wires),
        *_labels(layout),
        *(_node(box, became.get(change, "")) for change, box in layout.boxes.items()),
        f'<text class="head" x="24" y="{height - 14:.0f}">{_legend(layout)}</text>',
        "</svg>",
    ]
    return "\n".join(part for part in parts if part)


def picture_style() -> str:
    """The picture's colours."""
    return Path(__file__).with_name("picture.css").read_text(encoding="utf-8")


def escaped(text: str) -> str:
    """The text as XML and HTML hold it, in elements and attributes."""
    return _NOT_IN_XML.sub("\N{REPLACEMENT CHARACTER}", text).translate(_ESCAPES)


def weighed(graph: Graph) -> dict[str, str]:
    """What became of every option: `chosen` where any decision in force took it, else `rejected`."""
    found: dict[str, str] = {}
    for edge in graph.edges:
        if edge.type is EdgeType.REJECTED:
            found.setdefault(edge.end, "rejected")
        elif edge.type is EdgeType.CHOSEN and graph.nodes[edge.start].status not in (
            NodeStatus.SUPERSEDED,
            NodeStatus.ABANDONED,
        ):
            found[edge.end] = "chosen"
    return found


def signs(node: Node, became: str = "") -> str:
    """What else counts of a node, in a few words."""
    sure = [f"{node.confidence} %"] if node.confidence is not None else []
    fate = {"chosen": ["✓ chosen"], "rejected": ["✗ rejected"]}.get(became, [])
    failed = ["✗ failed"] if node.wording.failed else []
    return " · ".join([*sure, *fate, *failed, *([_SIGNS[node.status]] if not node.active else [])])


def _node(box: Box, became: str) -> str:
    node = box.node
    classes = ["node", node.kind.value, node.status.value, became, "failed" if node.wording.failed else ""]
    about = f"{node.id} {node.kind}: {node.title}"
    if node.wording.description:
        about += f"\n{node.wording.description}"
    head = " · ".join(part for part in (f"{node.kind} {node.id}", signs(node, became)) if part)
    x, y = box.x + PAD + 2, box.y + HEAD + 12
    lines = [
        f'<text class="title" x="{x:.1f}" y="{y + number * LINE:.1f}">{escaped(line)}</text>'
        for number, line in enumerate(box.lines)
    ]
    return (
        f'<g class="{" ".join(one for one in classes if one)}" data-id="{escaped(node.id)}">'
        f"<title>{escaped(about)}</title>{_shape(box)}"
        f'<text class="head" x="{x:.1f}" y="{box.y + 15:.1f}">{escaped(head)}</text>'
        f"{''.join(lines)}</g>"
    )


def _shape(box: Box) -> str:
    """A form for every kind, so that colours are not needed to tell them apart."""
    left, top, right, bottom = box.x, box.y, box.x + box.width, box.y + box.height
    middle = (top + bottom) / 2
    forms: dict[NodeKind, list[Point]] = {
        NodeKind.ACTION: [
            (left, top), (right - 9, top), (right, middle), (right - 9, bottom), (left, bottom),
        ],
        NodeKind.OUTCOME: [
            (left + 9, top), (right - 9, top), (right, top + 9), (right, bottom - 9), (right - 9, bottom),
            (left + 9, bottom), (left, bottom - 9), (left, top + 9),
        ],
        NodeKind.OBSERVATION: [
            (left, top), (right - 14, top), (right, top + 14), (right, bottom), (left, bottom),
        ],
        NodeKind.REVISIT: [
            (left + 8, top), (right - 8, top), (right, middle), (right - 8, bottom), (left + 8, bottom),
            (left, middle),
        ],
    }  # fmt: skip
    if box.node.kind in forms:
        corners = " ".join(f"{x:.1f},{y:.1f}" for x, y in forms[box.node.kind])
        return f'<polygon class="shape" points="{corners}"/>'
    round_by = {NodeKind.GOAL: 16, NodeKind.OPTION: 12}.get(box.node.kind, 3)
    return (
        f'<rect class="shape" x="{left:.1f}" y="{top:.1f}" width="{box.width:.1f}" height="{box.height:.1f}"'
        f' rx="{round_by}"/>'
    )


def _wire(wire: Wire, graph: Graph) -> str:
    edge = wire.edge
    start, end = graph.nodes[edge.start], graph.nodes[edge.end]
    about = f"{start.id} {edge.type.replace('_', ' ')} {end.id}" + (f": {edge.reason}" if edge.reason else "")
    head = 'marker-start="url(#arrow)"' if wire.up else 'marker-end="url(#arrow)"'
    return (
        f'<path class="wire {edge.type}" data-from="{escaped(start.id)}" data-to="{escaped(end.id)}"'
        f' d="{_path(wire)}" {head}><title>{escaped(about)}</title></path>'
    )


def _path(wire: Wire) -> str:
    """Straight along a row, bent from one row to the next."""
    (x, y), *others = wire.points
    steps = [f"M{x:.1f} {y:.1f}"]
    for px, py in others:
        if wire.side or abs(px - x) < 0.5:
            steps.append(f"L{px:.1f} {py:.1f}")
        else:
            half = (y + py) / 2
            steps.append(f"C{x:.1f} {half:.1f} {px:.1f} {half:.1f} {px:.1f} {py:.1f}")
        x, y = px, py
    return "".join(steps)


def _labels(layout: Layout) -> Iterator[str]:
    """What an edge is, where that is not plain: along its last bend, where no other word is."""
    taken: list[Point] = []
    for wire in layout.wires:
        if wire.side or wire.edge.type is EdgeType.LEADS_TO:
            continue
        (x1, y1), (x2, y2) = wire.points[-2:]
        places = [(x1 + (x2 - x1) * _bend(part), y1 + (y2 - y1) * part) for part in (0.66, 0.42, 0.86, 0.2)]
        free = [place for place in places if not any(_near(place, other) for other in taken)]
        x, y = (free or places)[0]
        taken.append((x, y))
        yield f'<text class="said" x="{x:.1f}" y="{y:.1f}">{wire.edge.type.replace("_", " ")}</text>'


def _bend(part: float) -> float:
    """How far to the side a bend is, so far down."""
    return part * part * (3 - 2 * part)


def _near(one: Point, other: Point) -> bool:
    return abs(one[0] - other[0]) < 62 and abs(one[1] - other[1]) < 11


def _legend(layout: Layout) -> str:
    count = len(layout.boxes)
    return (
        f"{count} {'node' if count == 1 else 'nodes'}, {len(layout.wires)} edges · thick: goal ·"
        " struck and dashed: rejected · struck and grey: superseded or abandoned ·"
        " arrows without a word: leads to"
    )


_MARKER = (
    '<defs><marker id="arrow" viewBox="0 0 8 8" refX="7.5" refY="4" markerWidth="7" markerHeight="7"'
    ' markerUnits="userSpaceOnUse" orient="auto-start-reverse"><path class="arrow" d="M0 0.5L8 4L0 7.5z"/>'
    "</marker></defs>"
)
