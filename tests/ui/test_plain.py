"""Plain lines tell as much as was asked for, and nothing a terminal would obey."""

import json

from loomkin.records.dataclass import replace
from loomkin.records.event import (
    CallFinished,
    CallStarted,
    Event,
    HookRan,
    LoopNoticed,
    ModelRetried,
    NoticeGiven,
    TextStreamed,
    TurnEnded,
    TurnStarted,
)
from loomkin.records.ids import CallId, MailId, TaskId
from loomkin.records.mail import Mail, MailKind
from loomkin.records.message import Text, ToolResult
from loomkin.records.task import Task, TaskState
from loomkin.records.team_event import AgentMoved, AgentReported, MailSent, TaskAdded, TaskMoved
from loomkin.ui.plain import Detail, PlainLines
from loomkin.ui.terminal import one_line, printable, wants_color, wants_live
from loomkin.ui.theme import clock, count, money, span
from tests.ui.facts import denied, edit, event, heard, job, said


def told(detail: Detail, *events: Event) -> str:
    lines = PlainLines(detail)
    return "".join(lines.of(one) for one in events)


def test_activity_tells_a_job_without_its_answer() -> None:
    assert told(Detail.ACTIVITY, *job()).splitlines() == [
        "coder: I look first.",
        "coder: file_edit a.py",
        "coder: changed a.py +1 -1",
        "coder: done after 2 model calls, 260 tokens, $0.0000, 1.5 s",
    ]


def test_without_activity_a_good_job_is_silent() -> None:
    assert told(Detail.WARNINGS, *job()) == ""


def test_warnings_and_refusals_are_told_unless_nothing_is() -> None:
    events = (event(NoticeGiven("careful", "warning")), event(denied()), event(NoticeGiven("by the way")))
    assert told(Detail.WARNINGS, *events).splitlines() == [
        "coder: careful",
        "coder: not permitted: file_edit a.py: nobody is there",
    ]
    assert "coder: by the way" in told(Detail.ACTIVITY, *events)
    assert told(Detail.NOTHING, *events) == ""


def test_a_long_command_is_told_at_length_once() -> None:
    command = "python -m pytest -q " + " ".join(f"tests/test_{number}.py" for number in range(9))
    start = event(CallStarted("c1", "shell", json.dumps({"command": command})))
    first, last = told(Detail.ACTIVITY, start, event(CallFinished("c1", "shell", "ok", 12.0))).splitlines()
    assert "tests/test_2.py" in first
    assert last == "coder: shell python -m pytest -q tests/test_0.py tests/test_1.py t…: done after 12.0 s"


def test_who_only_waits_for_others_is_not_told_to_be_done() -> None:
    def letter(to: str) -> Event:
        return event(MailSent(Mail(MailId(f"m-{to}"), "coder", to, MailKind.CONTROL, "Look.", 0.0)))

    def end(*before: Event) -> str:
        return told(Detail.ACTIVITY, *before, event(TurnEnded(1, "done", "", 2, 1.0))).splitlines()[-1]

    orders = (letter("tester"), letter("reviewer"))
    assert end(*orders).startswith("coder: waits for tester, reviewer after 2 model calls, ")
    reported = event(AgentReported("tester", "coder", "It passes.", "done"))
    assert end(*orders, reported).startswith("coder: waits for reviewer after")
    assert end(*orders, reported, event(AgentMoved("reviewer", "stopped"))).startswith("coder: done after")
    task = Task(TaskId("t1"), "mend it", "", "coder", owner="")
    moved = TaskMoved(TaskId("t1"), TaskState.READY, TaskState.OFFERED, "loomkin", "bob", "")
    ended = replace(moved, before=TaskState.IN_PROGRESS, after=TaskState.DONE)
    assert end(event(TaskAdded(task))).startswith("coder: waits for t1 after")
    assert end(event(TaskAdded(task)), event(moved)).startswith("coder: waits for bob after")
    assert end(event(TaskAdded(task)), event(moved), event(ended)).startswith("coder: done after")


def test_a_call_that_fails_or_takes_long_is_told_at_its_end() -> None:
    start = event(CallStarted("c1", "shell", '{"command": "make"}'))
    reason = heard(ToolResult(CallId("c1"), "shell", "\nNo such file: x.py.\nUse directory_list.", True))
    assert told(
        Detail.ACTIVITY, start, event(CallFinished("c1", "shell", "failed", 0.2)), event(reason)
    ).splitlines() == ["coder: shell make", "coder: shell make: failed after 0.2 s: No such file: x.py."]
    ran = heard(ToolResult(CallId("c1"), "shell", "cc x.c\nx.c:1: error\nexit 2", True))
    assert "after 0.2 s: exit 2\n" in told(
        Detail.ACTIVITY, start, event(CallFinished("c1", "shell", "failed", 0.2)), event(ran)
    )
    assert "shell make: done after 1:05" in told(
        Detail.ACTIVITY, start, event(CallFinished("c1", "shell", "ok", 65))
    )


def test_retries_loops_and_objections_are_told() -> None:
    events = (
        event(ModelRetried(2, 5, 0.5, "HTTP 503", 503, "m")),
        event(LoopNoticed(1, "AAA")),
        event(HookRan("Stop", True, "tests fail")),
        event(HookRan("Stop", False, "")),
    )
    assert told(Detail.ACTIVITY, *events).splitlines() == [
        "coder: try 2 of 5 in 0.5 s: HTTP 503",
        "coder: repeats itself: AAA",
        "coder: a Stop hook objected: tests fail",
    ]


def test_without_activity_waiting_is_told_once_and_that_it_goes_on() -> None:
    events = (
        event(ModelRetried(2, 5, 0.5, "HTTP 503", 503, "m"), at=10.0),
        event(ModelRetried(3, 5, 1.0, "HTTP 503", 503, "m"), at=11.0),
        event(TextStreamed("So"), at=14.5),
        event(TextStreamed(" it is."), at=15.0),
        event(said(Text("So it is.")), at=15.0),
    )
    assert told(Detail.WARNINGS, *events).splitlines() == [
        "coder: HTTP 503; it is tried at most 5 times",
        "coder: it goes on after 4.5 s",
    ]
    assert told(Detail.NOTHING, *events) == ""
    watched = PlainLines(Detail.WARNINGS, waits=False)
    assert [watched.of(one) for one in events] == [""] * 5


def test_nothing_that_a_terminal_obeys_gets_through() -> None:
    evil = "a\x1b[2Jb\x1b]0;title\x07c\rd\x9be\x1b]8;;http://x\x1b\\f"
    assert printable(evil) == "abcdef"
    assert (
        told(Detail.ACTIVITY, event(TurnStarted(1, "p")), event(said(Text(evil), edit())))
        == "coder: abcdef\n"
    )
    assert printable("tab\tand\nline") == "tab\tand\nline"


def test_one_line_is_short_and_one() -> None:
    assert one_line("a\n  b\tc", 10) == "a b c"
    assert one_line("x" * 50, 10) == "x" * 9 + "…"


def test_colour_and_the_live_view_need_a_terminal_that_can() -> None:
    xterm = {"TERM": "xterm"}
    assert wants_color("auto", xterm, True)
    assert not wants_color("auto", {**xterm, "NO_COLOR": "1"}, True)
    assert not wants_color("auto", {"TERM": "dumb"}, True)
    assert not wants_color("auto", xterm, False)
    assert wants_color("always", {"NO_COLOR": "1"}, False)
    assert not wants_color("never", xterm, True)
    assert wants_live(True, xterm, True)
    assert not wants_live(False, xterm, True)
    assert not wants_live(True, {"TERM": "dumb"}, True)
    assert not wants_live(True, {}, True)


def test_figures_are_short() -> None:
    assert [count(number) for number in (7, 950, 1234, 9_960, 38_400, 999_600)] == [
        "7", "950", "1.2k", "10k", "38k", "1.0M",
    ]  # fmt: skip
    assert money(110_000_000_000) == "$0.1100"
    assert money(2_340_000_000_000) == "$2.34"
    assert money(0) == "$0.00"
    assert money(0, 2) == "price unknown"
    assert money(1_000_000_000_000, 2) == "$1.00+?"
    assert (clock(42), clock(3725), span(0.44), span(61)) == ("0:42", "1:02:05", "0.4 s", "1:01")


def test_a_sequence_that_never_ends_hides_no_more_than_its_line() -> None:
    assert printable("a\x1b]0;title\nb\x1b[31mc") == "a\nbc"
