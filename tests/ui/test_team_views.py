"""A team on the screen: one row an agent, streams kept apart, lines for programs and for people."""

import json
from itertools import count
from pathlib import Path

import jsonschema
import pytest

from loomkin.records import team_event as team
from loomkin.records.event import (
    ApprovalAsked,
    CallFinished,
    CallStarted,
    Event,
    Fact,
    FileChanged,
    NoticeGiven,
    PermissionDecided,
    QuestionAsked,
    StateChanged,
    TextStreamed,
    TurnEnded,
    TurnStarted,
)
from loomkin.records.ids import CallId, MailId, TaskId
from loomkin.records.mail import PERSON, Mail, MailKind
from loomkin.records.message import Text, ToolResult
from loomkin.records.task import Task, TaskState
from loomkin.ui.agent_rows import agent_row, chosen
from loomkin.ui.live import MOST_AGENTS, rows
from loomkin.ui.plain import Detail, PlainLines
from loomkin.ui.repl_footer import agent_lines
from loomkin.ui.repl_render import Painter
from loomkin.ui.result import Account
from loomkin.ui.state import ViewState, reduce
from loomkin.ui.stream_messages import StreamMessages
from loomkin.ui.transcript import Block, Kind
from loomkin.ui.transcripts import EVERYBODY, Transcripts
from tests.ui.facts import edit, event, heard, said, used

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "stream-json.schema.json").read_text())


def joined(name: str, role: str = "", purpose: str = "Mend mean.") -> Event:
    return event(team.AgentJoined(name, role or name, "main", "concierge", "openai/fake", purpose), "")


def letter(number: int, to: str, sender: str = "lead") -> team.MailSent:
    return team.MailSent(Mail(MailId(f"m{number}"), sender, to, MailKind.QUESTION, "Which line?", 1.0))


def plan(owner: str = "coder") -> list[Fact]:
    return [
        team.TaskAdded(Task(TaskId("t1"), "Mend mean()")),
        team.TaskMoved(TaskId("t1"), TaskState.READY, TaskState.IN_PROGRESS, owner, owner, ""),
    ]


def view(*events: Event) -> ViewState:
    state = ViewState()
    for one in events:
        state = reduce(state, one)
    return state


def test_each_agent_has_one_row_with_task_step_tokens_money_and_time() -> None:
    state = view(
        joined("concierge"),
        joined("coder"),
        *(event(fact, "") for fact in plan()),
        event(TurnStarted(1, "control from concierge"), "coder", at=100.0),
        event(used(cost=110_000_000_000), "coder", at=101.0),
        event(StateChanged("in_tool", "shell"), "coder", at=102.0),
        event(CallStarted("c1", "shell", '{"command": "make test"}'), "coder", at=102.0),
        event(letter(1, "coder"), ""),
    )
    lines = agent_lines(state, 142.0, 120, 7)
    assert lines == [
        "● concierge  idle  2:21",
        "● coder  shell make test  t1 Mend mean()  1 in its queue  step 1  130 tok  $0.1100  0:42",
    ]
    (narrow,) = [line for line in agent_lines(state, 142.0, 40, 7) if "coder" in line]
    assert narrow == "● coder  shell make test  1 in its queue"
    assert agent_row(state.agent("coder"), state, 142.0, 10) == "● coder  s"


def test_one_agent_alone_has_no_row_of_its_own() -> None:
    assert agent_lines(view(event(TurnStarted(1, "person"))), 2.0, 80, 7) == []


def test_rows_are_bounded_and_the_busy_come_first() -> None:
    state = view(*(joined(f"coder-{number}") for number in range(30)))
    state = reduce(state, event(TurnStarted(1, "mail"), "coder-29"))
    lines = agent_lines(state, 2.0, 80, 7)
    assert len(lines) == 7
    assert lines[-2].startswith("● coder-29")
    assert lines[-1] == "  and 24 more: /team"
    shown, left = chosen(state, 40)
    assert (len(shown), left) == (30, 0)
    assert len(rows(state, 1.0, 80, 2.0)) == MOST_AGENTS + 1


@pytest.mark.parametrize(
    ("facts", "state"),
    [
        ([team.AgentMoved("coder", "paused")], "paused"),
        ([team.AgentMoved("coder", "paused"), team.AgentMoved("coder", "idle")], "idle"),
        ([team.AgentMoved("coder", "crashed", "KeyError")], "crashed"),
        ([team.AgentMoved("coder", "stalled", "silent for 60 s")], "stalled"),
    ],
)
def test_a_lasting_state_is_shown_as_it_was_written_down(facts: list[Fact], state: str) -> None:
    assert view(joined("coder"), *(event(fact, "") for fact in facts)).agent("coder").shown == state


def test_who_has_gone_has_no_row_and_who_has_answered_is_idle() -> None:
    state = view(joined("coder"), joined("tester"), event(TurnStarted(1, "mail"), "coder"))
    state = reduce(state, event(TurnEnded(1, "done", "", 2, 1.0), "coder"))
    assert state.agent("coder").shown == "idle"
    state = reduce(state, event(team.AgentMoved("tester", "stopped", "by the person"), ""))
    assert [agent.name for agent in state.present] == ["coder"]


def test_all_that_waits_for_the_person_is_listed_with_its_agent_until_it_is_settled() -> None:
    asked = [
        joined("coder"),
        joined("tester"),
        event(ApprovalAsked("c1", "shell", "git push", "It talks to others."), "coder"),
        event(ApprovalAsked("c1", "shell", "make", "It runs."), "tester"),
        event(QuestionAsked("q1", "Which one?", ()), "tester"),
    ]
    state = view(*asked)
    assert [line for line, _ in rows(state, 1.0, 80)][2:] == [
        "? coder wants shell git push",
        "? tester wants shell make",
        "? tester Which one?",
    ]
    decided = PermissionDecided("c1", "shell", "make", "allow", "", "", "person", "person")
    state = reduce(state, event(decided, "tester"))
    assert [(one.agent, one.call_id) for one in state.pending] == [("coder", "c1"), ("tester", "q1")]
    state = reduce(state, event(TurnEnded(1, "cancelled", "", 1, 1.0), "coder"))
    assert [one.agent for one in state.pending] == ["tester"]


def test_letters_wait_until_they_are_read_or_deleted() -> None:
    state = view(*(event(letter(number, "coder"), "") for number in (1, 2)))
    assert state.mail_of("coder") == 2
    assert reduce(state, event(team.MailMoved(MailId("m1"), "delivered"), "")).mail_of("coder") == 1


def whose(blocks: list[Block]) -> list[tuple[str, Kind, str]]:
    return [(block.agent, block.kind, block.text) for block in blocks]


def test_two_streams_that_overlap_are_kept_apart_and_each_names_its_agent() -> None:
    shown = Transcripts()
    shown.begin("concierge")
    shown.focus = EVERYBODY
    blocks = []
    for name, text in (("coder", "I am "), ("tester", "Me "), ("coder", "coding.\n"), ("tester", "too.\n")):
        blocks += shown.take(event(TextStreamed(text), name))
    for name, text in (("coder", "I am coding.\n"), ("tester", "Me too.\n"), ("concierge", "Good.")):
        blocks += shown.take(event(said(Text(text)), name))
    assert [(agent, text.strip()) for agent, _, text in whose(blocks)] == [
        ("coder", "I am coding."),
        ("tester", "Me too."),
        ("", "Good."),
    ]


def test_of_those_who_are_not_looked_at_only_what_matters_is_shown() -> None:
    shown = Transcripts()
    shown.begin("concierge")
    result = ToolResult(CallId("c1"), "file_edit", "Changed a.py.")
    facts: list[Fact] = [
        TextStreamed("I look "),
        said(Text("I look first."), edit()),
        CallStarted("c1", "file_edit", "{}"),
        FileChanged("c1", "a.py", "x", "y", 1, 1, "-1\n+2"),
        CallFinished("c1", "file_edit", "ok", 0.1),
        heard(result),
        NoticeGiven("mind the gap", "warning"),
        QuestionAsked("q1", "Which one?", ()),
    ]
    blocks = [block for fact in facts for block in shown.take(event(fact, "coder"))]
    assert whose(blocks) == [
        ("coder", Kind.CALL, "changed a.py +1 -1"),
        ("coder", Kind.WARNING, "mind the gap"),
        ("coder", Kind.PLAIN, "? Which one?"),
    ]
    shown.focus = "coder"
    assert (Kind.ANSWER, "It is mended.") in [
        (kind, text) for _, kind, text in whose(shown.take(event(said(Text("It is mended.")), "coder")))
    ]


def test_what_an_agent_reports_to_the_person_and_what_becomes_of_it_is_shown() -> None:
    shown = Transcripts()
    shown.begin("concierge")
    facts = [
        team.AgentReported("coder", "lead", "not for you", "done"),
        team.AgentReported("coder", PERSON, "It adds one.", "done"),
        team.AgentMoved("coder", "crashed", "KeyError: 'x'"),
        team.AgentMoved("coder", "idle", "restarted after: KeyError"),
        team.AgentMoved("coder", "idle"),
        *plan(),
    ]
    blocks = [block for fact in facts for block in shown.take(event(fact, ""))]
    assert whose(blocks) == [
        ("coder", Kind.ANSWER, "It adds one."),
        ("", Kind.WARNING, "coder is crashed: KeyError: 'x'"),
        ("", Kind.NOTICE, "coder is idle: restarted after: KeyError"),
        ("", Kind.NOTICE, "task t1: Mend mean()"),
        ("", Kind.NOTICE, "task t1 is in progress (coder)"),
    ]


def test_a_block_stands_under_the_name_of_its_agent() -> None:
    painter = Painter(False)
    text = painter.paint(Block(Kind.CALL, "changed a.py +1 -1", "coder"), 80)
    text += painter.paint(Block(Kind.PLAIN, "one\ntwo", "tester"), 80)
    assert text == "[coder] ● changed a.py +1 -1\n\n[tester]\none\ntwo\n"


def stream(*events: Event) -> list[dict[str, object]]:
    numbers = count()
    messages = StreamMessages("openai/fake", {"concierge": "concierge"}, False, lambda: f"u{next(numbers)}")
    lines = [line for one in events for line in messages.of(one)]
    for line in lines:
        jsonschema.Draft202012Validator(SCHEMA).validate(line)
    return lines


def test_the_json_stream_tells_of_agents_tasks_and_mail() -> None:
    lines = stream(
        joined("coder-2", "coder"),
        event(team.AgentMoved("coder-2", "paused"), ""),
        *(event(fact, "") for fact in plan("coder-2")),
        event(letter(1, "coder-2"), ""),
        event(team.MailMoved(MailId("m1"), "deleted", "deleted by the person"), ""),
        event(TurnStarted(1, "mail"), "coder-2"),
        event(said(Text("Mended.")), "coder-2"),
    )
    told = [(line["subtype"], line.get("state"), line.get("agent")) for line in lines if "subtype" in line]
    assert told == [
        ("agent_state", "starting", "coder-2"),
        ("agent_state", "paused", "coder-2"),
        ("task", "proposed", None),
        ("task", "in_progress", "coder-2"),
        ("mail", "queued", "lead"),
        ("mail", "deleted", None),
    ]
    assert lines[3]["title"] == "Mend mean()"
    assert (lines[-1]["type"], lines[-1]["agent"], lines[-1]["agent_role"]) == (
        "assistant",
        "coder-2",
        "coder",
    )


def test_results_of_two_agents_that_share_a_call_id_are_told_apart() -> None:
    events = [
        event(TurnStarted(1, "mail"), "coder"),
        *(event(said(edit()), name) for name in ("coder", "tester")),
        event(FileChanged("c1", "a.py", "x", "y", 1, 1, ""), "coder"),
        event(CallFinished("c1", "file_edit", "ok", 0.25), "coder"),
        event(CallFinished("c1", "file_edit", "failed", 0.5), "tester"),
        event(heard(ToolResult(CallId("c1"), "file_edit", "no", True)), "tester"),
        event(heard(ToolResult(CallId("c1"), "file_edit", "yes")), "coder"),
    ]
    ends = {line["agent"]: line["tool_use_result"] for line in stream(*events) if line["type"] == "user"}
    assert ends["tester"] == {"state": "failed", "duration_ms": 500}
    assert ends["coder"]["changes"][0]["path"] == "a.py"  # type: ignore[index]


def test_the_result_sums_up_all_agents_and_ends_as_the_first_one_did() -> None:
    account = Account()
    for one in (
        event(TurnStarted(1, "person"), "concierge"),
        event(used(), "concierge"),
        event(said(Text("Done.")), "concierge"),
        event(TurnStarted(1, "mail"), "coder"),
        event(used(finish="length"), "coder"),
        event(said(Text("cut")), "coder"),
    ):
        account.take(one)
    assert (account.steps, account.cost, account.stop_reason) == (2, 5_000_000, "end_turn")


def test_plain_lines_name_the_agent_and_sum_up_each_one_alone() -> None:
    lines = PlainLines(Detail.ACTIVITY)
    events = [
        joined("coder"),
        *(event(fact, "") for fact in plan()),
        event(letter(1, "coder"), ""),
        event(used(), "concierge"),
        event(used(), "coder"),
        event(TurnEnded(1, "done", "", 1, 1.5), "coder"),
        event(team.AgentMoved("coder", "crashed", "KeyError"), ""),
    ]
    assert "".join(map(lines.of, events)).splitlines() == [
        "coder: joins as coder for concierge: Mend mean.",
        "loomkin: task t1: Mend mean()",
        "loomkin: task t1 Mend mean() is in progress (coder)",
        "lead: to coder (question): Which line?",
        "coder: done after 1 model calls, 130 tokens, $0.0000, 1.5 s",
        "coder: crashed: KeyError",
    ]
    assert PlainLines(Detail.WARNINGS).of(events[-1]) == "coder: crashed: KeyError\n"
