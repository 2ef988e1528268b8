"""What failed in one session and what mended it is known in the next, before it is done again."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.scenarios.conftest import Bench, bodies, call

YOLO = ("--permission-mode", "yolo")
FAILING = "run-the-tool --fast calc.py"
WORKING = "sh tool/run.sh --fast calc.py"
NOT_FOUND = "run-the-tool: command not found"
LEARNT = (
    {"calls": [call("shell", command=FAILING)]},
    {"calls": [call("shell", command=WORKING)]},
    {"text": "Done."},
)


def shell(command: str) -> dict[str, Any]:
    """A step that runs one command."""
    return {"calls": [call("shell", command=command)]}


def results(body: dict[str, Any]) -> list[str]:
    """What came back of calls, oldest first."""
    return [one["content"] for one in body["messages"] if one["role"] == "tool"]


async def failures(bench: Bench, *words: str) -> Any:
    """What the repository knows of failures."""
    return (await bench.run("failures", "list", *words, "--json")).json


def with_tool(bench: Bench) -> None:
    """Put a script into the repository that works."""
    bench.write("tool/run.sh", "exit 0\n")


def with_build(bench: Bench) -> None:
    """Put a build into the repository that needs a file which is not there."""
    bench.write("build.sh", "cat needed.txt > built.txt\n")


@pytest.mark.feature("C9")
async def test_the_next_session_sees_what_worked_before_the_failing_command_runs_again(bench: Bench) -> None:
    with_tool(bench)
    again = ({"calls": [call("shell", command=f"{FAILING} 2>&1 | tail -5")]}, *LEARNT[1:])
    async with bench.model(*LEARNT, *again) as server:
        assert (await bench.run("ask", "run the tool", *YOLO)).code == 0
        assert (await bench.run("ask", "run the tool once more", *YOLO)).code == 0
    (held,) = results(bodies(server)[4])
    assert held.startswith("Not run: this command failed once before in this repository, with: ")
    assert NOT_FOUND in held
    assert f"What worked instead: `{WORKING}`" in held
    (lesson,) = await failures(bench)
    assert (lesson["seen"], lesson["fixed"], lesson["worked"]) == (1, 2, 2)
    assert (await bench.run("sessions", "check")).out == "All tables are what the log says.\n"


@pytest.mark.feature("C9")
async def test_a_command_that_was_held_back_runs_when_it_is_called_again(bench: Bench) -> None:
    with_tool(bench)
    stubborn = (shell(FAILING), shell(FAILING), shell(FAILING), {"text": "It does not work."})
    async with bench.model(*LEARNT, *stubborn) as server:
        assert (await bench.run("ask", "run the tool", *YOLO)).code == 0
        assert (await bench.run("ask", "run the tool once more", *YOLO)).code == 0
    held, *ran = results(bodies(server)[6])
    assert held.startswith("Not run: ")
    assert [NOT_FOUND in text for text in ran] == [True, True]


@pytest.mark.feature("C9")
async def test_a_session_that_goes_on_is_not_held_back_again(bench: Bench) -> None:
    with_tool(bench)
    more = (shell(FAILING), {"text": "Held."}, shell(FAILING), {"text": "Ran."})
    async with bench.model(*LEARNT, *more) as server:
        for words in (("first",), ("second",), ("-c", "third")):
            assert (await bench.run("ask", *words, *YOLO)).code == 0
    held, ran = results(bodies(server)[6])
    assert held.startswith("Not run: ")
    assert NOT_FOUND in ran


@pytest.mark.feature("C9")
async def test_a_failure_seen_before_comes_with_what_fixed_it_and_so_do_words_that_name_it(
    bench: Bench,
) -> None:
    with_build(bench)
    first = (shell("sh build.sh"), shell("touch needed.txt"), shell("sh build.sh"), {"text": "Built."})
    second = (shell("sh build.sh"), {"text": "Missing again."})
    async with bench.model(*first, *second, {"text": "I know."}) as server:
        assert (await bench.run("ask", "build it", *YOLO)).code == 0
        (bench.root / "needed.txt").unlink()
        assert (await bench.run("ask", "build it", *YOLO)).code == 0
        assert (await bench.run("ask", "Does `sh build.sh` work?", *YOLO)).code == 0
    (told,) = results(bodies(server)[5])
    assert "cat: needed.txt: No such file or directory" in told
    assert told.endswith(
        "Seen once before in this repository; last fixed by: `touch needed.txt`, then the same again."
    )
    assert bodies(server)[6]["messages"][-1]["content"].endswith(
        "`sh build.sh` failed 2 times before in this repository with: cat: needed.txt: No such file or "
        "directory; last fixed by: `touch needed.txt`, then the same again."
    )


@pytest.mark.feature("C9")
async def test_searches_without_hits_and_looks_in_vain_leave_no_lesson(bench: Bench) -> None:
    looks = ("grep -rn nowhere calc.py", "git grep nowhere", "ls missing", "test -f missing",
             "git log nowhere", "diff calc.py test_calc.py", "cat missing | head -3",
             "which run-the-tool")  # fmt: skip
    searches = [call("content_search", pattern="nowhere"), call("file_search", pattern="*.nothing")]
    calls = [
        *(call("shell", command=look) for look in looks),
        *searches,
        call("file_read", path="missing.py"),
    ]
    async with bench.model({"calls": calls}, {"text": "Nothing there."}):
        assert (await bench.run("ask", "look", *YOLO)).code == 0
    assert await failures(bench) == []
    assert (await bench.run("failures", "list")).out.startswith("Nothing is known to have failed in ")


@pytest.mark.feature("C9")
async def test_a_loop_of_red_tests_and_edits_leaves_no_lesson(bench: Bench) -> None:
    tests = shell(f"{sys.executable} -m pytest -q test_calc.py")
    script = shell(f"{sys.executable} try.py")
    old, new = "return sum(values) / len(values) + 1", "return sum(values) / len(values)"
    mend = {"calls": [call("file_edit", path="calc.py", old=old, new=new)]}
    bench.write("try.py", "from calc import mean\nif mean([1]) != 1:\n    raise ValueError('wrong mean')\n")
    async with bench.model(tests, script, mend, tests, script, {"text": "Mended."}):
        assert (await bench.run("ask", "mend it", *YOLO)).code == 0
    assert await failures(bench) == []


@pytest.mark.feature("C9")
async def test_what_was_refused_leaves_no_lesson(bench: Bench) -> None:
    async with bench.model(shell(FAILING), {"text": "Not allowed."}):
        assert (await bench.run("ask", "run the tool")).code == 0
    assert await failures(bench) == []


@pytest.mark.feature("C9")
async def test_an_edit_that_does_not_fit_is_remembered_with_the_one_that_did(bench: Bench) -> None:
    wrong = {"calls": [call("file_edit", path="calc.py", old="return values * 3", new="x")]}
    right = {"calls": [call("file_edit", path="calc.py", old="value * 2", new="2 * value")]}
    read = {"calls": [call("file_read", path="calc.py")]}
    again = (wrong, {"text": "No."})
    async with bench.model(read, wrong, read, right, {"text": "Done."}, *again) as server:
        assert (await bench.run("ask", "turn it round", *YOLO)).code == 0
        assert (await bench.run("ask", "and now", *YOLO)).code == 0
    (lesson,) = await failures(bench)
    assert (lesson["path"], lesson["kind"], lesson["seen"]) == ("calc.py", "edit", 2)
    assert results(bodies(server)[6])[-1].endswith(
        "Seen once before in this repository; last fixed by: file_edit +1 -1 (after reading calc.py)."
    )


@pytest.mark.feature("C9")
async def test_a_fix_that_did_not_help_is_not_offered_again(bench: Bench) -> None:
    with_tool(bench)
    (bench.root / "tool/run.sh").write_text("exit 0\n")
    other = (shell(FAILING), shell(WORKING), shell(FAILING), {"text": "No."})
    async with bench.model(*LEARNT, *other, shell(FAILING), {"text": "Well."}) as server:
        assert (await bench.run("ask", "run the tool", *YOLO)).code == 0
        bench.write("tool/run.sh", "run-the-tool\n")
        assert (await bench.run("ask", "run the tool", *YOLO)).code == 0
        assert (await bench.run("ask", "run the tool", *YOLO)).code == 0
    assert NOT_FOUND in results(bodies(server)[-1])[0]


@pytest.mark.feature("C9")
async def test_two_repositories_do_not_mix(bench: Bench, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    with_tool(bench)
    asked = (shell(FAILING), {"text": "It is not there."})
    async with bench.model(*LEARNT, *asked) as server:
        assert (await bench.run("ask", "run the tool", *YOLO)).code == 0
        assert (await bench.run("ask", f"does {FAILING} work?", *YOLO, cwd=other)).code == 0
    assert WORKING not in json.dumps(bodies(server)[4])
    assert NOT_FOUND in results(bodies(server)[4])[0]
    (there,) = (await bench.run("failures", "list", "--json", cwd=other)).json
    assert (there["seen"], there["fix"]) == (1, None)


@pytest.mark.feature("C9")
async def test_the_person_sees_a_failure_whole_and_it_goes_with_its_session(bench: Bench) -> None:
    with_tool(bench)
    async with bench.model(*LEARNT):
        assert (await bench.run("ask", "run the tool", *YOLO)).code == 0
    (lesson,) = await failures(bench, "run-the-tool")
    assert await failures(bench, "somethingelse") == []
    shown = await bench.run("failures", "show", lesson["signature"][:6])
    assert f"last fixed by: `{WORKING}`" in shown.out
    (row,) = (await bench.run("sessions", "list", "--json")).json
    assert (await bench.run("sessions", "delete", "-y", row["id"])).code == 0
    assert await failures(bench) == []


@pytest.mark.feature("C9")
async def test_what_the_person_has_forgotten_is_told_to_nobody_and_can_be_learnt_anew(bench: Bench) -> None:
    with_tool(bench)
    async with bench.model(*LEARNT, shell(FAILING), {"text": "No."}) as server:
        assert (await bench.run("ask", "run the tool", *YOLO)).code == 0
        (lesson,) = await failures(bench)
        assert (await bench.run("failures", "forget", lesson["signature"])).code == 0
        gone = await bench.run("failures", "show", lesson["signature"])
        assert (gone.code, gone.out) == (1, "")
        assert (await bench.run("ask", "run the tool", *YOLO)).code == 0
    assert NOT_FOUND in results(bodies(server)[4])[0]
    (lesson,) = await failures(bench)
    assert (lesson["seen"], lesson["fix"]) == (1, None)


@pytest.mark.feature("C9")
async def test_what_an_imported_session_learnt_elsewhere_is_not_told_here(
    bench: Bench, tmp_path: Path
) -> None:
    with_tool(bench)
    async with bench.model(*LEARNT):
        assert (await bench.run("ask", "run the tool", *YOLO)).code == 0
    (row,) = (await bench.run("sessions", "list", "--json")).json
    file = str(tmp_path / "session.json")
    assert (await bench.run("sessions", "export", row["id"], "--format", "json", "-o", file)).code == 0
    other = tmp_path / "other"
    other.mkdir()
    assert (await bench.run("sessions", "import", file, cwd=other)).code == 0
    assert (await bench.run("failures", "list", "--json", cwd=other)).json == []


@pytest.mark.feature("C10")
async def test_an_agent_looks_back_at_what_failed_for_it(bench: Bench) -> None:
    with_tool(bench)
    with_build(bench)
    found = {"calls": [call("tool_search", query="introspect failures decisions")]}
    asks = {
        "calls": [
            call("introspect_failures"),
            call("introspect_failures", query="tool/run.sh"),
            call("introspect_failures", query="nothing of the kind", mine=False),
        ]
    }
    first = (*LEARNT[:2], shell("sh build.sh"), shell("ls -l"), shell("sh build.sh"), {"text": "Done."})
    async with bench.model(*first, found, asks, {"text": "So it was."}) as server:
        assert (await bench.run("ask", "try things", *YOLO)).code == 0
        assert (await bench.run("ask", "look back", *YOLO)).code == 0
    every, some, none = results(bodies(server)[-1])[-3:]
    assert "1. " in every
    assert "`sh build.sh`: cat: needed.txt: No such file or directory (seen 2 times" in every
    assert f"`{FAILING}`: run-the-tool: command not found (seen once; fixed once" in every
    assert "Together: 2 kinds of failure, seen 3 times, 1 of them fixed." in every
    assert "Most often: cat: needed.txt: No such file or directory (2 times)." in every
    assert "Calls that worked: shell 40 % of 5." in every
    assert "build.sh" not in some
    assert FAILING in some
    assert none.startswith("Nothing is known to have failed for anybody with 'nothing of the kind'.")


@pytest.mark.feature("C10")
async def test_an_agent_looks_back_at_its_own_decisions(bench: Bench) -> None:
    logs = [
        call(
            "decision_log", kind="decision", title="Cache in SQLite", confidence=80, description="One file."
        ),
        call("decision_log", kind="decision", title="Cache in SQLite", confidence=60),
        call("decision_log", kind="decision", title="Print in colour"),
    ]
    found = {"calls": [call("tool_search", query="introspect failures decisions")]}
    asks = {"calls": [call("introspect_decisions"), call("introspect_decisions", query="colour")]}
    await bench.run("graph", "add", "decision", "Of the person")
    async with bench.model({"calls": logs}, {"text": "Logged."}, found, asks, {"text": "Well."}) as server:
        assert (await bench.run("ask", "decide", *YOLO)).code == 0
        assert (await bench.run("ask", "look back", *YOLO)).code == 0
    every, some = results(bodies(server)[-1])[-2:]
    assert "Of the person" not in every
    assert "d2 decision: Cache in SQLite (80 %)\n   One file." in every
    assert "Together: 3 of yours (3 active); mean confidence 70 %." in every
    assert "Logged again and again: 'cache in sqlite' 2 times." in every
    assert "Print in colour" in some
    assert "SQLite" not in some
