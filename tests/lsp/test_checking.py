"""What an edit is told of its problems, with a server that behaves in every way but a good one."""

import asyncio
import os
import signal
import subprocess
from pathlib import Path

import pytest

from loomkin.lsp.asking import Asking
from loomkin.lsp.dependents import changed_lines
from loomkin.lsp.errors import ServerError, Unavailable
from loomkin.lsp.positions import Text
from loomkin.lsp.problems import read_problems
from loomkin.lsp.register import Register, running
from loomkin.project.shell_process import group_runs
from tests.lsp.desk import desk, until


@pytest.mark.parametrize(
    "plan", [{}, {"versionless": True}, {"pull": True}, {"old_version_first": True}], ids=str
)
@pytest.mark.feature("D3")
async def test_only_what_an_edit_made_new_is_told_with_its_place(
    tmp_path: Path, plan: dict[str, bool]
) -> None:
    async with desk(tmp_path, **plan) as one:
        one.write("a.fake", "ERROR:old\n")
        assert await one.edit("a.fake", "𝄞 top\nERROR:old\nWARN:mild\n  𝄞𝄞 ERROR:fresh\n") == [
            "fake: 1 error and 1 warning new since this edit:",
            "a.fake:4:6 error: fresh [fake fake]",
            "a.fake:3:1 warning: mild [fake fake]",
        ]
        assert await one.edit("a.fake", "ERROR:old\n") == ["fake: this edit mended 1 error and 1 warning."]
        assert await one.edit("a.fake", "ERROR:old\n\n") == []
        assert await one.edit("new.fake", "ERROR:made\n") == [
            "fake: 1 error new since this edit:",
            "new.fake:1:1 error: made [fake fake]",
        ]


async def test_a_second_problem_of_the_same_words_is_new_and_the_first_is_not(tmp_path: Path) -> None:
    async with desk(tmp_path) as one:
        one.write("a.fake", "x ERROR:same\n")
        said = await one.edit("a.fake", "y ERROR:same\nx ERROR:same\n")
        assert said[1:] == ["a.fake:1:3 error: same [fake fake]"]


async def test_what_comes_too_late_is_told_with_a_later_step(tmp_path: Path) -> None:
    async with desk(tmp_path, wait=0.0) as one:
        one.write("a.fake", "\n")
        assert await one.edit("a.fake", "ERROR:late\n") == [
            "fake is still starting; what it finds in a.fake comes with a later step."
        ]
        late: list[str] = []
        await until(lambda: bool(late.extend(one.checking.late("coder")) or late))
        assert late == ["fake: 1 error new since your edit of a.fake:\na.fake:1:1 error: late [fake fake]"]
        assert one.checking.late("coder") == []


async def test_changes_by_others_are_told_to_the_server_and_not_blamed_on_the_edit(tmp_path: Path) -> None:
    async with desk(tmp_path, pull=True) as one:
        one.write("a.fake", "a\n")
        one.write("b.fake", "b\n")
        assert await one.edit("a.fake", "aa\n") == []
        assert await one.edit("b.fake", "bb\n") == []
        one.write("b.fake", "by the shell ERROR:theirs\n")
        one.write("c.fake", "new\n")
        assert await one.edit("a.fake", "a\n") == []
        changed = [
            change
            for told in one.heard("workspace/didChangeWatchedFiles")
            for change in told["params"]["changes"]
        ]
        assert {"uri": f"file://{one.root}/c.fake", "type": 1} in changed
        assert {"uri": f"file://{one.root}/b.fake", "type": 2} in changed


async def test_a_closed_file_that_uses_what_an_edit_changed_is_looked_at_too(tmp_path: Path) -> None:
    async with desk(tmp_path, pull=True) as one:
        await asyncio.to_thread(subprocess.run, ["git", "init", "-q", str(one.root)], check=True)
        one.write("money.fake", "def price\n\n\ndef other\n")
        one.write("till.fake", "from money USE:price ERROR:old\n")
        one.write("deep.fake", "from somewhere else\n")
        one.write("else.fake", "money price\n")
        assert await one.edit("money.fake", "def cost\n\n\ndef other\n") == [
            "fake: 1 error new since this edit:",
            "till.fake:1:12 error: price [fake fake]",
        ]
        opened = [str(heard["params"]["textDocument"]["uri"]) for heard in one.heard("textDocument/didOpen")]
        assert {uri.rpartition("/")[2] for uri in opened} == {"money.fake", "till.fake", "else.fake"}


@pytest.mark.parametrize(
    ("was", "now", "lines"),
    [
        ("a\nb\nc\n", "a\nB\nc\n", range(1, 2)),
        ("a\nb\n", "a\nnew\nb\n", range(1, 2)),
        ("a\na\na\n", "a\na\n", range(2, 3)),
        ("a\nb\nc\n", "", range(0, 3)),
        ("", "a\n", range(0, 1)),
        ("a\nb", "a\nb", range(2, 3)),
    ],
)
def test_the_changed_lines_of_a_text_are_those_between_the_same_ends(
    was: str, now: str, lines: range
) -> None:
    assert changed_lines(was, now) == lines


async def test_a_file_that_came_by_the_shell_is_open_before_a_question(tmp_path: Path) -> None:
    async with desk(tmp_path) as one:
        one.write("a.fake", "price\n")
        asking = Asking(one.service)
        question = (one.aim("a.fake", 1, "price"), "textDocument/references", "referencesProvider")
        assert len(await asking.places(*question)) == 1
        new = one.write("new.fake", "price\n")
        assert len(await asking.places(*question)) == 2
        opened = [heard["params"]["textDocument"]["uri"] for heard in one.heard("textDocument/didOpen")]
        assert new.as_uri() in opened


async def test_agents_share_a_server_and_each_hears_of_its_own_edit(tmp_path: Path) -> None:
    async with desk(tmp_path) as one:
        for name in ("a.fake", "b.fake", "c.fake"):
            one.write(name, "ERROR:old\n")
        edits = (one.edit(f"{name}.fake", f"ERROR:old\nERROR:by_{name}\n", agent=name) for name in "abc")
        said = await asyncio.gather(*edits)
        for name, lines in zip("abc", said, strict=True):
            assert lines == [
                "fake: 1 error new since this edit:",
                f"{name}.fake:2:1 error: by_{name} [fake fake]",
            ]
        assert len(one.heard("initialize")) == 1


@pytest.mark.parametrize("plan", [{"pull": True}, {}], ids=["pull", "push"])
async def test_old_problems_of_files_that_were_only_read_are_not_blamed_on_an_edit(
    tmp_path: Path, plan: dict[str, bool]
) -> None:
    async with desk(tmp_path, **plan) as one:
        one.write("a.fake", "a\n")
        for name in ("b.fake", "c.fake"):
            one.write(name, "ERROR:old\n")
            await one.checking.warm(one.root / name)
        assert await one.edit("a.fake", "aa\n") == []
        assert len(one.heard("textDocument/didOpen")) == 3


async def test_the_servers_own_questions_are_all_answered(tmp_path: Path) -> None:
    async with desk(tmp_path, asks_at="textDocument/didOpen", strange_ids_at="textDocument/didOpen") as one:
        one.write("a.fake", "\n")
        assert await one.edit("a.fake", "ERROR:x\n")
        answers = one.answers()
    assert answers["q0"]["result"] == [{"on": True}, None]
    assert answers["q1"]["result"] is None
    assert answers["q2"]["result"] is None
    assert answers["q3"]["result"]["applied"] is False
    assert answers["q4"]["error"]["code"] == -32601


@pytest.mark.parametrize("at", ["initialize", "textDocument/didOpen"])
async def test_garbage_on_the_output_is_passed_over(tmp_path: Path, at: str) -> None:
    async with desk(tmp_path, garbage_at=at) as one:
        one.write("a.fake", "\n")
        assert len(await one.edit("a.fake", "ERROR:x\n")) == 2


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        ({"garbage_at": "textDocument/didOpen", "lines": 100_000}, "it prints something else than messages"),
        ({"oversized_at": "textDocument/didOpen"}, "a message of 100000 MB"),
        ({"dies_at": "textDocument/didOpen"}, "it ended by itself (exit code 7): it was too much"),
        ({"dies_at": "initialize"}, "it does not begin: it closed its output (exit code 7): it was too much"),
    ],
    ids=lambda value: "" if isinstance(value, dict) else value,
)
async def test_a_broken_server_is_named_with_its_reason_and_the_next_edit_has_a_new_one(
    tmp_path: Path, plan: dict[str, str], words: str
) -> None:
    async with desk(tmp_path, lives=1, **plan) as one:
        one.write("a.fake", "\n")
        (line,) = await one.edit("a.fake", "ERROR:x\n")
        assert line.startswith("fake cannot say anything: ")
        assert words in line
        berth = await one.berth()
        await until(lambda: berth.state == "ended")
        assert await one.edit("a.fake", "ERROR:x\nERROR:y\n") == [
            "fake: 1 error new since this edit:",
            "a.fake:2:1 error: y [fake fake]",
        ]
        assert berth.restarts == 1


async def test_a_server_that_always_breaks_is_off_after_three_starts_and_that_is_said_once(
    tmp_path: Path,
) -> None:
    async with desk(tmp_path, dies_at="initialize") as one:
        one.write("a.fake", "\n")
        berth, said = await one.berth(), list[str]()
        for number in range(6):
            said += await one.edit("a.fake", f"{number}\n")
            await until(lambda: berth.state != "starting")
        assert berth.state == "off"
        assert berth.off.startswith(
            "fake is off for this session: it ended 3 times within 10 minutes: it does not begin"
        )
        assert len(one.heard("initialize")) == 3
        assert len([line for line in said if "off for this session" in line]) == 1
        assert len([line for line in said if "cannot say anything" in line]) == 1, "whatever its figures"
        with pytest.raises(Unavailable, match="off for this session"):
            await Asking(one.service).hover(one.aim("a.fake", 1))
        berth.revive()
        assert berth.state == "ended"


async def test_a_server_that_never_reports_is_given_up_and_questions_still_work(tmp_path: Path) -> None:
    async with desk(tmp_path, silent=True, wait=0.1) as one:
        one.write("a.fake", "name\n")
        assert await Asking(one.service).hover(one.aim("a.fake", 1, "name")) == "xxx"
        assert await one.edit("a.fake", "name ERROR:x\n") == [
            "fake is not done; what it finds in a.fake comes with a later step."
        ]


async def test_a_server_over_its_memory_is_ended_and_says_why(tmp_path: Path) -> None:
    async with desk(tmp_path, megabytes=120, memory_mb=100) as one:
        berth = await one.berth()
        await berth.ready()
        await until(lambda: berth.state == "ended", 9.0)
        assert "`lsp.memory_mb` allows 100" in berth.trouble


async def test_at_the_end_the_whole_group_is_gone_even_where_it_hears_nothing(tmp_path: Path) -> None:
    async with desk(tmp_path, deaf=True) as one:
        berth = await one.berth()
        pid = (await berth.ready()).process.pid
        assert group_runs(pid)
        assert one.heard("initialize")[0]["params"]["processId"] == os.getpid()
        async with asyncio.timeout(8):
            await one.service.aclose()
        assert not group_runs(pid)
        assert not list((one.root / ".loomkin").rglob("*.json"))


async def test_a_server_killed_from_outside_is_started_again_by_the_next_question(tmp_path: Path) -> None:
    async with desk(tmp_path) as one:
        one.write("a.fake", "word\n")
        berth = await one.berth()
        first = (await berth.ready()).process.pid
        os.killpg(first, signal.SIGKILL)
        await until(lambda: berth.state == "ended")
        assert await Asking(one.service).hover(one.aim("a.fake", 1, "word")) == "xxx"
        assert berth.restarts == 1


def test_a_message_of_several_lines_is_told_in_one() -> None:
    told = {
        "message": "Type A is not B\n\u00a0\u00a0A is not C.\n\nD:\n  E",
        "range": {"start": {"line": 0, "character": 0}},
    }
    (problem,) = read_problems(Path("a"), Text("x"), [told], "utf-16", "s")
    assert problem.message == "Type A is not B; A is not C. D: E"


def test_a_server_that_is_gone_does_not_run_though_the_file_of_its_session_is_left(tmp_path: Path) -> None:
    dead = subprocess.Popen(["true"], start_new_session=True)
    dead.wait()
    rows = [
        {"name": "gone", "pid": dead.pid},
        {"name": "off", "pid": None},
        {"name": "here", "pid": os.getpgid(0)},
    ]
    Register(tmp_path).note(rows)
    assert [row["name"] for row in running(tmp_path)] == ["off", "here"]


async def test_a_huge_answer_is_read(tmp_path: Path) -> None:
    async with desk(tmp_path, huge=5_000_000) as one:
        one.write("a.fake", "word\n")
        assert len(await Asking(one.service).hover(one.aim("a.fake", 1, "word"))) == 5_000_000


async def test_what_is_not_there_is_not_without_problems(tmp_path: Path) -> None:
    async with desk(tmp_path) as one:
        asking = Asking(one.service)
        with pytest.raises(ServerError, match=r"There is no file gone\.fake"):
            await asking.problems(one.root / "gone.fake")
        with pytest.raises(ServerError, match=r"There is no file gone\.fake"):
            await asking.hover(one.aim("gone.fake", 1, "word"))
        (one.root / "docs").mkdir()
        with pytest.raises(ServerError, match="docs holds no file"):
            await asking.problems(one.root / "docs")


async def test_a_wrong_line_is_told_with_the_right_ones(tmp_path: Path) -> None:
    async with desk(tmp_path) as one:
        one.write("a.fake", "\n" * 9 + "word\n")
        with pytest.raises(ServerError, match=r"It stands on line 10\.$"):
            await Asking(one.service).hover(one.aim("a.fake", 1, "word"))
        with pytest.raises(ServerError, match="names no nothing"):
            await Asking(one.service).hover(one.aim("a.fake", 1, "nothing"))
        assert await Asking(one.service).hover(one.aim("a.fake", 9, "word")) == "xxx", (
            "a line beside it will do"
        )
