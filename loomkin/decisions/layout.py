"""Where every node and edge of a picture goes: goals on top, what came of them below, options beside."""

from collections.abc import Iterable, Sequence
from math import sqrt

from loomkin.decisions.drafts import Graph
from loomkin.decisions.layers import Arrow, Item, in_rows, links
from loomkin.decisions.measure import wrapped
from loomkin.records.dataclass import dataclass
from loomkin.records.decision import DecisionEdge, EdgeType, Node, NodeKind

Point = tuple[float, float]
WIDTH, SIZE, LINE, HEAD, PAD = 208.0, 13.0, 17.0, 20.0, 10.0
MOST_LINES = 4
INDENT, UNDER = 30.0, 10.0
GAP, ROW_GAP, LANE, BETWEEN, MARGIN = 24.0, 54.0, 14.0, 56.0, 24.0
WEIGHING = (EdgeType.CHOSEN, EdgeType.REJECTED)


@dataclass(frozen=True, slots=True)
class Box:
    """A node in the picture; `lines` are its title."""

    node: Node
    x: float
    y: float
    width: float
    height: float
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Wire:
    """An edge in the picture, from top to bottom; `up` where it points up; `side` for an option's elbow."""

    edge: DecisionEdge
    points: tuple[Point, ...]
    up: bool
    side: bool = False


@dataclass(frozen=True, slots=True)
class Layout:
    """The whole picture, by change id where it is about nodes."""

    boxes: dict[str, Box]
    wires: tuple[Wire, ...]
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class _Group:
    """A node with the options that nothing but it has to do with, which hang below it."""

    node: Node
    options: tuple[tuple[DecisionEdge, Node], ...]

    @property
    def height(self) -> float:
        """With all its options."""
        hanging = sum(UNDER + _height(option, WIDTH - INDENT) for _, option in self.options)
        return _height(self.node, WIDTH) + hanging


def arranged(graph: Graph) -> Layout:
    """The picture of a graph; the same graph gives the same picture."""
    edges = [edge for edge in graph.edges if edge.start in graph.nodes and edge.end in graph.nodes]
    parts = [_component(part, edges) for part in _components(graph, edges)]
    goal_width = max([1100.0, *(one.width for one in parts), sqrt(sum(_area(one) for one in parts) * 2.2)])
    boxes: dict[str, Box] = {}
    wires: list[Wire] = []
    x = y = MARGIN
    shelf = right = 0.0
    for part in parts:
        if x > MARGIN and x + part.width > goal_width + MARGIN:
            x, y, shelf = MARGIN, y + shelf + BETWEEN, 0.0
        boxes.update({change: _box_moved(box, x, y) for change, box in part.boxes.items()})
        wires += [_wire_moved(wire, x, y) for wire in part.wires]
        right, shelf = max(right, x + part.width), max(shelf, part.height)
        x += part.width + BETWEEN
    return Layout(boxes, tuple(wires), right + MARGIN, y + shelf + MARGIN)


def _components(graph: Graph, edges: Sequence[DecisionEdge]) -> list[list[Node]]:
    """The parts that nothing joins, the one of the oldest node first; single nodes last."""
    near: dict[str, list[str]] = {change: [] for change in graph.nodes}
    for edge in edges:
        near[edge.start].append(edge.end)
        near[edge.end].append(edge.start)
    seen: set[str] = set()
    found = []
    for change in graph.nodes:
        if change in seen:
            continue
        part = [change]
        seen.add(change)
        for one in part:
            part += (more := [other for other in dict.fromkeys(near[one]) if other not in seen])
            seen.update(more)
        inside = set(part)
        found.append([node for change, node in graph.nodes.items() if change in inside])
    return sorted(found, key=lambda part: len(part) == 1)


def _component(nodes: Sequence[Node], edges: Iterable[DecisionEdge]) -> Layout:
    inside = {node.change_id for node in nodes}
    groups, rest = _grouped(nodes, [edge for edge in edges if edge.start in inside])
    index = {group.node.change_id: number for number, group in enumerate(groups)}
    arrows = [_arrow(edge, index) for edge in rest]
    goals = sum(group.node.kind is NodeKind.GOAL for group in groups)
    found = in_rows(len(groups), arrows, max(6, int(1.3 * sqrt(len(groups)))), goals or 1)
    middles = _middles(found.rows, links(found.ways))
    tops, bottoms = _heights(found.rows, groups)
    boxes: dict[str, Box] = {}
    wires: list[Wire] = []
    for number, row in enumerate(found.rows):
        for item in row:
            if item[1] < 0:
                _hang(groups[item[0]], middles[item] - WIDTH / 2, tops[number], boxes, wires)
    placed = {item: number for number, row in enumerate(found.rows) for item in row}
    ports = _ports(found.ways, middles)
    for edge, way, arrow in zip(rest, found.ways, arrows, strict=True):
        group = groups[way[0][0]]
        leave = boxes[group.node.change_id]
        x = leave.x + 9 if group.options else middles[way[0]]
        points = [(x, leave.y + leave.height), (x, bottoms[placed[way[0]]])]
        for item in way[1:-1]:
            points += [(middles[item], tops[placed[item]]), (middles[item], bottoms[placed[item]])]
        last = way[-1]
        points.append((middles[last] + ports[(way[-2], last)], tops[placed[last]]))
        wires.append(Wire(edge, tuple(points), way[0][0] != arrow.start or _backward(edge)))
    width = max(box.x + box.width for box in boxes.values())
    return Layout(
        boxes, tuple(wires), max([width, *(x for one in wires for x, _ in one.points)]), bottoms[-1]
    )


def _grouped(nodes: Sequence[Node], edges: Sequence[DecisionEdge]) -> tuple[list[_Group], list[DecisionEdge]]:
    """The nodes with the options that hang on them alone, goals first; and the edges that remain."""
    touching: dict[str, list[DecisionEdge]] = {}
    for edge in edges:
        for end in (edge.start, edge.end):
            touching.setdefault(end, []).append(edge)
    by_change = {node.change_id: node for node in nodes}
    hanging: dict[str, list[tuple[DecisionEdge, Node]]] = {}
    for node in nodes:
        mine = touching.get(node.change_id, [])
        if node.kind is NodeKind.OPTION and len(mine) == 1:
            edge = mine[0]
            if edge.type in WEIGHING and edge.end == node.change_id:
                hanging.setdefault(edge.start, []).append((edge, node))
    hung = {edge.end for options in hanging.values() for edge, _ in options}
    free = sorted(
        (node for change, node in by_change.items() if change not in hung),
        key=lambda node: node.kind is not NodeKind.GOAL,
    )
    groups = [
        _Group(
            node,
            tuple(
                sorted(hanging.get(node.change_id, ()), key=lambda one: one[0].type is not EdgeType.CHOSEN)
            ),
        )
        for node in free
    ]
    return groups, [edge for edge in edges if edge.start not in hung and edge.end not in hung]


def _arrow(edge: DecisionEdge, index: dict[str, int]) -> Arrow:
    upper, lower = edge.order or (edge.start, edge.end)
    return Arrow(index[upper], index[lower], edge.order is None)


def _backward(edge: DecisionEdge) -> bool:
    return edge.order is not None and edge.order[0] == edge.end


def _middles(rows: Sequence[Sequence[Item]], steps: Iterable[tuple[Item, Item]]) -> dict[Item, float]:
    """The middle of every item: near what it is linked to, in its order, none on another."""
    up: dict[Item, list[Item]] = {}
    down: dict[Item, list[Item]] = {}
    for upper, lower in steps:
        up.setdefault(lower, []).append(upper)
        down.setdefault(upper, []).append(lower)
    middles: dict[Item, float] = {}
    for row in rows:
        middles.update(zip(row, _offsets(row), strict=True))
    for sweep in range(24):
        near = up if sweep % 2 == 0 else down
        for row in rows if sweep % 2 == 0 else reversed(rows):
            wanted = [_mean([middles[one] for one in near.get(item, ())], middles[item]) for item in row]
            middles.update(zip(row, _apart(wanted, _offsets(row)), strict=True))
    left = min((middles[item] - _wide(item) / 2 for row in rows for item in row), default=0.0)
    return {item: middle - left for item, middle in middles.items()}


def _offsets(row: Sequence[Item]) -> list[float]:
    """Where the middles are when all stand as close as they may."""
    found: list[float] = []
    x = 0.0
    for item in row:
        found.append(x + _wide(item) / 2)
        x += _wide(item) + (GAP if item[1] < 0 else LANE / 2)
    return found


def _apart(wanted: Sequence[float], offsets: Sequence[float]) -> list[float]:
    """The middles nearest to what is wanted that keep the order and the distances."""
    blocks: list[tuple[float, int]] = []
    for one, offset in zip(wanted, offsets, strict=True):
        total, count = one - offset, 1
        while blocks and blocks[-1][0] / blocks[-1][1] >= total / count:
            before = blocks.pop()
            total, count = total + before[0], count + before[1]
        blocks.append((total, count))
    means = [total / count for total, count in blocks for _ in range(count)]
    return [mean + offset for mean, offset in zip(means, offsets, strict=True)]


def _heights(rows: Sequence[Sequence[Item]], groups: Sequence[_Group]) -> tuple[list[float], list[float]]:
    tops, bottoms = [], []
    y = 0.0
    for row in rows:
        tops.append(y)
        y += max((groups[item[0]].height for item in row if item[1] < 0), default=LINE)
        bottoms.append(y)
        y += ROW_GAP
    return tops, bottoms


def _ports(ways: Sequence[Sequence[Item]], middles: dict[Item, float]) -> dict[tuple[Item, Item], float]:
    """How far from the middle of a node each edge comes to it from above."""
    coming: dict[Item, list[Item]] = {}
    for way in ways:
        if way[-2] not in coming.setdefault(way[-1], []):
            coming[way[-1]].append(way[-2])
    found = {}
    for item, sources in coming.items():
        step = min(18.0, (WIDTH - 40) / len(sources))
        for number, source in enumerate(sorted(sources, key=lambda one: middles[one])):
            found[source, item] = (number - (len(sources) - 1) / 2) * step
    return found


def _hang(group: _Group, x: float, y: float, boxes: dict[str, Box], wires: list[Wire]) -> None:
    """Put a node at its place, and its options below it."""
    boxes[group.node.change_id] = top = _box(group.node, x, y, WIDTH)
    y += top.height
    for edge, option in group.options:
        y += UNDER
        boxes[option.change_id] = box = _box(option, x + INDENT, y, WIDTH - INDENT)
        corner, middle = x + INDENT / 2 + 3, y + box.height / 2
        points = ((corner, top.y + top.height), (corner, middle), (x + INDENT, middle))
        wires.append(Wire(edge, points, up=False, side=True))
        y += box.height


def _box(node: Node, x: float, y: float, width: float) -> Box:
    return Box(node, x, y, width, _height(node, width), _title(node, width))


def _title(node: Node, width: float) -> tuple[str, ...]:
    return tuple(wrapped(node.title, SIZE, width - 2 * PAD - 4, MOST_LINES))


def _height(node: Node, width: float) -> float:
    return HEAD + LINE * len(_title(node, width)) + PAD


def _wide(item: Item) -> float:
    return WIDTH if item[1] < 0 else LANE


def _mean(found: Sequence[float], default: float) -> float:
    return sum(found) / len(found) if found else default


def _area(part: Layout) -> float:
    return (part.width + BETWEEN) * (part.height + BETWEEN)


def _box_moved(box: Box, x: float, y: float) -> Box:
    return Box(box.node, box.x + x, box.y + y, box.width, box.height, box.lines)


def _wire_moved(wire: Wire, x: float, y: float) -> Wire:
    return Wire(wire.edge, tuple((px + x, py + y) for px, py in wire.points), wire.up, wire.side)
