"""`loomkin cost`."""

import time
from collections.abc import Iterator
from datetime import datetime
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


@pytest.mark.parametrize(
    ("words", "calls"),
    [
        (("--until", "1969-12-30"), 0),
        (("--until", "2025-12-31"), 0),
        (("--until", "2026-01-01"), 2),
        (("--until", "2026-01-02"), 4),
        (("--until", "9999-12-31"), 4),
        (("--since", "2026-01-02", "--until", "2026-01-02"), 2),
        (("--since", "2026-01-03", "--until", "2026-01-04"), 0),
        (("--until", "2026-01-01T00:00"), 0),
        (("--until", "2026-01-01", "--session", "s-2"), 0),
    ],
)
def test_a_last_day_is_included(project: Path, words: tuple[str, ...], calls: int) -> None:
    spent = loomkin("cost", *words, "--json").json
    assert spent["total"]["calls"] == sum(group["calls"] for group in spent["groups"]) == calls


@pytest.fixture
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A zone in which days may have 23 and 25 hours."""
    with monkeypatch.context() as zone:
        zone.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.parametrize(("day", "next_day"), [("2027-03-28", "2027-03-29"), ("2027-10-31", "2027-11-01")])
def test_a_last_day_ends_at_midnight_when_the_clocks_change(
    project: Path, berlin: None, day: str, next_day: str
) -> None:
    late, early = (datetime.fromisoformat(at).timestamp() for at in (f"{day} 23:59", f"{next_day} 00:01"))
    with database(project) as db:
        write(db, [call("late", 1, late), call("early", 1, early)])
    groups = loomkin("cost", "--since", day, "--until", day, "--json").json["groups"]
    assert [group["group"] for group in groups] == ["late"]


def test_where_no_model_was_called_the_days_asked_for_are_named(project: Path) -> None:
    assert loomkin("cost", "--until", "2025-12-31").out.endswith(" until 2025-12-31.\n")
    both = loomkin("cost", "--since", "2025-12-30", "--until", "2025-12-31").out
    assert both.endswith(" since 2025-12-30 until 2025-12-31.\n")


def test_days_in_the_wrong_order_are_refused(project: Path) -> None:
    refused = loomkin("cost", "--since", "2026-01-02", "--until", "2026-01-01")
    assert refused.code == 2
    assert "--until 2026-01-01 is before --since 2026-01-02" in refused.err


@pytest.mark.parametrize(
    "words",
    [
        ("--since", "yesterday"),
        ("--by", "colour"),
        ("--since", "9999-99-99"),
        ("--until", "tomorrow"),
        ("--until", "2026-02-30"),
    ],
)
def test_words_that_mean_nothing_are_refused(project: Path, words: tuple[str, ...]) -> None:
    refused = loomkin("cost", *words)
    assert refused.code == 2
    assert words[0] in refused.err
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
