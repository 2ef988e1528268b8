"""The graph as JSON, as Graphviz's dot and as a Mermaid flowchart; nothing in a title can break out."""

import json

from loomkin.decisions.drafts import Graph
from loomkin.decisions.export_svg import signs, weighed
from loomkin.decisions.plain import plain_graph
from loomkin.records.decision import DecisionEdge, EdgeType, Node, NodeKind, NodeStatus
from loomkin.records.regex import pattern

_CONTROL = pattern("[\x00-\x1f\x7f-\x9f\ud800-\udfff\u2028\u2029\ufffe\uffff]+")
_SAFE = frozenset(" .,:-_/()+=!?*'$^~@")
_GONE = (NodeStatus.SUPERSEDED, NodeStatus.ABANDONED)
_DOT_SHAPES = {
    NodeKind.GOAL: ("box", "#dbe7ff"),
    NodeKind.DECISION: ("box", "#e4f5e6"),
    NodeKind.OPTION: ("ellipse", "#fdf3d3"),
    NodeKind.ACTION: ("cds", "#ece6fb"),
    NodeKind.OUTCOME: ("octagon", "#d9f2f0"),
    NodeKind.OBSERVATION: ("note", "#f1f1ee"),
    NodeKind.REVISIT: ("hexagon", "#ffe6d6"),
}
_MERMAID_SHAPES = {
    NodeKind.GOAL: ("([", "])"),
    NodeKind.DECISION: ("[", "]"),
    NodeKind.OPTION: ("(", ")"),
    NodeKind.ACTION: (">", "]"),
    NodeKind.OUTCOME: ("[[", "]]"),
    NodeKind.OBSERVATION: ("[/", "/]"),
    NodeKind.REVISIT: ("{{", "}}"),
}


def as_json(graph: Graph) -> str:
    """Nodes and edges as one object."""
    return json.dumps(plain_graph(graph.nodes, graph.edges), ensure_ascii=False, indent=2) + "\n"


def dot(graph: Graph) -> str:
    """The graph for `dot -Tsvg`."""
    became = weighed(graph)
    lines = ["digraph decisions {", '  node [fontname="sans-serif", fontsize=11, style="filled"];',
             '  edge [fontname="sans-serif", fontsize=9];']  # fmt: skip
    lines += [_dot_node(node, became.get(change, "")) for change, node in graph.nodes.items()]
    lines += [_dot_edge(edge, graph) for edge in graph.edges]
    return "\n".join([*lines, "}"]) + "\n"


def mermaid(graph: Graph) -> str:
    """The graph as a flowchart, for Markdown that draws them."""
    became = weighed(graph)
    lines = ["flowchart TD"]
    for change, node in graph.nodes.items():
        left, right = _MERMAID_SHAPES[node.kind]
        lines.append(f'  {node.id}{left}"{_mermaid_text(_label(node, became.get(change, "")))}"{right}')
    for edge in graph.edges:
        start, end = graph.nodes[edge.start].id, graph.nodes[edge.end].id
        arrow = "-->" if edge.type is EdgeType.LEADS_TO else _mermaid_arrow(edge)
        lines.append(f"  {start} {arrow} {end}")
    lines += [f"  classDef {name} {style}" for name, style in _MERMAID_STYLES.items()]
    for name in _MERMAID_STYLES:
        named = [node.id for change, node in graph.nodes.items() if _style(node, became.get(change)) == name]
        if named:
            lines.append(f"  class {','.join(named)} {name}")
    return "\n".join(lines) + "\n"


def _style(node: Node, became: str | None) -> str:
    if node.status in _GONE:
        return "gone"
    return "rejected" if became == "rejected" else "failed" if node.wording.failed else node.kind.value


def _label(node: Node, became: str) -> str:
    head = " · ".join(part for part in (f"{node.kind} {node.id}", signs(node, became)) if part)
    return f"{head}\n{' '.join(node.title.split())}"


def _dot_node(node: Node, became: str) -> str:
    shape, colour = _DOT_SHAPES[node.kind]
    style, pen = "filled", "#444444"
    if node.status in _GONE:
        style, pen, colour = "filled,dotted", "#999999", "#f4f4f4"
    elif became == "rejected":
        style, pen, colour = "filled,dashed", "#b3261e", "#ffffff"
    elif node.kind is NodeKind.GOAL:
        style = "filled,rounded,bold"
    if node.wording.failed:
        pen = "#b3261e"
    return (
        f'  "{_dot_text(node.id)}" [label="{_dot_text(_label(node, became))}", shape={shape},'
        f' style="{style}", color="{pen}", fillcolor="{colour}"];'
    )


def _dot_edge(edge: DecisionEdge, graph: Graph) -> str:
    start, end = graph.nodes[edge.start].id, graph.nodes[edge.end].id
    label = "" if edge.type is EdgeType.LEADS_TO else edge.type.replace("_", " ")
    dashed = ', style="dashed"' if edge.type is EdgeType.REJECTED else ""
    return (
        f'  "{_dot_text(start)}" -> "{_dot_text(end)}" [label="{label}",'
        f' tooltip="{_dot_text(edge.reason or edge.type)}"{dashed}];'
    )


def _dot_text(text: str) -> str:
    """In dot's quotes: a backslash or entity would mean something there."""
    lines = [_CONTROL.sub(" ", line) for line in text.split("\n")]
    safe = [
        line.replace("&", "&amp;").replace("\\", "\\\\").replace('"', '\\"') for line in lines
    ]  # fmt: skip
    return "\\n".join(safe)


def _mermaid_arrow(edge: DecisionEdge) -> str:
    line = "-.->" if edge.type in (EdgeType.REJECTED, EdgeType.SUPERSEDES) else "-->"
    return f'{line}|"{edge.type.replace("_", " ")}"|'


def _mermaid_text(text: str) -> str:
    """In Mermaid's quotes: whatever is not plain as the code of its character."""
    lines = [_CONTROL.sub(" ", line) for line in text.split("\n")]
    return "<br/>".join("".join(_mermaid_sign(sign) for sign in line) for line in lines)


def _mermaid_sign(sign: str) -> str:
    plain = sign in _SAFE or (sign.isalnum() if sign.isascii() else True)
    return sign if plain else f"#{ord(sign)};"


_MERMAID_STYLES = {
    "goal": "fill:#dbe7ff,stroke:#3566c4,stroke-width:3px,color:#1c2430",
    "decision": "fill:#e4f5e6,stroke:#2f7d3b,color:#1c2430",
    "option": "fill:#fdf3d3,stroke:#9a7410,color:#1c2430",
    "action": "fill:#ece6fb,stroke:#6a48b8,color:#1c2430",
    "outcome": "fill:#d9f2f0,stroke:#1f7a74,color:#1c2430",
    "observation": "fill:#f1f1ee,stroke:#6b6b60,color:#1c2430",
    "revisit": "fill:#ffe6d6,stroke:#b3591c,color:#1c2430",
    "rejected": "fill:#ffffff,stroke:#b3261e,stroke-dasharray:5 4,color:#5d6878",
    "failed": "fill:#ffffff,stroke:#b3261e,stroke-width:3px,color:#1c2430",
    "gone": "fill:#f4f4f4,stroke:#999999,stroke-dasharray:2 3,color:#777777",
}
