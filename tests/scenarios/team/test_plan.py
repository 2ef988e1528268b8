"""A lead puts up a plan, and agents carry it out: who is told what, when, and who has a task."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.fakes.model_server import Entry, ModelServer
from tests.scenarios.conftest import Bench, Ended, call, said
from tests.scenarios.team.conftest import asked, closing, last


def create(title: str, role: str, **more: Any) -> dict[str, Any]:
    """A planned call of task_create."""
    return call("task_create", title=title, description=f"Please {title}.", role=role, **more)


def led(*steps: dict[str, Any]) -> list[dict[str, Any]]:
    """A concierge that has a lead do it and says at the end what the lead said."""
    return [
        {"calls": [call("team_spawn", role="lead", work="Mend mean() and test it.")]},
        {"text": "A lead is at it."},
        *steps,
        {"text": "All done."},
    ]


def done(task: str, words: str, **more: Any) -> dict[str, Any]:
    """A step that hands a task in."""
    return {"calls": [call("task_complete", task=task, done=words, **more)]}


def beside(step: dict[str, Any], *more: dict[str, Any]) -> dict[str, Any]:
    """A step that makes more calls in the same answer."""
    return {**step, "calls": [*step["calls"], *more]}


LOST = call("file_read", path="nowhere.py")
"""Beside a call that would end the turn it fails, and the agent is asked once more."""


@pytest.mark.feature("B3")
@pytest.mark.feature("B4")
async def test_the_second_task_begins_after_the_first_and_with_its_handoff(bench: Bench) -> None:
    script = {
        "concierge": led(),
        "lead": [
            {
                "calls": [
                    create("mend mean", "coder", checks=["true"]),
                    create("test mean", "tester", needs=["t1"]),
                ]
            },
            {"text": "The plan is up."},
            {"text": "Both are done."},
        ],
        "coder": [
            done("t1", "took the + 1 away", changed=["calc.py"], decided="an empty list still raises"),
        ],
        "tester": [done("t2", "wrote two tests", evidence="2 passed")],
    }
    async with bench.model(script=script) as server:
        ended = await bench.run("ask", "mend mean() and test it", "--team", "default")
        assert (ended.code, ended.out) == (0, "All done.\n"), ended.err
        order = said(asked(server, "coder")[0])
        assert "Task t1: mend mean\\nPlease mend mean.\\n" in order
        assert "The person's words, of which t1 is your part:\\nmend mean() and test it\\n</mail>" in order
        assert "`true`" in order
        order = said(asked(server, "tester")[0])
        assert "Task t2: test mean" in order
        assert "done: took the + 1 away\\nchanged: calc.py\\ndecided: an empty list still raises" in order
        assert first_call(server, "tester") > last_call(server, "coder", 0)
        assert "wrote two tests" in last(server, "lead")
        assert "took the + 1 away" in last(server, "lead")
        assert len(asked(server, "lead")) == 3
        # what is handed in ends the turn: nobody is asked once more only to say so
        assert len(asked(server, "coder")) == len(asked(server, "tester")) == 1
        assert "Your handoff goes to those who need it." in closing(bench, "coder")


def count(chats: list[Entry], agent: str) -> int:
    """How many requests of an agent there were."""
    return sum(entry.agent == agent for entry in chats)


async def released_when(
    server: ModelServer, work: Awaitable[Ended], gate: str, holds: Callable[[list[Entry]], bool]
) -> Ended:
    """What `work` comes to, with a gate that opens once the requests so far are as asked for."""

    async def release() -> None:
        await server.until(holds)
        server.release(gate)

    async with asyncio.TaskGroup() as group:
        opener = group.create_task(release())
        ended = await work
        opener.cancel()
    return ended


def first_call(server: ModelServer, agent: str) -> int:
    """The number of an agent's first request among all."""
    return next(entry.number for entry in server.chats if entry.agent == agent)


def last_call(server: ModelServer, agent: str, at: int = -1) -> int:
    """The number of an agent's last request among all."""
    return [entry.number for entry in server.chats if entry.agent == agent][at]


@pytest.mark.feature("B3")
async def test_two_tasks_given_to_one_agent_in_one_instant_are_both_done_one_after_the_other(
    bench: Bench,
) -> None:
    script = {
        "lead": [
            {"calls": [create("look", "coder", owner="")]},
            {"text": "The coder is busy."},
            {"calls": [create("one", "coder", owner="coder"), create("two", "coder", owner="coder")]},
            {"text": "Two more."},
            {"text": "All three are done."},
        ],
        "coder": [
            done("t1", "looked"),
            done("t2", "did one"),
            done("t3", "did two"),
        ],
    }
    async with bench.model(script=script) as server:
        ended = await bench.run("ask", "do three things", "--team", "default", "--role", "lead")
        assert (ended.code, ended.out) == (0, "All three are done.\n"), ended.err
        assert {entry.agent for entry in server.chats} == {"lead", "coder"}
        assert "did one" in last(server, "lead")
        assert "did two" in last(server, "lead")
        second = said(asked(server, "coder")[1])
        assert "Task t2: one" in second
        assert "Task t3: two" not in second


@pytest.mark.feature("B3")
async def test_each_owner_has_the_persons_words_once_and_can_read_what_is_left_out(bench: Bench) -> None:
    words = f"Mend mean(). {'It adds one. ' * 100}Leave double() alone."
    script = {
        "concierge": led(),
        "lead": [
            {"calls": [create("mend mean", "coder"), create("look", "coder", needs=["t1"])]},
            {"text": "The plan is up."},
            {"text": "Both are done."},
        ],
        "coder": [done("t1", "mended"), done("t2", "looked")],
    }
    async with bench.model(script=script) as server:
        ended = await bench.run("ask", words, "--team", "default")
        assert (ended.code, ended.out) == (0, "All done.\n"), ended.err
        order, both = said(asked(server, "coder")[0]), last(server, "coder")
        assert f"The person's words, of which t1 is your part:\\n{words[:1200]}\\n[" in order
        assert "Leave double()" not in order
        assert "Task t2: look" in both
        assert both.count("The person's words") == 1
        rest = re.search(r"characters more: context_read\(message=(\w+), span=0\); see tool_search", order)
        assert rest is not None
    search, read = call("tool_search", query="context_read"), call("context_read", message=rest[1], span=0)
    async with bench.model(script=[{"calls": [search]}, {"calls": [read]}, {"text": "Read."}]) as server:
        assert (await bench.run("ask", "What else was asked for?")).out == "Read.\n"
        assert "Leave double() alone." in last(server, "coder")


@pytest.mark.feature("B8")
async def test_declining_moves_the_task_to_who_was_proposed_and_the_reason_is_known(bench: Bench) -> None:
    script = {
        "lead": [
            {"calls": [create("look", "tester"), create("write it", "coder")]},
            {"text": "The plan is up."},
            {"text": "The tester did both."},
        ],
        "coder": [
            {"calls": [call("task_decline", task="t2", reason="it is about tests", agent="tester")]},
        ],
        "tester": [
            {"calls": [call("file_read", path="calc.py")], "wait_for": "declined"},
            done("t1", "looked"),
            done("t2", "wrote it"),
        ],
    }
    async with bench.model(script=script) as server:
        ended = bench.run("ask", "write it", "--team", "default", "--role", "lead")
        ended = await released_when(server, ended, "declined", lambda chats: count(chats, "coder") == 1)
        assert (ended.code, ended.out) == (0, "The tester did both.\n"), ended.err
        assert "Task t2: write it" in last(server, "tester")
        assert "By tester:" in last(server, "lead")
        told = said({"messages": asked(server, "lead")[-1]["messages"]})
        assert (
            "coder declined t2 (write it): it is about tests\\nt2 (write it) is offered with tester" in told
        )


@pytest.mark.feature("B3")
async def test_creating_a_task_says_what_it_waits_for_and_what_cannot_work(bench: Bench) -> None:
    script = {
        "lead": [
            {
                "calls": [
                    create("mend mean", "coder", checks=["nosuchprogram --all", "X=1 python3 -c pass"]),
                    create("look at parts", "tester", needs=["t1:partial"]),
                    create("write tests", "tester", regions=["tests/test_calc.py"]),
                ]
            },
            {
                "calls": [
                    call("task_update", task="t1", reason="no such program", checks=["true"], priority=7)
                ],
                "wait_for": "accepted",
            },
            {"calls": [call("task_update", task="t2", reason="not needed", move="cancel")]},
            {"text": "The plan is up."},
            {"text": "All done."},
        ],
        "coder": [
            {"calls": [call("file_read", path="calc.py")]},
            {"calls": [call("file_read", path="calc.py")], "wait_for": "revised"},
            done("t1", "did it"),
        ],
    }
    async with bench.model(script=script) as server:
        process = await bench.start("ask", "mend it", "--team", "default", "--role", "lead")
        await server.until(lambda chats: count(chats, "coder") == 2)
        server.release("accepted")
        await server.until(lambda chats: count(chats, "lead") == 4)
        server.release("revised")
        out, err = await process.communicate()
        assert (process.returncode, out) == (0, b"All done.\n"), err.decode()
        told = said(asked(server, "lead")[1])
        assert "t1 (mend mean) is ready: it waits for a free coder, or for one to be hired." in told
        assert "`nosuchprogram --all` cannot run: there is no program 'nosuchprogram' here." in told
        assert "python3 -c pass` cannot run" not in told
        assert "is proposed: it waits for the first partial result of t1 (coder, ready)." in told
        assert "A tester has no tools that write, so it cannot change tests/test_calc.py." in told
        assert "These roles can write: coder" in told
        news = said({"messages": asked(server, "coder")[2]["messages"][-2:]})
        assert "lead revised t1 (no such program). What changed, the rest stays:" in news
        assert "- checks: without `nosuchprogram --all`, `X=1 python3 -c pass`, also `true`" in news
        assert "- priority: 5 -> 7" in news
        assert "Please mend mean." not in news
        assert 't1 (mend mean) is in progress with coder."' in said(asked(server, "lead")[2])
        # a check that was taken away is named in the handoff as such
        handoff = "run by loomkin:\\n- `true`: exit 0\\n- `nosuchprogram --all`: withdrawn by lead\\n"
        assert handoff in last(server, "lead")


@pytest.mark.feature("B3")
async def test_an_owner_who_only_talks_is_reminded_twice_and_then_loses_the_task(bench: Bench) -> None:
    script = {
        "lead": [
            {"calls": [create("write it", "coder")]},
            {"text": "The plan is up."},
            {"text": "Done by the second one."},
        ],
        "coder": [{"text": "I will."}, {"text": "Soon."}, {"text": "Tomorrow."}],
        "coder-2": [done("t1", "wrote it")],
    }
    async with bench.model(script=script) as server:
        ended = await bench.run("ask", "write it", "--team", "default", "--role", "lead")
        assert (ended.code, ended.out) == (0, "Done by the second one.\n"), ended.err
        assert last(server, "coder").count("is still in your hands") == 2
        first = said(asked(server, "coder-2")[0])
        assert "An earlier attempt left this" in first
        assert "Tomorrow." in first


@pytest.mark.feature("B4")
async def test_a_failure_cancels_replans_or_holds_as_each_edge_says(bench: Bench) -> None:
    script = {
        "lead": [
            {
                "calls": [
                    create("build", "coder"),
                    create("ship", "coder", needs=["t1"], on_failure="cancel"),
                    create("test", "tester", needs=["t1"], on_failure="replan"),
                ]
            },
            {"text": "The plan is up."},
            {"calls": [call("task_update", task="t1", reason="no compiler", move="fail")]},
            {"calls": [call("task_depend", task="t3", on="t1", remove=True)]},
            {"text": "The tester goes on alone."},
            {"text": "Tested."},
        ],
        "coder": [
            {"calls": [call("task_block", task="t1", on="resource", reason="there is no compiler")]},
            {"text": "Blocked."},
        ],
        "tester": [done("t3", "tested the old build")],
    }
    async with bench.model(script=script) as server:
        ended = await bench.run("ask", "build and test", "--team", "default", "--role", "lead")
        assert (ended.code, ended.out) == (0, "Tested.\n"), ended.err
        told = said(asked(server, "lead")[2])
        assert "t1 (build) cannot go on, resource: there is no compiler" in told
        told = said(asked(server, "lead")[3])
        assert "t1 (build) is failed" in told
        assert "t2 (ship) needed it and is cancelled." in told
        assert "t3 (test) needed it and must be planned anew" in told
        assert "tested the old build" in last(server, "lead")


@pytest.mark.feature("B4")
@pytest.mark.feature("B5")
async def test_a_milestone_starts_the_dependent_while_the_task_goes_on(bench: Bench) -> None:
    script = {
        "lead": [
            {"calls": [create("api", "coder"), create("client", "tester", needs=["t1:schema_ready"])]},
            {"text": "The plan is up."},
            {"text": "Both are done."},
        ],
        "coder": [
            {"calls": [call("task_milestone", task="t1", name="schema_ready", note="see schema.sql")]},
            {**done("t1", "made the api"), "wait_for": "client at work"},
        ],
        "tester": [done("t2", "made the client")],
    }
    async with bench.model(script=script) as server:
        ended = bench.run("ask", "api and client", "--team", "default", "--role", "lead")
        ended = await released_when(
            server, ended, "client at work", lambda chats: count(chats, "tester") == 1
        )
        assert (ended.code, ended.out) == (0, "Both are done.\n"), ended.err
        first = said(asked(server, "tester")[0])
        assert "Milestone schema_ready of t1" in first
        assert "see schema.sql" in first
        assert "t2 waits for the milestone `schema_ready`" in said(asked(server, "coder")[0])


@pytest.mark.feature("B4")
async def test_a_milestone_that_never_came_is_told_and_holds_nothing_back(bench: Bench) -> None:
    script = {
        "lead": [
            {"calls": [create("api", "coder"), create("client", "tester", needs=["t1:schema_ready"])]},
            {"text": "The plan is up."},
            {"text": "I see."},
            {"text": "Both are done."},
        ],
        "coder": [done("t1", "made the api")],
        "tester": [
            {**done("t2", "made the client"), "wait_for": "lead told"},
        ],
    }
    async with bench.model(script=script) as server:
        ended = bench.run("ask", "api and client", "--team", "default", "--role", "lead")
        ended = await released_when(server, ended, "lead told", lambda chats: count(chats, "lead") == 3)
        assert ended.code == 0, ended.err
        assert "its milestone schema_ready, never announced" in said(asked(server, "lead")[2])
        assert "never reached the milestone schema_ready" in said(asked(server, "tester")[0])


@pytest.mark.feature("B6")
async def test_a_consumer_starts_on_the_first_partial_result_and_gets_the_rest(bench: Bench) -> None:
    script = {
        "lead": [
            {"calls": [create("list", "coder"), create("use", "tester", needs=["t1:partial"])]},
            {"text": "The plan is up."},
            {"text": "Both are done."},
        ],
        "coder": [
            {"calls": [call("task_partial", task="t1", text="first: apples", total=2)]},
            {
                "calls": [call("task_partial", task="t1", text="second: pears", total=2)],
                "wait_for": "consumer at work",
            },
            beside(done("t1", "listed both"), LOST),
            {"text": "Listed both."},
        ],
        "tester": [
            {"calls": [call("file_read", path="calc.py")]},
            {"calls": [call("file_read", path="test_calc.py")], "wait_for": "all listed"},
            done("t2", "used both"),
        ],
    }
    async with bench.model(script=script) as server:
        ended = bench.run("ask", "list and use", "--team", "default", "--role", "lead")
        ended = await released_when(
            server,
            released_when(server, ended, "consumer at work", lambda chats: count(chats, "tester") == 2),
            "all listed",
            lambda chats: count(chats, "coder") == 4,
        )
        assert (ended.code, ended.out) == (0, "Both are done.\n"), ended.err
        first = said(asked(server, "tester")[0])
        assert "Part 1 of 2 of t1 (list): first: apples" in first
        assert "pears" not in first
        third = said(asked(server, "tester")[2])
        assert "Part 2 of 2 of t1 (list): second: pears" in third
        assert "listed both" in third


@pytest.mark.feature("B3")
async def test_a_plan_that_cannot_move_is_told_once_and_does_not_hang(bench: Bench) -> None:
    script = {
        "lead": [
            {"calls": [create("build", "coder")]},
            {"text": "The plan is up."},
            {"text": "That needs the person."},
            {"text": "It stays open: nobody has the key."},
        ],
        "coder": [
            {"calls": [call("task_block", task="t1", on="person", reason="the key is missing")]},
            {"text": "Blocked."},
        ],
    }
    async with bench.model(script=script) as server:
        ended = await bench.run("ask", "build", "--team", "default", "--role", "lead")
        assert (ended.code, ended.out) == (0, "It stays open: nobody has the key.\n"), ended.err
        assert "these tasks cannot move" in last(server, "lead")
        assert "person: the key is missing" in last(server, "lead")
        freed = "-> task_update(task=t1, reason=..., move=resume) lets coder go on with it."
        assert freed in last(server, "lead")


@pytest.mark.feature("B3")
async def test_a_split_task_waits_for_its_parts_and_goes_on_with_their_handoffs(bench: Bench) -> None:
    split = call("task_split", task="t1", parts=["front: the page", "back: the server"], role="tester")
    script = {
        "lead": [
            {"calls": [create("shop", "coder")]},
            {"text": "The plan is up."},
            {"text": "The shop stands."},
        ],
        "coder": [
            {"calls": [call("tool_search", query="split a task into parts")]},
            {"calls": [split]},
            {"text": "Two testers have the parts."},
            done("t1", "put both together"),
        ],
        "tester": [done("t2", "made the page")],
        "tester-2": [done("t3", "made the server")],
    }
    async with bench.model(script=script) as server:
        ended = await bench.run("ask", "shop", "--team", "default", "--role", "lead")
        assert (ended.code, ended.out) == (0, "The shop stands.\n"), ended.err
        assert len(asked(server, "coder")) == 4
        assert "t1 (shop) goes on" in said(asked(server, "coder")[3])
        assert "made the page" in said(asked(server, "coder")[3])
        assert "made the server" in said(asked(server, "coder")[3])
        assert "Part of t1: shop" in said(asked(server, "tester")[0])


@pytest.mark.feature("B5")
async def test_agents_at_a_rendezvous_are_woken_when_all_are_there(bench: Bench) -> None:
    meet = call("rendezvous_create", name="merge", agents=["coder", "tester"], text="Merge now.")
    ready = {"calls": [call("rendezvous_ready", name="merge")]}
    script = {
        "lead": [
            {"calls": [create("one", "coder"), create("two", "tester")]},
            {"text": "The plan is up.", "wait_for": "both"},
            {"text": "Merged."},
        ],
        "coder": [
            {**ready, "wait_for": "open"},
            {"text": "I wait."},
            done("t1", "one"),
        ],
        "tester": [
            {**ready, "wait_for": "coder waits"},
            done("t2", "two"),
        ],
    }
    script["lead"].insert(1, {"calls": [meet], "wait_for": "both"})
    async with bench.model(script=script) as server:
        ended: Any = bench.run("ask", "two things", "--team", "default", "--role", "lead")
        both = released_when(
            server, ended, "both", lambda chats: count(chats, "coder") == 1 and count(chats, "tester") == 1
        )
        opened = released_when(server, both, "open", lambda chats: count(chats, "lead") == 3)
        ended = await released_when(server, opened, "coder waits", lambda chats: count(chats, "coder") == 2)
        assert (ended.code, ended.out) == (0, "Merged.\n"), ended.err
        assert "missing: tester" in said(asked(server, "coder")[1])
        assert "All are at merge. Merge now." in said(asked(server, "coder")[2])
