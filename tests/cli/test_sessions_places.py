"""`loomkin sessions`: forks at any place, damage named and mended, a session shown again."""

import time
from pathlib import Path

import pytest

from loomkin.records.event import CallStarted, FileChanged, MessageAdded, TurnEnded, TurnStarted
from loomkin.records.ids import CallId, MessageId
from loomkin.records.message import Message, Role, Text, ToolCall
from loomkin.store import rebuild, sessions
from loomkin.store.lock import SessionLock
from loomkin.store.numbers import use_numbers_up_to
from tests.cli.project import database, loomkin, repository
from tests.store.facts import fill, said
from tests.store.test_carried import keeper

ID = "20260101-101010-aaaa"
CALL = ToolCall(CallId("c1"), "shell", '{"command": "make test"}')


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = repository(tmp_path / "project")
    with database(root) as db:
        fill(
            db,
            said("First words"),
            TurnStarted(1, "person"),
            said("First answer", "coder", "m2"),
            TurnEnded(1, "done", "", 1, 1.0),
            keeper(1, ID),
            said("Second words", identity="m3"),
            TurnStarted(2, "person"),
            FileChanged("c0", "a.py", "", "x", 1, 0, "+one line"),
            MessageAdded(Message(MessageId("m4"), Role.ASSISTANT, (Text("I run."), CALL), "coder", 2.0)),
            CallStarted("c1", "shell", CALL.arguments),
            session=ID,
        )
        use_numbers_up_to(db.writer, "keeper", 1)
    monkeypatch.chdir(root)
    return root


def texts(project: Path, name: str) -> list[str]:
    with database(project) as db:
        return [one.text for one in sessions.messages(db, sessions.find(db, name).id)]


def test_show_lists_turns_and_with_events_every_number(project: Path) -> None:
    shown = loomkin("sessions", "show", ID)
    assert "turn:1  coder" in shown.out
    assert "not ended" in shown.out
    lines = loomkin("sessions", "show", ID, "--events").lines
    assert len(lines) == 11
    assert lines[1].split()[0] == "2"
    assert "m1 person: First words" in lines[1]
    assert "turn:1 ends (done)" in lines[4]
    assert "k1 is made" in lines[5]


@pytest.mark.parametrize(
    ("at", "left"),
    [("turn:1", 2), ("3", 1), ("m2", 2), ("k1", 2), ("m3", 3), ("1", 0), ("turn:2", 5), ("11", 5)],
)
def test_a_fork_at_a_place_has_what_was_said_until_then(project: Path, at: str, left: int) -> None:
    before = loomkin("sessions", "show", ID).out
    done = loomkin("sessions", "fork", ID, "--at", at, "-n", "try")
    assert (done.code, done.err) == (0, "")
    assert len(texts(project, "try")) == left
    assert loomkin("sessions", "show", ID).out == before
    assert f"fork of  {ID} at event" in loomkin("sessions", "show", "try").out
    assert loomkin("sessions", "check").code == 0


@pytest.mark.parametrize("at", ["99", "turn:3", "turn:x", "k9", "m9", "yesterday"])
def test_a_place_that_is_none_is_refused_with_what_there_is(project: Path, at: str) -> None:
    refused = loomkin("sessions", "fork", ID, "--at", at)
    assert refused.code in (1, 2)
    assert "--events" in refused.err or "turn:3" in refused.err
    assert len(loomkin("sessions", "list", "--json").json) == 1


def test_an_event_of_another_session_is_no_place_in_this_one(project: Path) -> None:
    with database(project) as db:
        other = fill(db, said("Other"), session="other")[-1]
    refused = loomkin("sessions", "fork", ID, "--at", other.seq)
    assert refused.code == 1
    assert "between 1 and 11" in refused.err


def test_a_call_that_nobody_saw_end_is_named_and_gets_its_result(project: Path) -> None:
    checked = loomkin("sessions", "check")
    assert checked.code == 0
    assert f"open: session {ID}, coder: 1 call without a result" in checked.out
    lock = SessionLock(project / ".loomkin", ID)
    assert "open:" not in loomkin("sessions", "check").out, "it may still end"
    busy = loomkin("sessions", "repair")
    assert "in use" in busy.err
    lock.release()
    assert "1 call got the result that it was interrupted" in loomkin("sessions", "repair", ID).out
    assert "open:" not in loomkin("sessions", "check").out
    assert "There was nothing to mend." in loomkin("sessions", "repair").out


def test_repair_puts_damage_aside_marks_the_keeper_and_doctor_points_to_it(project: Path) -> None:
    with database(project) as db:
        db.writer.execute("UPDATE events SET data = '{' WHERE seq = 4")
        db.writer.execute("UPDATE sessions SET title = 'forged'")
    shown = loomkin("sessions", "show", ID)
    assert shown.code == 1
    assert "sessions repair" in shown.err
    checked = loomkin("sessions", "check")
    assert checked.code == 1
    assert "event 4 (MessageAdded) cannot be read" in checked.out
    assert "`loomkin sessions repair` mends it." in checked.out
    assert "loomkin sessions repair" in loomkin("doctor").out
    mended = loomkin("sessions", "repair")
    assert mended.code == 0, mended.err
    assert "1 event that nobody can read put aside" in mended.out
    assert "1 keeper marked as incomplete" in mended.out
    assert loomkin("sessions", "check").code == 0
    assert "First words" in loomkin("sessions", "show", ID).out
    with database(project) as db:
        assert rebuild.differences(db) == []
    assert "(1 of 2 messages are gone) title 1" in loomkin("keepers", "show", "k1").out


def test_a_replay_shows_words_calls_and_changes_as_they_ran(project: Path) -> None:
    begun = time.monotonic()
    shown = loomkin("sessions", "replay", ID, "--no-wait")
    assert shown.code == 0
    places = [shown.out.index(words) for words in ("First words", "First answer", "Second words", "I run.")]
    assert places == sorted(places)
    assert loomkin("sessions", "replay", ID, "--speed", "1000").out == shown.out
    assert time.monotonic() - begun < 8
    assert loomkin("sessions", "replay", ID, "--speed", "0").code == 2


def test_a_failed_export_leaves_the_file_that_was_there(project: Path) -> None:
    target = project / "good.json"
    target.write_text("what was there")
    with database(project) as db:
        db.writer.execute("UPDATE events SET data = '{' WHERE seq = 4")
    assert loomkin("sessions", "export", ID, "--format", "json", "-o", target).code == 1
    assert target.read_text() == "what was there"
    assert [path.name for path in project.iterdir() if "part" in path.name] == []


def test_the_markdown_page_has_diffs_cards_and_costs(project: Path) -> None:
    page = loomkin("sessions", "export", ID).out
    assert "## k1: 2 messages leave the window\n\ntitle 1\n" in page
    assert "- `a.py` +1 −0" in page
    assert "no result" in page
