"""Decisions come along with an imported session: under numbers of their own here, and only once."""

from loomkin.decisions.drafts import Draft
from loomkin.records.decision import EdgeType, NodeKind, Origin
from loomkin.records.event import SessionStarted
from loomkin.store import decisions, rebuild
from tests.decisions.desk import CODER, SESSION, graph_bench
from tests.store.carried import exported, take


async def test_they_get_free_numbers_keep_their_edges_and_come_only_once() -> None:
    async with graph_bench() as here, graph_bench() as there:
        here.journal.record(SessionStarted("/", "m", "ask"), SESSION)
        await here.decision("Use SQLite", 40, rejected=[("Use Redis", "needs a server")])
        await here.decision("Cache pages", parent="d1", edge="requires")
        await there.decision("Something else")
        text = exported(here.graph.database, SESSION)
        take(there.graph.database, text, iter(["s-8"]).__next__)
        nodes = {node.id: node for node in there.graph.snapshot().nodes.values()}
        assert {identity: node.title for identity, node in nodes.items()} == {
            "d1": "Something else",
            "d2": "Use SQLite",
            "d3": "Use Redis",
            "d4": "Cache pages",
        }
        edges = there.graph.snapshot().edges
        assert {(edge.type, edge.reason) for edge in edges} == {
            (EdgeType.REJECTED, "needs a server"),
            (EdgeType.REQUIRES, ""),
        }
        assert take(there.graph.database, text).events == 0
        take(there.graph.database, text, iter(["s-9"]).__next__, "copy")
        assert len(there.graph.snapshot().nodes) == 4
        assert (await there.graph.add(Draft(NodeKind.GOAL, "New"), Origin(), CODER)).node.id == "d5"
        assert len(decisions.listed(there.graph.database, session="s-8")) == 3
        assert rebuild.differences(there.graph.database) == []
