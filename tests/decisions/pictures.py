"""Decision graphs of any size and wording, to draw."""

import random
from collections.abc import Sequence

from loomkin.decisions.drafts import Graph
from loomkin.records.decision import (
    DecisionEdge,
    EdgeType,
    Node,
    NodeKind,
    NodeStatus,
    Origin,
    Wording,
)
from loomkin.records.ids import DecisionId

KINDS = tuple(NodeKind)


def graph_of(
    titles: Sequence[str],
    links: Sequence[tuple[int, int, EdgeType]] = (),
    kinds: Sequence[NodeKind] = KINDS,
    reason: str = "",
) -> Graph:
    """A graph of titled nodes; a link goes from an index to another one."""
    nodes = [
        Node(
            DecisionId(f"d{number + 1}"),
            f"n{number:05d}",
            kinds[number % len(kinds)],
            Wording(" ".join(title.split()) or "untitled", status=tuple(NodeStatus)[number % 4]),
            Origin(),
            float(number),
            float(number),
        )
        for number, title in enumerate(titles)
    ]
    edges = tuple(
        DecisionEdge(f"e{number}", nodes[start].change_id, nodes[end].change_id, kind, reason)
        for number, (start, end, kind) in enumerate(dict.fromkeys(links))
    )
    return Graph({node.change_id: node for node in nodes}, edges)


def large(count: int) -> Graph:
    """A graph as they grow: everything comes of something not much older, some of it rests on more."""
    chance = random.Random(count)
    kinds = [
        chance.choice((NodeKind.DECISION, NodeKind.OPTION, NodeKind.ACTION, NodeKind.OUTCOME))
        for _ in range(count)
    ]
    kinds[0] = NodeKind.GOAL
    links = []
    for number in range(1, count):
        parent = chance.randrange(max(0, number - 40), number)
        option = kinds[number] is NodeKind.OPTION
        kind = chance.choice((EdgeType.CHOSEN, EdgeType.REJECTED)) if option else EdgeType.LEADS_TO
        links.append((parent, number, kind))
        if not option and chance.random() < 0.5:
            links.append((number, chance.randrange(number), EdgeType.REQUIRES))
    words = ("use", "sqlite", "cache", "pages", "measured", "login", "sessions")
    titles = [" ".join(chance.choices(words, k=chance.randint(1, 14))) for _ in range(count)]
    return graph_of(titles, links, kinds)
