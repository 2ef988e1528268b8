"""The decision graph keeps its promises: no circle, no second edge, all in the log, all undone."""

import asyncio
from graphlib import TopologicalSorter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loomkin.decisions.drafts import Draft, GraphError
from loomkin.errors import LoomkinError, NotFoundError
from loomkin.records.decision import Author, EdgeType, NodeKind, NodeStatus, Origin
from loomkin.records.ids import SessionId
from loomkin.store import doubts, erasing, rebuild, sessions
from loomkin.store.decision_files import not_taken
from tests.decisions.desk import CODER, PERSON, THRESHOLD, Bench, graph_bench

_ids = st.integers(1, 8).map(lambda number: f"d{number}")
_numbers = st.none() | st.integers(0, 100)
_steps = st.one_of(
    st.tuples(st.just("add"), st.sampled_from(NodeKind), _ids, st.sampled_from(EdgeType), _numbers),
    st.tuples(st.just("link"), _ids, _ids, st.sampled_from(EdgeType)),
    st.tuples(st.just("unlink"), _ids, _ids),
    st.tuples(st.just("edit"), _ids, _numbers),
    st.tuples(st.just("status"), _ids, st.sampled_from(NodeStatus)),
    st.tuples(st.just("supersede"), _ids, _ids),
    st.tuples(st.just("pivot"), _ids, _numbers),
    st.tuples(st.just("delete"), _ids),
    st.tuples(st.just("undo")),
)


async def step(bench: Bench, what: str, *more: Any) -> None:
    """One random change; what the graph refuses is refused whole."""
    graph = bench.graph
    before = graph.snapshot()
    try:
        if what == "add":
            kind, parent, edge, confidence = more
            there = parent if any(node.id == parent for node in before.nodes.values()) else ""
            await bench.add(kind, f"A {kind}", parent=there, edge=edge, confidence=confidence)
        elif what == "link":
            await graph.link(more[0], more[1], more[2], "because", CODER)
        elif what == "unlink":
            await graph.unlink(more[0], more[1], None, PERSON)
        elif what == "edit":
            await graph.edit(more[0], {"confidence": more[1]}, PERSON)
        elif what == "status":
            await graph.close(more[0], more[1], "so it is", CODER)
        elif what == "supersede":
            await graph.supersede(more[0], more[1], "better", CODER)
        elif what == "pivot":
            await bench.graph.pivot(more[0], "it broke", "Another way", more[1], _origin(), CODER)
        elif what == "delete":
            await graph.delete(more[0], "", PERSON)
        else:
            await graph.undo(PERSON)
    except LoomkinError:
        assert graph.snapshot() == before


async def test_a_title_that_several_nodes_bear_names_none_of_them() -> None:
    async with graph_bench() as bench:
        for title in ("Same", "Same", "Other"):
            await bench.decision(title)
        graph = bench.graph
        for change in (
            graph.delete("Same", "", PERSON),
            graph.edit("Same", {"confidence": 3}, PERSON),
            graph.link("d3", "Same", EdgeType.LEADS_TO, "", PERSON),
            bench.decision("Below", parent="Same"),
        ):
            with pytest.raises(GraphError, match="2 nodes are called 'Same': d2 decision, d1 decision"):
                await change
        assert len(graph.snapshot().nodes) == 3
        assert graph.node("Other").id == "d3"


async def test_what_is_not_there_is_told_with_what_is_and_how_many_more() -> None:
    async with graph_bench() as bench:
        for title in ("One", "Two", "Three", "Four", "Five"):
            await bench.decision(title)
        with pytest.raises(NotFoundError) as refused:
            bench.graph.node("d9")
        assert refused.value.hint == "There are: d5 (Five), d4 (Four), d3 (Three), and 2 more."


async def test_undo_says_what_it_took_back_by_name_and_counts_what_is_much() -> None:
    async with graph_bench() as bench:
        await bench.decision("Use SQLite")
        await bench.graph.pivot("d1", "it locks", "Use Postgres", None, _origin(), CODER)
        told = await bench.graph.undo(PERSON)
        for words in (
            "d2 (it locks) was added",
            "(d1 leads_to d2)",
            "(d4 supersedes d1)",
            "d1 (Use SQLite) was",
        ):
            assert words in told
        await bench.decision("Many", rejected=[(f"Not {number}", "no") for number in range(20)])
        told = await bench.graph.undo(PERSON)
        assert told.startswith("Taken back, 41 changes: d5 (Many) was added by coder; d6 (Not 0) was added")
        assert told.endswith("; and 36 more.")


def _origin() -> Origin:
    return Origin()


def holds(bench: Bench) -> None:
    """What is true of every graph."""
    graph = bench.graph.snapshot()
    order: TopologicalSorter[str] = TopologicalSorter()
    for edge in graph.edges:
        assert {edge.start, edge.end} <= set(graph.nodes)
        assert edge.start != edge.end
        if edge.order:
            order.add(edge.order[1], edge.order[0])
    order.prepare()  # raises CycleError
    keys = [(edge.start, edge.end, edge.type) for edge in graph.edges]
    assert len(keys) == len(set(keys))
    assert len({node.id for node in graph.nodes.values()}) == len(graph.nodes)
    flagged = {(one.node, one.source) for one in doubts.doubts(bench.graph.database) if one.state == "raised"}
    assert flagged == {(row[0], row[1]) for row in doubts.due(bench.graph.database, THRESHOLD)}
    assert rebuild.differences(bench.graph.database) == []


@given(st.lists(_steps, max_size=14))
@settings(max_examples=25, deadline=None)
def test_whatever_is_done_to_it_the_graph_stays_whole(steps: list[tuple[Any, ...]]) -> None:
    async def run() -> None:
        async with graph_bench() as bench:
            for one in steps:
                await step(bench, *one)
            holds(bench)

    asyncio.run(run())


@given(st.lists(_steps.filter(lambda one: one[0] != "undo"), max_size=8))
@settings(max_examples=15, deadline=None)
def test_undo_leads_back_to_every_earlier_graph(steps: list[tuple[Any, ...]]) -> None:
    def contents(bench: Bench) -> Any:
        graph = bench.graph.snapshot()
        return {one.change_id: (one.id, one.wording) for one in graph.nodes.values()}, {
            (edge.start, edge.end, edge.type, edge.reason) for edge in graph.edges
        }

    async def run() -> None:
        async with graph_bench() as bench:
            past = [contents(bench)]
            for one in steps:
                await step(bench, *one)
                if contents(bench) != past[-1]:
                    past.append(contents(bench))
            while len(past) > 1:
                await bench.graph.undo(PERSON)
                if contents(bench) != past[-1]:
                    past.pop()
                    assert contents(bench) == past[-1]
            with pytest.raises(NotFoundError):
                await bench.graph.undo(PERSON)

    asyncio.run(run())


async def test_a_circle_is_refused_with_its_way_whatever_edges_it_is_made_of() -> None:
    async with graph_bench() as bench:
        for title in ("one", "two", "three"):
            await bench.decision(title)
        await bench.link("d1", "leads_to", "d2")
        await bench.link("d3", "requires", "d2")
        with pytest.raises(GraphError, match="That would close a circle: d1 -> d2 -> d3 -> d1"):
            await bench.link("d3", "enables", "d1")
        with pytest.raises(GraphError, match="d1 -> d2 -> d3 -> d1"):
            await bench.link("d1", "supersedes", "d3")
        with pytest.raises(GraphError, match="d2 cannot be linked to itself"):
            await bench.link("d2", "supports", "d2")
        await bench.link("d3", "supports", "d1")


async def test_two_processes_that_draw_half_a_circle_each_draw_no_circle() -> None:
    async with graph_bench() as bench:
        await bench.decision("one")
        await bench.decision("two")
        both = await asyncio.gather(
            bench.link("d1", "leads_to", "d2"), bench.link("d2", "leads_to", "d1"), return_exceptions=True
        )
        assert sum(isinstance(one, GraphError) for one in both) == 1
        holds(bench)


async def test_an_equal_active_goal_is_taken_and_a_closed_one_is_not() -> None:
    async with graph_bench() as bench:
        first = await bench.add("goal", "Ship  login")
        again = await bench.add("goal", "ship login")
        assert (again.reused, again.node.id) == (True, first.node.id)
        await bench.graph.close("d1", NodeStatus.DONE, "shipped", PERSON)
        assert (await bench.add("goal", "Ship login")).node.id == "d2"


async def test_a_pivot_is_a_chain_that_takes_files_along_and_supersedes() -> None:
    async with graph_bench() as bench:
        await bench.decision("Use SQLite", files=("src/db.py",), rejected=[("Use Redis", "needs a server")])
        done = await bench.graph.pivot("d1", "locks under load", "Use Postgres", 70, _origin(), CODER)
        graph = bench.graph.snapshot()
        names = {node.change_id: node.id for node in graph.nodes.values()}
        edges = {(names[edge.start], edge.type.value, names[edge.end]) for edge in graph.edges}
        chain = {("d1", "leads_to", "d3"), ("d3", "leads_to", "d4"), ("d4", "leads_to", "d5")}
        assert edges >= {*chain, ("d5", "supersedes", "d1")}
        assert (done.node.id, done.node.wording.files) == ("d5", ("src/db.py",))
        lost = {
            one.node.id: (one.reason, one.instead) for one in not_taken(bench.graph.database, ["src/db.py"])
        }
        assert lost == {
            "d1": ("locks under load", "d5 Use Postgres"),
            "d2": ("needs a server", "d1 Use SQLite"),
        }
        with pytest.raises(GraphError, match="d1 is superseded"):
            await bench.graph.pivot("d1", "again", "Use files", None, _origin(), CODER)


async def test_a_deleted_session_leaves_its_decisions_without_the_persons_words() -> None:
    async with graph_bench() as bench:
        origin = Origin(Author.AGENT, "coder", SessionId("s-1"), "", "my secret words")
        await bench.graph.add(Draft(NodeKind.DECISION, "Use SQLite"), origin, CODER)
        await bench.graph.edit("d1", {"confidence": 40}, CODER)
        erasing.delete(bench.graph.database, "s-1")
        node = bench.graph.node("d1")
        assert (node.confidence, node.origin.session, node.origin.prompt) == (40, "", "")
        assert sessions.events(bench.graph.database, "s-1") == []
        assert rebuild.differences(bench.graph.database) == []


async def test_names_that_are_nothing_are_refused_with_what_there_is() -> None:
    async with graph_bench() as bench:
        await bench.decision("Use SQLite")
        assert bench.graph.node("Use SQLite").id == bench.graph.node("1").id == "d1"
        with pytest.raises(NotFoundError, match=r"There is no decision 'd9'"):
            bench.graph.node("d9")
        with pytest.raises(GraphError, match="0 to 100"):
            await bench.decision("Too sure", 101)
        with pytest.raises(GraphError, match="Only an outcome can have failed"):
            await bench.add("decision", "It failed", failed=True)
