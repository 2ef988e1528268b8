"""Doubt spreads to what rests on something unsure, reaches each owner once, and goes again."""

import pytest

from loomkin.decisions.desk import Who
from loomkin.decisions.hearing import Hearing
from loomkin.records.decision import NodeStatus
from loomkin.records.decision_event import DoubtCleared, DoubtRaised
from loomkin.records.event import NoticeGiven
from loomkin.runtime.recorder import Recorder
from loomkin.store import doubts
from loomkin.store.doubts import STEPS
from tests.decisions.desk import CODER, PERSON, SESSION, Bench, graph_bench

TESTER = Who("tester", SESSION, "tester")


def flagged(bench: Bench) -> set[str]:
    """The ids of what is in doubt."""
    graph = bench.graph.snapshot()
    return {graph.nodes[one.node].id for one in doubts.doubts(bench.graph.database) if one.state == "raised"}


@pytest.mark.parametrize(
    ("start", "kind", "end"), [("d2", "requires", "d1"), ("d1", "enables", "d2"), ("d1", "blocks", "d2")]
)
async def test_it_follows_each_edge_that_something_rests_on(start: str, kind: str, end: str) -> None:
    async with graph_bench() as bench:
        await bench.decision("ground", 80)
        await bench.decision("rests on it")
        await bench.link(start, kind, end)
        await bench.graph.edit("d1", {"confidence": 49}, PERSON)
        assert flagged(bench) == {"d2"}
        await bench.graph.edit("d1", {"confidence": 50}, PERSON)
        assert flagged(bench) == set()


async def test_it_goes_five_steps_far_and_not_along_edges_that_only_weigh_or_tell() -> None:
    async with graph_bench() as bench:
        await bench.decision("ground", 80)
        for number in range(1, STEPS + 2):
            await bench.decision(f"step {number}", parent=f"d{number}", edge="requires")
        await bench.decision("merely after", parent="d1")
        await bench.decision("supported", parent="d1", edge="supports")
        await bench.graph.edit("d1", {"confidence": 10}, PERSON)
        assert flagged(bench) == {f"d{number}" for number in range(2, STEPS + 2)}


async def test_it_arises_at_once_with_low_confidence_and_with_an_edge_drawn_later() -> None:
    async with graph_bench() as bench:
        await bench.decision("rests")
        await bench.decision("unsure from the beginning", 20)
        assert flagged(bench) == set()
        await bench.link("d1", "requires", "d2")
        assert flagged(bench) == {"d1"}
        await bench.graph.unlink("d1", "d2", None, PERSON)
        assert flagged(bench) == set()


async def test_a_failed_outcome_puts_in_doubt_what_it_came_of_and_what_rests_on_that() -> None:
    async with graph_bench() as bench:
        await bench.add("goal", "Ship")
        await bench.decision("Use SQLite", parent="d1")
        await bench.add("action", "Write the schema", parent="d2")
        await bench.decision("Cache pages", parent="d2", edge="requires")
        outcome = await bench.add("outcome", "It locks", parent="d3", failed=True)
        assert flagged(bench) == {"d2", "d3", "d4"}
        assert "it failed" in outcome.lines[0]
        await bench.graph.edit("d5", {"failed": False}, PERSON)
        assert flagged(bench) == set()


async def test_what_no_longer_holds_puts_nothing_in_doubt() -> None:
    async with graph_bench() as bench:
        await bench.decision("ground", 20)
        await bench.decision("rests", parent="d1", edge="requires")
        assert flagged(bench) == {"d2"}
        await bench.graph.close("d1", NodeStatus.ABANDONED, "too slow", PERSON)
        assert flagged(bench) == set()


async def test_each_owner_hears_of_an_episode_once_and_of_its_end_once() -> None:
    async with graph_bench() as bench:
        recorder: Recorder = bench.journal
        hearing = Hearing(bench.graph.database, recorder, SESSION)
        await bench.decision("ground", 80)
        await bench.decision("of the coder", parent="d1", edge="requires")
        await bench.decision("of the tester", parent="d2", edge="requires", by=TESTER)
        for confidence in (40, 30, 45):
            await bench.graph.edit("d1", {"confidence": confidence}, CODER)
        assert hearing.news("coder") == ""  # it did it, and read so in the result
        assert "d3 (of the tester), which you logged, is in doubt: d1 (ground)" in hearing.news("tester")
        assert hearing.news("tester") == ""
        await recorder.flush()
        await bench.graph.edit("d1", {"confidence": 90}, CODER)
        assert "d3 (of the tester) is in doubt no more" in hearing.news("tester")
        await recorder.flush()
        assert hearing.news("tester") == ""
        await bench.graph.edit("d1", {"confidence": 5}, CODER)
        assert "is in doubt" in hearing.news("tester")
        facts = [event.fact for event in bench.heard]
        assert sum(isinstance(fact, DoubtRaised) for fact in facts) == 4
        assert sum(isinstance(fact, DoubtCleared) for fact in facts) == 2
        notices = [fact.text for fact in facts if isinstance(fact, NoticeGiven)]
        assert [("no more" in text) for text in notices] == [False, True, False]
        assert "tester will be told" in notices[0]
