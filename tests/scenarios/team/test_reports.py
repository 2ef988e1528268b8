"""An agent's last words reach who asked for its work: the final ones, and also what could not be finished."""

import asyncio
from typing import Any

import pytest

from tests.scenarios.conftest import Bench, call, said
from tests.scenarios.team.conftest import asked, last
from tests.scenarios.team.test_plan import LOST, beside, count, create, done, led, released_when

BLOCK = {"calls": [call("task_block", task="t1", on="person", reason="which mean?")]}


def resume(words: str) -> list[dict[str, Any]]:
    """Steps in which somebody lets the task go on, and says so."""
    return [
        {"calls": [call("task_update", task="t1", reason="the plain one", move="resume")]},
        {"text": words},
    ]


@pytest.mark.feature("B3")
async def test_an_order_stays_open_until_the_last_task_of_its_plan_has_ended(bench: Bench) -> None:
    script = {
        "concierge": led(),
        "lead": [
            {"calls": [create("mend mean", "coder")]},
            {"text": "The plan is up."},
            {"text": "t1 is with coder, who waits."},
            *resume("t1 goes on."),
            {"text": "mean() is mended."},
        ],
        "coder": [BLOCK, done("t1", "mended")],
    }
    async with bench.model(script=script) as server:
        ended = await bench.run("ask", "mend mean()", "--team", "default")
        assert (ended.code, ended.out) == (0, "All done.\n"), ended.err
        assert len(asked(server, "concierge")) == 3
        # a call that leaves nothing to do ends the turn, and the mail that wakes it follows its result
        assert len(asked(server, "coder")) == 2
        heard = last(server, "concierge")
        assert "mean() is mended." in heard
        assert "who waits" not in heard
        assert "Not finished" not in heard


@pytest.mark.feature("B3")
async def test_what_cannot_be_finished_goes_up_as_such_and_so_does_what_comes_of_it_later(
    bench: Bench,
) -> None:
    script = {
        "concierge": [
            {"calls": [call("team_spawn", role="lead", work="Mend mean().")]},
            {"text": "A lead is at it."},
            *resume("It goes on."),
            {"text": "All done."},
        ],
        "lead": [
            {"calls": [create("mend mean", "coder")]},
            {"text": "The plan is up."},
            {"text": "t1 waits."},
            {"text": "Nobody knows which mean."},
            {"text": "mean() is mended after all."},
        ],
        "coder": [BLOCK, done("t1", "mended")],
    }
    async with bench.model(script=script) as server:
        ended = await bench.run("ask", "mend mean()", "--team", "default")
        assert (ended.code, ended.out) == (0, "All done.\n"), ended.err
        assert "Nobody works any more" in said(asked(server, "lead")[3])
        told = said(asked(server, "concierge")[2])
        assert "Not finished: " in told
        assert "Nobody knows which mean." in told
        assert "t1 waits." not in told
        assert "mean() is mended after all." in last(server, "concierge")


@pytest.mark.feature("B3")
async def test_who_ends_a_turn_while_a_task_waits_in_its_name_tells_its_creator(bench: Bench) -> None:
    script = {
        "concierge": led(),
        "lead": [
            {"calls": [create("mend mean", "coder")]},
            {"text": "The plan is up."},
            {"calls": [call("peer_message", to="coder", text="The plain one. Go on.")]},
            {"text": "Told coder."},
            *resume("It goes on."),
            {"text": "mean() is mended."},
        ],
        "coder": [BLOCK, {"text": "Somebody must give t1 back to me."}, done("t1", "mended")],
    }
    async with bench.model(script=script) as server:
        ended = await bench.run("ask", "mend mean()", "--team", "default")
        assert (ended.code, ended.out) == (0, "All done.\n"), ended.err
        heard = said(asked(server, "lead")[4])
        assert "I ended my turn, and t1 (mend mean) is waiting with me." in heard
        assert "Somebody must give t1 back to me." in heard
        assert "mean() is mended." in last(server, "concierge")


@pytest.mark.feature("B3")
async def test_who_was_asked_by_an_agent_still_answers_after_handing_a_task_in(bench: Bench) -> None:
    spawn = call("team_spawn", role="coder", work="Say what mean() does.")
    script = {
        "concierge": [
            {"calls": [spawn, create("mend mean", "coder", owner="coder")]},
            {"text": "A coder is at both."},
            {"text": "All done.", "repeat": True},
        ],
        "coder": [
            {"calls": [call("file_read", path="calc.py")], "wait_for": "offered"},
            done("t1", "mended"),
            {"text": "It adds one."},
        ],
    }
    async with bench.model(script=script) as server:
        ended = bench.run("ask", "mend mean()", "--team", "default")
        ended = await released_when(server, ended, "offered", lambda chats: count(chats, "concierge") == 2)
        assert (ended.code, ended.out) == (0, "All done.\n"), ended.err
        assert "t1 is accepted" in last(server, "coder")
        assert "It adds one." in last(server, "concierge")


@pytest.mark.feature("B15")
async def test_who_judges_the_last_task_of_an_answered_order_says_what_came_of_it(bench: Bench) -> None:
    bench.write(".loomkin.toml", "[team]\nmax_agents = 3\n")
    script = {
        "concierge": [
            {"calls": [call("team_spawn", role="lead", work="Mend mean().")]},
            {"text": "A lead is at it."},
            *resume("It goes on."),
            {"text": "All done."},
        ],
        "lead": [
            {"calls": [create("mend mean", "coder", needs_review=True)]},
            {"text": "The plan is up."},
            {"text": "t1 waits."},
            {"text": "Nobody knows which mean."},
            {"calls": [call("peer_review", task="t1", verdict="approve")]},
            {"text": "mean() is mended after all."},
        ],
        "coder": [BLOCK, done("t1", "mended")],
    }
    async with bench.model(script=script) as server:
        ended = await bench.run("ask", "mend mean()", "--team", "default")
        assert (ended.code, ended.out) == (0, "All done.\n"), ended.err
        assert "Nobody knows which mean." in said(asked(server, "concierge")[2])
        assert "t1 is approved and done" in last(server, "lead")
        assert "mean() is mended after all." in last(server, "concierge")


@pytest.mark.feature("B3")
async def test_what_hands_a_task_in_ends_the_turn_also_beside_others_unless_one_fails_or_is_an_answer(
    bench: Bench,
) -> None:
    read = call("file_read", path="calc.py")
    script = {
        "concierge": [
            {
                "calls": [
                    create("mend mean", "coder"),
                    create("test mean", "tester", needs=["t1"]),
                    create("look at mean", "researcher", needs=["t2"]),
                ]
            },
            {"text": "The plan is up."},
            {"text": "All done.", "repeat": True},
        ],
        "coder": [
            {"calls": [read, *done("t1", "mended")["calls"], LOST]},
            {"text": "It is nowhere."},
            {"text": "It is in calc.py.", "match": "Where is mean"},
        ],
        "tester": [
            beside(done("t2", "tested"), call("peer_ask", to="coder", question="Where is mean()?")),
            {"text": "I see."},
        ],
        "researcher": [{"calls": [read, *done("t3", "looked")["calls"], read]}],
    }
    async with bench.model(script=script) as server:
        ended = await bench.run("ask", "mend mean()", "--team", "default")
        assert (ended.code, ended.out) == (0, "All done.\n"), ended.err
        messages = asked(server, "coder")[1]["messages"]
        planned = next(one for one in messages if one.get("tool_calls"))
        results = [one for one in messages if one.get("tool_call_id")]
        assert [one["tool_call_id"] for one in results] == [one["id"] for one in planned["tool_calls"]]
        assert ["def mean" in said(one) for one in results] == [True, False, False]
        assert "t1 is accepted" in said(results[1])
        assert "nowhere.py" in said(results[2])
        assert "coder answers: It is in calc.py." in said(asked(server, "tester")[1])
        assert len(asked(server, "researcher")) == 1


@pytest.mark.feature("B1")
@pytest.mark.feature("B3")
async def test_who_answered_a_question_tells_the_asker_nothing_at_the_end_and_may_plan_and_end_beside_it(
    bench: Bench,
) -> None:
    first, more = create("look for callers", "researcher"), create("look for tests", "researcher")
    script = {
        "concierge": led(),
        "lead": [
            {"text": "A coder mends it.", "calls": [first, create("mend mean", "coder", needs=["t1"])]},
            {
                "text": "The coder knows it.",
                "calls": [
                    call("peer_answer", id="m5", answer="The plain one."),
                    call("peer_message", to="coder", text="No new tests."),
                    call("task_update", task="t2", reason="known", description="The plain one."),
                ],
            },
            {
                "text": "A researcher looks first.",
                "calls": [
                    more,
                    call("task_depend", task="t2", on="t3"),
                    call("task_update", task="t2", reason="asked", description="As t3 says."),
                    call("peer_answer", id="m9", answer="See what t3 finds."),
                ],
            },
            {"text": "mean() is mended."},
        ],
        "coder": [
            {"calls": [call("peer_ask", to="lead", question="Which mean?")]},
            {"calls": [call("peer_ask", to="lead", question="Who tests it?")]},
            {"text": "I wait for t3."},
            done("t2", "mended"),
        ],
        "researcher": [done("t1", "nobody calls it"), done("t3", "nobody tests it")],
    }
    async with bench.model(script=script) as server:
        ended = await bench.run("ask", "mend mean()", "--team", "default")
        assert (ended.code, ended.out) == (0, "All done.\n"), ended.err
        heard = last(server, "coder")
        assert "lead answers: The plain one." in heard
        assert "lead answers: See what t3 finds." in heard
        assert 'from=\\"loomkin\\" kind=\\"order' in heard
        assert 'from=\\"lead\\" kind=\\"handoff' not in heard
        # a remark beside changes of the plan alone ends the turn, as others are at work
        assert (len(asked(server, "lead")), len(asked(server, "coder"))) == (4, 4)
        # it goes on with what is new: what its order said is not said again, what was revised meanwhile is
        on = heard[heard.index("t2 (mend mean) goes on") :]
        assert "nobody tests it" in on
        assert "nobody calls it" not in on
        assert heard.count("nobody calls it") == 1
        assert heard.count("it is now: As t3 says.") == 1
        assert "mean() is mended." in last(server, "concierge")


@pytest.mark.feature("B3")
async def test_orders_with_a_line_beside_them_end_the_turn_and_the_line_is_for_the_person(
    bench: Bench,
) -> None:
    script = {
        "concierge": [
            {"text": "A researcher looks.", "calls": [call("team_spawn", role="researcher", work="Look.")]},
            {"text": "It adds one."},
        ],
        "researcher": [{"text": "Look: it adds one.", "wait_for": "idle"}],
    }
    async with bench.model(script=script) as server:
        process = await bench.start("ask", "go", "--team", "default", "-v")
        await server.until(lambda chats: count(chats, "researcher") == 1)
        assert process.stderr is not None
        async with asyncio.timeout(20):
            async for line in process.stderr:
                if line.startswith(b"concierge: waits for researcher after 1 model calls"):
                    break
        server.release("idle")
        out, _ = await process.communicate()
        assert (process.returncode, out) == (0, b"It adds one.\n")
        planned, result, report = asked(server, "concierge")[1]["messages"][-3:]
        assert planned["content"] == "A researcher looks."
        assert "is at work" in said(result)
        assert "Look: it adds one." in said(report)


@pytest.mark.feature("B3")
async def test_an_order_beside_other_calls_or_without_a_line_ends_no_turn(bench: Bench) -> None:
    spawn = call("team_spawn", role="researcher", work="Look.", fresh=True)
    script = {
        "concierge": [
            {"calls": [spawn]},
            {"text": "I look, too.", "calls": [spawn, call("file_read", path="calc.py")]},
            {"text": "One more.", "calls": [spawn, call("team_spawn", role="poet", work="Look.")]},
            {"text": "Waiting."},
            {"text": "Done.", "repeat": True},
        ],
        "default": [{"text": "It adds one.", "wait_for": "asked", "repeat": True}],
    }
    async with bench.model(script=script) as server:
        ended = bench.run("ask", "go", "--team", "default")
        ended = await released_when(server, ended, "asked", lambda chats: count(chats, "concierge") == 4)
        assert (ended.code, ended.out) == (0, "Done.\n"), ended.err
        assert "There is no role 'poet'" in said(asked(server, "concierge")[3]["messages"][-1])


@pytest.mark.feature("B3")
async def test_a_report_comes_with_what_loomkin_saw_and_not_with_what_was_said(bench: Bench) -> None:
    bench.write("check.sh", "grep -c '/ len(values)$' calc.py\n")
    mend = call("file_edit", path="calc.py", old="len(values) + 1", new="len(values)")
    more = call("file_edit", path="calc.py", old="value * 2", new="2 * value")
    run = call("shell", command="sh check.sh")
    script = {
        "concierge": [
            {"text": "A coder mends it.", "calls": [call("team_spawn", role="coder", work="Mend mean().")]},
            {"calls": [call("team_spawn", role="researcher", work="Look.")]},
            {"text": "Done.", "repeat": True},
        ],
        "coder": [
            {"calls": [call("file_read", path="calc.py")]},
            {"calls": [run, mend, run, call("shell", command="cat calc.py | tail -n 1")]},
            {"calls": [more]},
            {"calls": [call("shell", command="sh check.sh && exit 3"), call("shell", command="git status")]},
            {"text": "I changed nothing, ran all tests and committed."},
        ],
        "researcher": [{"calls": [call("file_read", path="calc.py")]}, {"text": "It is the mean."}],
    }
    async with bench.model(script=script) as server:
        ended = await bench.run("ask", "mend it", "--team", "default", "--permission-mode", "yolo")
        assert (ended.code, ended.out) == (0, "Done.\n"), ended.err
        heard = asked(server, "concierge")[1]["messages"][-1]["content"]
        assert (
            "I changed nothing, ran all tests and committed.\n\n"
            "loomkin saw: changed calc.py +2 -2; after the last edit: `sh check.sh && exit 3` -> exit 3; "
            "not committed.\n</mail>"
        ) in heard
        told = said(asked(server, "concierge")[-1]["messages"][1:])
        assert told.count("loomkin saw") == 1, "who can only read did nothing to see"


@pytest.mark.feature("A7")
async def test_who_dissolves_a_team_gets_no_mail_about_it(bench: Bench) -> None:
    script = {
        "concierge": [
            {"calls": [call("team_spawn", role=role, work="Look.") for role in ("lead", "researcher")]},
            {"calls": [call("team_dissolve")]},
            {"text": "Ended."},
        ],
        "lead": [{"text": "never", "wait_for": "never"}],
        "researcher": [{"text": "never", "wait_for": "never"}],
    }
    async with bench.model(script=script) as server:
        ended = await bench.run("ask", "go", "--team", "default")
        assert (ended.code, ended.out) == (0, "Ended.\n"), ended.err
        assert len(asked(server, "concierge")) == 3
        assert "lead has ended" in last(server, "concierge")
        assert "was stopped" not in last(server, "concierge")
