"""The graph as one page that needs nothing else: picture, list, search and every node in full."""

import json
from base64 import b64encode
from hashlib import sha256
from pathlib import Path

from loomkin.decisions.drafts import Graph
from loomkin.decisions.export_svg import escaped, picture, picture_style
from loomkin.decisions.plain import plain_graph
from loomkin.records.decision import NodeKind
from loomkin.records.regex import pattern

_MARK = pattern("@@([A-Z_]+)@@")
_UNSAFE = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"})


def html(graph: Graph) -> str:
    """The page. Its own policy lets no script run but its own, and nothing be fetched."""
    script, style = _part("page.js"), picture_style() + _part("page.css")
    parts = {
        "TITLE": escaped(_heading(graph)),
        "STYLE": style,
        "STYLE_HASH": _hash(style),
        "SCRIPT": script,
        "SCRIPT_HASH": _hash(script),
        "PICTURE": picture(graph),
        "DATA": json.dumps(plain_graph(graph.nodes, graph.edges)).translate(_UNSAFE),
    }
    return _MARK.sub(lambda found: parts[found[1]], _part("page.html"))


def _heading(graph: Graph) -> str:
    goals = [node for node in graph.nodes.values() if node.kind is NodeKind.GOAL]
    return f"Decisions: {goals[0].title}" if len(goals) == 1 else "Decisions"


def _part(name: str) -> str:
    return Path(__file__).with_name(name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"
