"""What is told of the graph: the brief within its budget, the pulse with its sum, the story, the write-up."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loomkin.decisions import brief, introspection, narrative
from loomkin.decisions.desk import Query
from loomkin.decisions.drafts import Draft, Graph
from loomkin.decisions.proofs import in_words, proofs
from loomkin.decisions.pulse import DAY, Gap, Pulse, pulse
from loomkin.records.decision import Author, Node, NodeKind, NodeStatus, Origin, Wording
from loomkin.records.ids import DecisionId
from loomkin.records.task import Evidence
from tests.decisions.desk import PERSON, Bench, graph_bench


async def filled(bench: Bench) -> None:
    """A small story."""
    await bench.add("goal", "Ship login")
    rejected = [("Use Redis", "needs a server"), ("Use files", "no transactions")]
    await bench.decision("Use SQLite", 80, parent="d1", files=("src/db.py",), rejected=rejected)
    await bench.add("action", "Write the schema", parent="d2", files=("src/db.py",))
    await bench.add("outcome", "It works", parent="d5")
    await bench.decision("Hash with MD5", 60, parent="d1", files=("src/auth.py",))
    await bench.graph.close("d7", NodeStatus.ABANDONED, "broken since 2004", PERSON)


async def test_the_brief_names_goals_decisions_what_they_rejected_and_what_was_given_up() -> None:
    async with graph_bench() as bench:
        assert brief.brief(bench.graph.database, 600) == ""
        await filled(bench)
        lines = brief.brief(bench.graph.database, 600).splitlines()
        assert lines[2:-1] == [
            "Goals",
            "d1 Ship login",
            "Decided",
            "d2 Use SQLite (80 %)",
            "  rejected: d3 Use Redis: needs a server",
            "  rejected: d4 Use files: no transactions",
            "Given up",
            "d7 decision: Hash with MD5 (60 %, abandoned): broken since 2004",
        ]


async def test_the_brief_drops_whole_lines_until_it_fits() -> None:
    async with graph_bench() as bench:
        await filled(bench)
        whole = set(brief.brief(bench.graph.database, 10_000).splitlines())
        sizes = []
        for budget in range(0, 400, 20):
            text = brief.brief(bench.graph.database, budget)
            assert brief.count(text) <= max(budget, 1) or text == ""
            assert set(text.splitlines()) <= whole
            sizes.append(len(text))
        assert sizes == sorted(sizes)
        assert sizes[0] == 0 < sizes[-1]


@pytest.mark.parametrize("words", ["look at src/auth.py", "auth.py is slow", "fix `src/auth.py`, please"])
async def test_a_file_is_found_in_words_by_its_path_or_name(words: str) -> None:
    async with graph_bench() as bench:
        await filled(bench)
        found = brief.mentioned(bench.graph.database, words)
        assert found == ["src/auth.py"]
        (lost,) = brief.at_files(brief.not_taken(bench.graph.database, found))
        assert lost == "d7 Hash with MD5: abandoned for src/auth.py: broken since 2004"
        assert brief.mentioned(bench.graph.database, "auth and src") == []


async def test_a_folder_speaks_for_the_files_in_it() -> None:
    async with graph_bench() as bench:
        await bench.decision("Plain C", files=("src/core",), rejected=[("Rust", "nobody here knows it")])
        (lost,) = brief.not_taken(bench.graph.database, ["src/core/main.c"])
        assert (lost.node.title, lost.reason) == ("Rust", "nobody here knows it")
        assert brief.not_taken(bench.graph.database, ["src/other.c"]) == []


async def test_the_pulse_finds_what_hangs_in_the_air_and_shows_its_sum() -> None:
    async with graph_bench() as bench:
        await filled(bench)
        now = time.time()
        assert bench.answers.pulse(now).score == 100
        await bench.add("goal", "Write docs")
        await bench.decision("Use Sphinx", 30)
        found = bench.answers.pulse(now)
        assert found.arithmetic == (
            "100 - 10 (1 goals without actions x 10) - 5 (1 decisions without options x 5)"
            " - 3 (1 unsure x 3) - 5 (1 orphans x 5) = 77"
        )
        assert found.score == 77
        stale = next(gap for gap in bench.answers.pulse(now + 15 * DAY).gaps if gap.name == "stale")
        assert [node.id for node in stale.nodes] == ["d1", "d2", "d8", "d9"]


async def test_what_is_in_doubt_and_what_failed_costs_points_until_it_is_dealt_with() -> None:
    async with graph_bench() as bench:
        await filled(bench)
        await bench.add("outcome", "Too slow", parent="d5", failed=True)
        found = bench.answers.pulse(time.time())
        assert found.arithmetic == "100 - 10 (2 in doubt x 5) - 5 (1 failed x 5) = 85"
        assert [node.id for gap in found.gaps if gap.cost for node in gap.nodes] == ["d2", "d5", "d8"]
        await bench.graph.close("d8", NodeStatus.DONE, "faster now", PERSON)
        assert bench.answers.pulse(time.time()).score == 100


async def test_the_pulse_lists_the_first_of_each_kind_and_counts_the_rest() -> None:
    async with graph_bench() as bench:
        for number in range(12):
            await bench.decision(f"Decision {number}", 30)
        text = bench.answers.ask(Query.PULSE, "", 1, 0, time.time())
        assert text.startswith(
            "Health 55/100: 100 - 15 (12 decisions without options x 5, at most 15)"
            " - 15 (12 unsure x 3, at most 15) - 15 (12 orphans x 5, at most 15) = 55\n"
        )
        assert (text.count("Decision 9"), text.count("Decision 10"), text.count("  and 2 more")) == (3, 0, 3)


def test_the_score_never_falls_below_nothing() -> None:
    assert sum(gap.most for gap in pulse(Graph({}, ()), 50, 14, 0.0).gaps) == 100


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(0, 20)), max_size=5))
def test_the_shown_sum_is_the_score(gaps: list[tuple[int, int, int]]) -> None:
    found = Pulse(1, (), tuple(Gap("faults", (None,) * count, each, most) for count, each, most in gaps))  # type: ignore[arg-type]
    left, _, score = found.arithmetic.rpartition(" = ")
    parts = [int(part.split()[0]) for part in left.split(" - ")]
    assert parts[0] - sum(parts[1:]) == int(score) == found.score


async def test_the_story_of_a_goal_and_its_write_up_say_why() -> None:
    async with graph_bench() as bench:
        await filled(bench)
        await bench.decision("Unrelated")
        part = bench.answers.part("d1")
        story = narrative.timeline(part)
        assert "Unrelated" not in story
        assert "    rejected d3 Use Redis: needs a server" in story.splitlines()
        text = narrative.writeup(part, "Login")
        assert text.startswith("# Login\n\n## Goals\n- [ ] d1 Ship login\n")
        assert "- **Use SQLite** (d2, confidence 80 %)\n  - rejected: Use Redis: needs a server\n" in text
        assert "## Prior attempts\n- ~~Hash with MD5~~ (d7 abandoned): broken since 2004\n" in text
        assert "## Outcomes\n- d6 It works\n" in text
        await bench.graph.close("d2", NodeStatus.ABANDONED, "too slow", PERSON)
        text = bench.answers.writeup("d1", "", "", "")
        assert "- ~~Use SQLite~~ (d2 abandoned): too slow\n  - rejected: Use Redis: needs a server\n" in text


async def test_the_story_tells_automatic_observations_only_where_everything_is_asked_for() -> None:
    async with graph_bench() as bench:
        await filled(bench)
        noted = Draft(NodeKind.OBSERVATION, "The person: faster", parent="d1")
        await bench.graph.add(noted, Origin(Author.AUTOMATIC), PERSON)
        await bench.add("observation", "By an agent", parent="d1")
        story, whole = bench.answers.part("d1"), bench.answers.part("d1", everything=True)
        titles = {node.title for node in story.nodes.values()}
        assert "By an agent" in titles
        assert {node.title for node in whole.nodes.values()} - titles == {"The person: faster"}
        assert "The person: faster" in narrative.timeline(whole)
        assert "The person: faster" not in bench.answers.writeup("d1", "", "", "")


async def test_an_agent_looks_back_at_what_it_logged_and_not_at_what_was_recorded_of_it() -> None:
    async with graph_bench() as bench:
        await bench.decision("Use SQLite", 80)
        for command in ("pytest -q", "pytest -q"):
            draft = Draft(NodeKind.OUTCOME, f"{command} fails", in_words(command, 1), failed=True)
            await bench.graph.add(draft, Origin(Author.AUTOMATIC, "coder"), PERSON)
        found = introspection.answer(bench.graph.database, "coder", "")
        assert found.splitlines() == [
            "1. d1 decision: Use SQLite (80 %)",
            "Together: 1 of yours (1 active); mean confidence 80 %.",
            "Outcomes that failed: 2.",
        ]


async def test_the_write_up_names_the_commands_that_ran_and_takes_no_words_of_others_for_one() -> None:
    async with graph_bench() as bench:
        for command, code in (("make `which x`\ncheck", 0), ("pytest -q", 1)):
            words = in_words(command, code, "out_1.txt")
            draft = Draft(NodeKind.OUTCOME, command[:4], words, failed=code != 0)
            await bench.graph.add(draft, Origin(Author.AUTOMATIC, "coder"), PERSON)
        await bench.add("outcome", "It works", description="`rm -rf x`: exit code 0")
        await bench.graph.close("d2", NodeStatus.ABANDONED, "another way", PERSON)
        evidence = bench.answers.writeup("", "", "", "").split("## Evidence\n")[1]
        assert evidence.startswith("- [x] `` make `which x` check ``: exit code 0, by coder, ")
        assert evidence.count("\n") == 1


def test_a_proof_that_a_task_has_already_is_not_told_twice() -> None:
    known = Evidence("pytest -q", 0, "", "coder", 5.0)
    assert proofs([], [known]) == [known]
    words = Wording("t1 mend is verified", in_words("pytest -q", 0, "by coder"))
    node = Node(DecisionId("d1"), "n_1", NodeKind.OUTCOME, words, Origin(Author.AUTOMATIC), 1.0, 1.0)
    assert proofs([node], [known]) == [known]
    assert [one.at for one in proofs([node])] == [1.0]


async def test_search_finds_titles_reasons_files_and_parts_of_names() -> None:
    async with graph_bench() as bench:
        await filled(bench)
        await bench.decision("Rename getUserName", description="to snake case")

        def first(words: str) -> str:
            return bench.answers.ask(Query.SEARCH, words, 5, 1, 0.0).split()[0]

        assert first("redis") == "d3"
        assert first("transactions") == "d4"
        assert first("user name") == "d8"
        assert first("auth.py") == "d7"
        assert bench.answers.ask(Query.SEARCH, '"); DROP', 5, 1, 0.0) == "Nothing fits '\"); DROP'."
