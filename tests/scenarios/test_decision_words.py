"""`loomkin graph` at the edge: what is not quite right is refused, and what is left out is said."""

import pytest

from tests.scenarios.conftest import Bench

pytestmark = pytest.mark.feature("C1")


async def add(bench: Bench, *words: str) -> None:
    done = await bench.run("graph", "add", *words)
    assert done.code == 0, done.err


async def test_an_option_turned_down_may_have_colons_in_its_title(bench: Bench) -> None:
    await add(bench, "decision", "Use B", "--reject", "Use http://foo: bad: slow", "--reject", "http://a:no")
    shown = await bench.run("graph", "show", "d1")
    assert "rejected d2 Use http://foo: bad: slow" in shown.out
    assert "rejected d3 http://a: no" in shown.out
    (node,) = [one for one in (await bench.run("graph", "show", "--json")).json["nodes"] if one["id"] == "d2"]
    assert node["title"] == "Use http://foo"
    without = await bench.run("graph", "add", "decision", "Use C", "--reject", "http://foo")
    assert (without.code, "says not why" in without.err) == (2, True)


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        (("add", "goal", "Ship", "--parent", ""), "--parent names no node"),
        (("add", "goal", "Ship", "--edge", "requires"), "name that, too"),
        (("show", "--limit", "0"), "--limit"),
        (("show", "--limit", "-3"), "--limit"),
        (("show", "d1", "--around", "-1"), "--around"),
        (("edit", "d1"), "These can be: --title, --description, --confidence, --status, --reason, --file,"),
    ],
)
async def test_what_cannot_be_meant_is_a_usage_error(
    bench: Bench, words: tuple[str, ...], fault: str
) -> None:
    refused = await bench.run("graph", *words)
    assert (refused.code, fault in refused.err) == (2, True)


async def test_what_is_not_shown_is_counted_and_what_does_not_fit_is_not_called_nothing(bench: Bench) -> None:
    assert (
        await bench.run("graph", "tree", "--branch", "elsewhere")
    ).out == "Nothing was decided here yet.\n"
    await add(bench, "decision", "Use B", "--reject", "Use A: slow", "--reject", "Use C: large")
    assert (await bench.run("graph", "show", "--limit", "2")).out.splitlines()[2:] == [
        "(2 of 3: raise limit)"
    ]
    assert len((await bench.run("graph", "show", "--limit", "3")).out.splitlines()) == 3
    for view in ("tree", "narrative"):
        none = await bench.run("graph", view, "--branch", "elsewhere")
        assert none.out == "No decision fits what was asked for.\n"


async def test_a_goal_that_is_there_is_not_added_again(bench: Bench) -> None:
    await add(bench, "goal", "Ship login")
    again = await bench.run("graph", "add", "goal", "ship login")
    assert again.out.startswith("Already there: d1 goal: Ship login\n")
