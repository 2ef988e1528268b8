"""Patch files bring clones together: in any order, any number of times, whole or not at all."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loomkin.decisions import exchange
from loomkin.decisions.drafts import Draft, GraphError
from loomkin.decisions.exchange import Scope
from loomkin.errors import LoomkinError
from loomkin.records.decision import NodeKind, NodeStatus, Origin
from loomkin.store import rebuild
from tests.decisions.desk import CODER, PERSON, Bench, graph_bench
from tests.decisions.test_graph import holds

pytestmark = pytest.mark.feature("C4")


def patch(bench: Bench, **scope: Any) -> str:
    """The patch file of a graph."""
    return exchange.diff(bench.graph.database, Scope(**scope)).text


async def take(bench: Bench, text: str) -> exchange.Applied:
    return await exchange.apply(bench.graph, text, PERSON)


def picture(bench: Bench) -> Any:
    """What clones can agree on: everything but the numbers, keepers and times of a change here."""
    graph = bench.graph.snapshot()
    nodes = {
        change: (node.kind, node.wording, node.origin, node.created) for change, node in graph.nodes.items()
    }
    return nodes, {(edge.change_id, edge.start, edge.end, edge.type, edge.reason) for edge in graph.edges}


@asynccontextmanager
async def clones(count: int) -> AsyncIterator[list[Bench]]:
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(graph_bench()) for _ in range(count)]


_picks = st.integers(0, 6)
_steps = st.one_of(
    st.tuples(st.just("add"), _picks, st.booleans()),
    st.tuples(st.just("edit"), _picks, st.integers(0, 100)),
    st.tuples(st.just("status"), _picks, st.sampled_from(NodeStatus)),
    st.tuples(st.just("link"), _picks, _picks, st.sampled_from(("leads_to", "rejected", "supports"))),
    st.tuples(st.just("unlink"), _picks, _picks),
    st.tuples(st.just("delete"), _picks),
    st.tuples(st.just("undo")),
    st.tuples(st.just("give"), st.integers(0, 2)),
)
_work = st.lists(st.tuples(st.integers(0, 2), _steps), max_size=16)


async def step(clone: Bench, others: list[Bench], what: str, *more: Any) -> None:
    """One change in one clone, or its patch to another one; nodes are picked by their age."""
    nodes = list(clone.graph.snapshot().nodes)
    at = [nodes[one % len(nodes)] for one in more if isinstance(one, int) and nodes]
    with suppress(LoomkinError):  # what the graph refuses it refuses whole
        if what == "add":
            await clone.decision(f"node {more[0]}", parent=at[0] if at and more[1] else "")
        elif what == "give":
            await take(others[more[0]], patch(clone))
        elif what == "undo":
            await clone.graph.undo(CODER)
        elif not at:
            return
        elif what == "edit":
            await clone.graph.edit(at[0], {"confidence": more[1]}, CODER)
        elif what == "status":
            await clone.graph.close(at[0], more[1], f"now {more[1]}", CODER)
        elif what == "link" and nodes.index(at[0]) < nodes.index(at[1]):  # no two clones draw a circle
            await clone.link(at[0], more[2], at[1], f"by {id(clone) % 7}")
        elif what == "unlink":
            await clone.graph.unlink(at[0], at[1], None, CODER)
        elif what == "delete":
            await clone.graph.delete(at[0], "", CODER)


def agree(work: list[tuple[int, tuple[Any, ...]]], order: list[int]) -> None:
    """Three clones at work, and a fourth that only reads: all come to the same in the end."""

    async def run() -> None:
        async with clones(4) as benches:
            *workers, reader = benches
            for number, (what, *more) in work:
                await step(workers[number], workers, what, *more)
            patches = [patch(worker) for worker in workers]
            for number in order:
                await take(reader, patches[number])
            for worker in workers:
                for text in patches:
                    await take(worker, text)
            assert [picture(bench) for bench in benches] == [picture(reader)] * 4
            assert {patch(bench) for bench in benches} == {patch(reader)}
            for bench in benches:
                holds(bench)
                assert (await take(bench, patches[0])).merged.events == []

    asyncio.run(run())


_clones_at_work = given(_work, st.permutations(range(3)))


@_clones_at_work
@settings(max_examples=6, deadline=None)
def test_clones_that_exchanged_their_patches_in_any_order_agree(
    work: list[tuple[int, tuple[Any, ...]]], order: list[int]
) -> None:
    agree(work, order)


@pytest.mark.slow
@pytest.mark.timeout(300)
@_clones_at_work
@settings(max_examples=30, deadline=None)
def test_clones_agree_after_much_more_work(work: list[tuple[int, tuple[Any, ...]]], order: list[int]) -> None:
    agree(work, order)


async def test_applied_twice_is_applied_once_and_nothing_is_written_the_second_time() -> None:
    async with clones(2) as (one, other):
        await one.decision("Use SQLite", 80, files=("src/db.py",), rejected=[("Use Redis", "needs a server")])
        await one.graph.delete(await one.decision("A mistake"), "", PERSON)
        first = await take(other, patch(one))
        assert [node.id for node in first.merged.added] == ["d1", "d2"]
        events = len(other.heard), rebuild.contents(other.graph.database)
        again = await take(other, patch(one))
        assert (again.merged.nothing, again.merged.known, again.merged.events) == (True, 4, [])
        assert events == (len(other.heard), rebuild.contents(other.graph.database))
        assert patch(other) == patch(one)


async def test_numbers_are_given_anew_and_keepers_stay_where_they_are() -> None:
    async with clones(2) as (one, other):
        await other.decision("Mine")
        await one.decision("Theirs", keepers=("k7",), messages=("m_1",))
        await take(other, patch(one))
        assert (other.graph.node("d2").title, other.graph.node("d2").wording.keepers) == ("Theirs", ())
        await other.graph.edit("d2", {"keepers": ("k3",)}, PERSON)
        await one.graph.edit("d1", {"title": "Theirs, better"}, PERSON)
        await take(other, patch(one))
        node = other.graph.node("d2")
        assert (node.title, node.wording.keepers, node.wording.messages) == (
            "Theirs, better",
            ("k3",),
            ("m_1",),
        )
        assert "k7" not in patch(one)


async def test_the_newer_revision_of_a_node_counts_in_whichever_order_they_come() -> None:
    async with clones(4) as (one, other, third, fourth):
        await one.decision("Use SQLite", 80)
        await take(other, patch(one))
        await one.graph.edit("d1", {"confidence": 60, "title": "Use SQLite 3"}, PERSON)
        await other.graph.edit("d1", {"confidence": 20}, PERSON)
        texts = patch(one), patch(other)
        for bench, (first, second) in ((third, texts), (fourth, texts[::-1])):
            await take(bench, first)
            await take(bench, second)
            node = bench.graph.node("d1")
            assert (node.title, node.confidence) == ("Use SQLite", 20)
        assert (await take(other, texts[0])).merged.older == 1


async def test_what_was_said_at_the_same_moment_is_settled_the_same_way_everywhere() -> None:
    async with clones(3) as benches:
        await benches[0].decision("Use SQLite")
        plain = json.loads(patch(benches[0]))
        texts = []
        for title in ("One", "Two"):
            plain["nodes"][0]["title"] = title
            texts.append(json.dumps(plain))
        for bench, order in zip(benches[1:], permutations(texts), strict=True):
            for text in order:
                await take(bench, text)
        assert benches[1].graph.node("d1").title == benches[2].graph.node("d1").title == "Two"


async def test_a_clock_that_runs_ahead_elsewhere_does_not_undo_what_is_said_later_here() -> None:
    async with clones(2) as (one, other):
        await one.decision("Use SQLite")
        plain = json.loads(patch(one))
        plain["nodes"][0]["revised"] += 3600
        await take(other, json.dumps(plain))
        await other.graph.edit("d1", {"title": "Use Postgres"}, PERSON)
        assert (await take(other, json.dumps(plain))).merged.nothing
        assert other.graph.node("d1").title == "Use Postgres"
        await take(one, patch(other))
        assert one.graph.node("d1").title == "Use Postgres"


async def test_what_was_deleted_stays_deleted_and_comes_back_with_a_later_word() -> None:
    async with clones(2) as (one, other):
        await one.decision("Use SQLite", rejected=[("Use Redis", "needs a server")])
        early = patch(one)
        await take(other, early)
        await other.graph.delete("d2", "noise", PERSON)
        assert (await take(other, early)).merged.nothing
        await one.graph.edit("d2", {"confidence": 10}, PERSON)
        back = await take(other, patch(one))
        assert [node.id for node in back.merged.added] == ["d2"]


async def test_undo_takes_a_whole_patch_back() -> None:
    async with clones(2) as (one, other):
        await other.decision("Mine", rejected=[("Not this", "slow")])
        await take(one, patch(other))
        before = picture(one)
        await other.graph.delete("d2", "", PERSON)
        await other.graph.edit("d1", {"title": "Mine, changed"}, PERSON)
        await other.decision("One more", parent="d1")
        await take(one, patch(other))
        assert picture(one) == picture(other) != before
        assert "by a patch" in await one.graph.undo(PERSON)
        assert picture(one) == before
        holds(one)


async def test_a_patch_that_was_taken_back_is_forgotten_and_can_be_applied_again() -> None:
    async with clones(2) as (one, other):
        await other.decision("Mine", rejected=[("Not this", "slow")])
        await one.decision("My own")
        theirs, before, ours = patch(other), picture(other), patch(one)
        await take(one, theirs)
        await one.graph.edit("d2", {"confidence": 10}, PERSON)
        await one.graph.delete("d2", "", PERSON)
        for _ in range(3):
            await one.graph.undo(PERSON)
        assert patch(one) == ours
        assert (await take(other, patch(one))).merged.removed == []
        assert set(before[0].items()) <= set(picture(other)[0].items())
        again = await take(one, theirs)
        assert (len(again.merged.added), len(again.merged.linked)) == (2, 1)
        holds(one)
        await one.graph.undo(PERSON)
        assert patch(one) == ours
        await one.graph.undo(PERSON)
        assert one.graph.snapshot().nodes == {}


async def test_deletions_of_a_patch_that_was_taken_back_are_forgotten_too() -> None:
    async with clones(3) as (one, other, third):
        await other.decision("Mine", rejected=[("Not this", "slow")])
        early = patch(other)
        await take(one, early)
        await take(third, early)
        await other.graph.delete("d2", "noise", PERSON)
        await other.graph.delete(await other.decision("A mistake"), "", PERSON)
        await take(one, patch(other))
        await one.graph.undo(PERSON)
        assert patch(one) == early
        assert (await take(third, patch(one))).merged.nothing
        assert [node.title for node in (await take(one, patch(other))).merged.removed] == ["Not this"]
        assert patch(one) == patch(other)


async def test_a_patch_counts_deletions_apart() -> None:
    async with graph_bench() as bench:
        await bench.decision("Use SQLite", rejected=[("Use Redis", "slow"), ("Use files", "slow")])
        await bench.graph.delete("d3", "", PERSON)
        told = exchange.diff(bench.graph.database, Scope())
        assert (told.nodes, told.edges, told.deletions) == (2, 1, 2)


async def test_a_circle_across_clones_is_refused_with_its_way_and_nothing_is_taken_in() -> None:
    async with clones(2) as (one, other):
        await one.decision("Use SQLite")
        await one.decision("Keep one writer")
        await take(other, patch(one))
        await one.link("d1", "leads_to", "d2")
        await other.link("d2", "leads_to", "d1")
        await one.decision("New")
        before = rebuild.contents(other.graph.database)
        circle = r"would close a circle: d[12] \(.*\) -> d[12] \(.*\) -> d[12] \("
        with pytest.raises(GraphError, match=circle):
            await take(other, patch(one))
        assert rebuild.contents(other.graph.database) == before
        assert other.graph.database.writer.in_transaction is False
        with pytest.raises(GraphError, match=circle):
            await take(one, patch(other))
        await other.graph.unlink("d2", "d1", None, PERSON)
        await take(other, patch(one))
        await take(one, patch(other))
        assert patch(one) == patch(other)


async def test_an_edge_turned_round_elsewhere_is_turned_round_here() -> None:
    async with clones(2) as (one, other):
        await one.decision("Use SQLite")
        await one.decision("Keep one writer", parent="d1")
        await take(other, patch(one))
        await one.graph.unlink("d1", "d2", None, PERSON)
        await one.link("d2", "leads_to", "d1")
        await take(other, patch(one))
        assert picture(one) == picture(other)


async def test_doubt_follows_what_a_patch_brings() -> None:
    async with clones(2) as (one, other):
        await one.decision("Ground", 80)
        await one.decision("Rests on it", parent="d1", edge="requires")
        await take(other, patch(one))
        await one.graph.edit("d1", {"confidence": 10}, PERSON)
        applied = await take(other, patch(one))
        assert any("d2 (Rests on it)" in line for line in applied.lines)
        holds(other)


async def test_a_part_holds_what_it_hangs_on_and_only_what_was_asked_for() -> None:
    async with clones(3) as (one, other, third):
        await one.add("goal", "Ship login")
        await one.decision("Use SQLite", parent="d1", rejected=[("Use Redis", "needs a server")])
        await one.decision("Elsewhere")
        await one.graph.edit("d2", {"branch": "login"}, PERSON)
        await take(other, patch(one, branch="login"))
        titles = {node.title for node in other.graph.snapshot().nodes.values()}
        assert titles == {"Ship login", "Use SQLite", "Use Redis"}
        assert len(other.graph.snapshot().edges) == 2
        since = one.graph.node("d3").updated
        await one.graph.edit("d4", {"confidence": 5}, PERSON)
        changed = json.loads(patch(one, since=one.graph.node("d2").updated))
        assert [node["title"] for node in changed["nodes"]] == ["Elsewhere"]
        assert since < one.graph.node("d4").updated
        await take(third, json.dumps(changed))


async def test_the_persons_words_travel_only_where_that_is_asked_for() -> None:
    async with clones(2) as (one, other):
        await one.graph.add(Draft(NodeKind.DECISION, "Use SQLite"), Origin(prompt="My Very Words"), PERSON)
        assert "My Very Words" not in patch(one)
        told = exchange.diff(one.graph.database, Scope(), prompts=True)
        assert (told.prompts, "My Very Words" in told.text) == (1, True)
        await take(other, told.text)
        assert other.graph.node("d1").origin.prompt == "My Very Words"


def _without(name: str) -> Any:
    def change(plain: dict[str, Any]) -> None:
        plain["nodes"] = [node for node in plain["nodes"] if node["title"] != name]

    return change


def _set(kind: str, name: str, value: object) -> Any:
    def change(plain: dict[str, Any]) -> None:
        plain[kind][0][name] = value

    return change


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_without("Use Redis"), "neither in the file nor in the graph here"),
        (lambda plain: plain.update(version=2), "version 2 of the format; this loomkin knows 1"),
        (lambda plain: plain.update(format="else"), "not a patch of decisions"),
        (lambda plain: plain.update(nodes={}), "nodes in the file is not a list"),
        (lambda plain: plain["nodes"].append(plain["nodes"][0]), "two things of n_"),
        (_set("nodes", "title", ""), "nodes\\[0\\] of the file cannot be used: A title has 1 to 200"),
        (_set("nodes", "title", "half \ud800"), "title holds half a character"),
        (_set("nodes", "confidence", 101), "from 0 to 100"),
        (_set("nodes", "confidence", True), "confidence is no whole number"),
        (_set("nodes", "kind", "idea"), "kind is 'idea', not one of goal"),
        (_set("nodes", "failed", True), "only an outcome can have failed"),
        (_set("nodes", "files", "src"), "files is no list"),
        (_set("nodes", "change_id", "n 1"), "change_id is no change id"),
        (_set("nodes", "revised", -1), "revised is missing or no time"),
        (_set("edges", "type", "hates"), "type is 'hates'"),
        (_set("edges", "revised", None), "revised is missing"),
    ],
)
async def test_a_file_that_cannot_be_is_refused_whole_and_says_where(change: Any, words: str) -> None:
    async with clones(2) as (one, other):
        await one.decision("Use SQLite", 80, rejected=[("Use Redis", "needs a server")])
        plain = json.loads(patch(one))
        change(plain)
        with pytest.raises(GraphError, match=words):
            await take(other, json.dumps(plain))
        assert other.graph.snapshot().nodes == {}


async def test_a_loop_a_change_of_kind_and_words_that_are_no_json_are_refused() -> None:
    async with clones(2) as (one, other):
        await one.decision("Use SQLite", rejected=[("Use Redis", "needs a server")])
        plain = json.loads(patch(one))
        loop = {**plain, "edges": [{**plain["edges"][0], "to": plain["edges"][0]["from"]}]}
        await take(other, json.dumps(plain))
        plain["nodes"][0]["kind"] = "goal"
        for text, words in (
            (json.dumps(loop), "to itself"),
            (json.dumps(plain), "is a goal in the file and a decision here"),
            ("{" * 100_000, "not JSON"),
            ('{"format": NaN}', "not JSON"),
        ):
            with pytest.raises(GraphError, match=words):
                await take(other, text)


async def test_a_trial_tells_the_same_and_changes_nothing() -> None:
    async with clones(2) as (one, other):
        await one.decision("Use SQLite", rejected=[("Use Redis", "needs a server")])
        trial = await exchange.apply(other.graph, patch(one), PERSON, dry_run=True)
        assert (len(trial.merged.added), len(trial.merged.linked)) == (2, 1)
        assert other.graph.snapshot().nodes == {}
        assert "Would take in: nodes: 2 added" in exchange.in_words(trial, dry_run=True)
        await take(other, patch(one))
        assert other.graph.node("d1").title == "Use SQLite"
