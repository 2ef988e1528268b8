"""`loomkin cost`."""

from decimal import Decimal
from pathlib import Path

import pytest

from loomkin.records.event import Event, UsageRecorded
from loomkin.records.ids import SessionId, TaskId
from loomkin.records.task import Task
from loomkin.records.team_event import TaskAdded
from loomkin.records.usage import Usage
from loomkin.store.journal import write
from tests.cli.project import database, loomkin, repository
from tests.store.facts import fill

DAY = 86_400.0
NOON = 1_767_268_800.0  # 2026-01-01 12:00 UTC


def call(
    model: str, cost: int | None, at: float, agent: str = "coder", task: str = "", source: str = "settings"
) -> Event:
    usage = Usage(input=100, output=7, cache_read=50, cache_write=3)
    fact = UsageRecorded(model, usage, cost, source, 5, "person", "stop")
    return Event(0, at, SessionId("s-1"), agent, task, fact)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = repository(tmp_path / "project")
    with database(root) as db:
        fill(db)
        fill(db, session="s-2")
        write(
            db,
            [
                Event(0, NOON, SessionId("s-1"), "", "", TaskAdded(Task(TaskId("t1"), "Mend mean"))),
                call("a/dear", 2_000_000_000_001, NOON, task="t1"),
                call("a/dear", 1, NOON, "tester"),
                call("b/cheap", 500, NOON + DAY),
                call("c/unknown", None, NOON + DAY),
            ],
        )
    monkeypatch.chdir(root)
    return root


def test_dollars_are_exact_to_the_last_digit(project: Path) -> None:
    groups = {one["group"]: one for one in loomkin("cost", "--json").json["groups"]}
    assert groups["a/dear"]["usd"] == "2.000000000002"
    assert groups["b/cheap"]["usd"] == "0.0000000005"
    total = loomkin("cost", "--json").json["total"]
    assert Decimal(total["usd"]) == sum(Decimal(one["usd"]) for one in groups.values())
    assert (total["calls"], total["unpriced_calls"], total["input_tokens"]) == (4, 1, 400)


def test_the_table_is_dearest_first_with_a_total_and_says_what_is_unpriced(project: Path) -> None:
    lines = loomkin("cost").lines
    assert lines[0].split() == ["MODEL", "CALLS", "IN", "CACHED", "OUT", "COST", "UNPRICED"]
    assert [line.split()[0] for line in lines[1:5]] == ["a/dear", "b/cheap", "c/unknown", "total"]
    assert lines[4].split() == ["total", "4", "412", "200", "28", "$2.000000000502", "1"]
    assert "price of 1 call is unknown" in "\n".join(lines)


@pytest.mark.parametrize(
    ("by", "groups"),
    [
        ("agent", {"coder", "tester"}),
        ("task", {"s-1 t1 Mend mean", ""}),
        ("day", {"2026-01-01", "2026-01-02"}),
        ("session", {"s-1"}),
    ],
)
def test_what_was_spent_can_be_grouped(project: Path, by: str, groups: set[str]) -> None:
    assert {one["group"] for one in loomkin("cost", "--by", by, "--json").json["groups"]} == groups


def test_a_session_or_a_date_narrows_it(project: Path) -> None:
    assert loomkin("cost", "--session", "s-2", "--json").json["total"]["calls"] == 0
    assert loomkin("cost", "--since", "2026-01-02", "--json").json["total"]["calls"] == 2
    assert "No model was called" in loomkin("cost", "--since", "2030-01-01").out


@pytest.mark.parametrize("words", [("--since", "yesterday"), ("--by", "colour"), ("--since", "9999-99-99")])
def test_words_that_mean_nothing_are_refused(project: Path, words: tuple[str, ...]) -> None:
    refused = loomkin("cost", *words)
    assert refused.code == 2
    assert words[1] in refused.err


def test_a_repository_without_runs_has_no_cost(tmp_path: Path) -> None:
    root = repository(tmp_path / "new")
    assert "No model was called" in loomkin("cost", "-C", root).out
    assert loomkin("cost", "-C", root, "--json").json["total"]["usd"] == "0"
    assert loomkin("cost", "-C", root, "--session", "x").code == 2
    assert not (root / ".loomkin").exists()


def test_calls_to_this_machine_are_said_to_be_counted_as_free(project: Path) -> None:
    assert "counted as free" not in loomkin("cost").out
    with database(project) as db:
        write(db, [call("openai/own", 0, NOON, source="local"), call("openai/own", 0, NOON, source="local")])
    shown = loomkin("cost")
    assert "2 calls went to a server on this machine and counted as free" in shown.out
    total = loomkin("cost", "--json").json["total"]
    assert (total["local_calls"], total["unpriced_calls"]) == (2, 1)
