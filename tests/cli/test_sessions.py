"""`loomkin sessions`."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from loomkin.records.event import (
    CallFinished,
    CallStarted,
    FileChanged,
    GrantAdded,
    MessageAdded,
    SessionRenamed,
    TurnStarted,
    WindowCleared,
)
from loomkin.records.ids import CallId, MessageId
from loomkin.records.message import Message, Role, Text, ToolCall, ToolResult
from loomkin.store import rebuild, sessions, transfer
from loomkin.store.journal import write
from loomkin.store.lock import SessionLock
from tests.cli.project import database, loomkin, repository
from tests.store.facts import event, fill, said, started, used

CALL = ToolCall(CallId("c1"), "shell", '{"command": "make test"}')


def message(identity: str, role: Role, *parts: object, sender: str = "coder") -> MessageAdded:
    return MessageAdded(Message(MessageId(identity), role, parts, sender, 1_700_000_000.0))  # type: ignore[arg-type]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = repository(tmp_path / "project")
    with database(root) as db:
        fill(
            db,
            SessionRenamed("mend"),
            TurnStarted(1, "person"),
            said("Please make the tests pass"),
            used(1_500_000_000, tokens=1200),
            message("m2", Role.ASSISTANT, Text("I run them."), CALL),
            CallStarted("c1", "shell", CALL.arguments),
            CallFinished("c1", "shell", "ok", 2.5),
            message(
                "m3", Role.USER, ToolResult(CallId("c1"), "shell", "12 passed ``` in 1 s"), sender="loomkin"
            ),
            FileChanged("c2", "src/a.py", "", "x", 3, 1, "+1"),
            GrantAdded("shell(make *)", "project"),
            used(None, model="other/model"),
            message("m4", Role.ASSISTANT, Text("All pass now.")),
            session="20260101-101010-aaaa",
        )
        fill(db, said("Something \x1b[31mred\x1b[0m"), session="20260101-111111-bbbb")
    monkeypatch.chdir(root)
    return root


FIRST, SECOND = "20260101-101010-aaaa", "20260101-111111-bbbb"


def test_a_repository_without_sessions_says_so_and_stays_as_it_is(tmp_path: Path) -> None:
    root = repository(tmp_path / "new")
    listed = loomkin("sessions", "-C", root, "list")
    assert (listed.code, listed.err) == (0, "")
    assert "no sessions" in listed.out
    assert loomkin("sessions", "list", "-C", root, "--json").json == []
    assert loomkin("-C", root, "sessions", "check").code == 0
    for command in ("show", "export", "fork", "delete"):
        refused = loomkin("sessions", command, "x", "-C", root)
        assert refused.code == 1
        assert "no sessions" in refused.err
    assert [path.name for path in root.iterdir()] == [".git"]


def test_the_list_shows_id_turns_cost_and_first_words(project: Path) -> None:
    lines = loomkin("sessions", "list").lines
    assert lines[0].split() == [
        "ID",
        "LAST",
        "USED",
        "TURNS",
        "COST",
        "MODEL",
        "NAME",
        "OR",
        "FIRST",
        "WORDS",
    ]
    assert len(lines) == 3
    one = next(line for line in lines if FIRST in line)
    assert "$0.0015+?" in one
    assert "mend: Please make the tests pass" in one
    assert "\x1b" not in "\n".join(lines)


def test_the_list_as_json_is_exact(project: Path) -> None:
    rows = {row["id"]: row for row in loomkin("sessions", "list", "--json").json}
    assert set(rows) == {FIRST, SECOND}
    one = rows[FIRST]
    assert (one["usd"], one["unpriced_calls"], one["model_calls"], one["turns"]) == ("0.0015", 1, 2, 1)
    assert (one["name"], one["title"]) == ("mend", "Please make the tests pass")
    assert len(loomkin("sessions", "list", "--json", "--limit", 1).json) == 1


@pytest.fixture
def days(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three sessions begun on the first of January 2026 and last used then and on the next two days."""
    root = repository(tmp_path / "days")
    noon = 1_767_268_800.0  # 2026-01-01 12:00 UTC
    with database(root) as db:
        for number in range(3):
            name = f"s-{number + 1}"
            write(db, [event(started(), name, at=noon), event(said("go"), name, at=noon + number * 86_400.0)])
    monkeypatch.chdir(root)
    return root


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (("--since", "2026-01-02"), ["s-3", "s-2"]),
        (("--since", "2026-01-03"), ["s-3"]),
        (("--until", "2026-01-02"), ["s-2", "s-1"]),
        (("--until", "2025-12-31"), []),
        (("--since", "2026-01-02", "--until", "2026-01-02"), ["s-2"]),
        (("--until", "2026-01-02", "--limit", "1"), ["s-2"]),
    ],
)
def test_the_list_can_be_narrowed_to_the_days_of_last_use(
    days: Path, words: tuple[str, ...], found: list[str]
) -> None:
    assert [row["id"] for row in loomkin("sessions", "list", *words, "--json").json] == found
    assert [line for line in loomkin("sessions", "list", *words, "--short").lines if line] == found


def test_where_no_session_was_used_the_days_asked_for_are_named(days: Path) -> None:
    none = loomkin("sessions", "list", "--since", "2025-12-30", "--until", "2025-12-31")
    assert none.code == 0
    assert none.out.startswith("No session in ")
    assert none.out.endswith(" was last used since 2025-12-30 until 2025-12-31.\n")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--since", "yesterday"), "--since yesterday is not a date"),
        (("--until", "2026-02-30"), "--until 2026-02-30 is not a date"),
        (("--since", "2026-01-02", "--until", "2026-01-01"), "--until 2026-01-01 is before --since"),
    ],
)
def test_days_that_are_none_are_refused(days: Path, words: tuple[str, ...], said: str) -> None:
    refused = loomkin("sessions", "list", *words)
    assert refused.code == 2
    assert said in refused.err


def test_show_folds_tools_and_sums_up(project: Path) -> None:
    shown = loomkin("sessions", "show", "mend").out
    assert f"Session {FIRST} (mend)" in shown
    assert "> shell make test  [ok, 2.5 s]" in shown
    assert "12 passed" not in shown
    assert "src/a.py" in shown
    assert "2 model calls, 1210 tokens in, 2 out, $0.0015, 1 call of unknown price" in shown


def test_show_context_has_results_in_full_and_only_what_the_window_holds(project: Path) -> None:
    assert "| 12 passed ``` in 1 s" in loomkin("sessions", "show", FIRST, "--context").out
    with database(project) as db:
        fill(db, said("before"), WindowCleared(), said("after", identity="m2"), session="cleared")
    shown = loomkin("sessions", "show", "cleared", "--context").out
    assert "after" in shown
    assert "  before\n" not in shown.split("person:", 1)[1]
    assert "  before\n" in loomkin("sessions", "show", "cleared").out


def test_what_a_session_holds_cannot_command_the_terminal(project: Path) -> None:
    assert "\x1b" not in loomkin("sessions", "show", SECOND).out
    assert "Something ?[31mred?[0m" in loomkin("sessions", "show", SECOND).out


def test_an_id_may_be_shortened_and_must_be_clear(project: Path) -> None:
    assert loomkin("sessions", "show", "aaaa").code == 0
    both = loomkin("sessions", "show", "20260101")
    assert both.code == 1
    assert FIRST in both.err
    assert SECOND in both.err
    assert "No session 'zzz'" in loomkin("sessions", "show", "zzz").err


def test_the_markdown_export_is_for_people(project: Path) -> None:
    text = loomkin("sessions", "export", FIRST).out
    assert text.startswith("# mend\n")
    assert "<details><summary><code>shell</code>: ok</summary>" in text
    assert "````text\n12 passed ``` in 1 s\n````" in text
    assert "- `src/a.py` +3 −1" in text
    assert "cost: $0.0015; calls of unknown price: 1" in text


def test_a_json_export_comes_back_whole_in_another_repository(project: Path, tmp_path: Path) -> None:
    file = tmp_path / "session.json"
    assert loomkin("sessions", "export", "mend", "--format", "json", "-o", file).code == 0
    other = repository(tmp_path / "other")
    taken = loomkin("sessions", "import", file, "-C", other)
    assert (taken.code, taken.err) == (0, "")
    assert f"Imported session {FIRST}" in taken.out
    assert "1 permission grant left out" in taken.out
    here, there = loomkin("sessions", "show", FIRST).out, loomkin("sessions", "show", FIRST, "-C", other).out
    assert here == there
    assert loomkin("sessions", "check", "-C", other).code == 0


def test_importing_again_makes_a_new_session(project: Path, tmp_path: Path) -> None:
    file = tmp_path / "session.json"
    loomkin("sessions", "export", "mend", "--format", "json", "-o", file)
    assert loomkin("sessions", "import", file, "-n", "copy").code == 0
    rows = {row["name"]: row["id"] for row in loomkin("sessions", "list", "--json").json}
    assert rows["copy"] not in (FIRST, SECOND)
    assert loomkin("sessions", "import", file, "-n", "copy").code == 2
    assert len(loomkin("sessions", "list", "--json").json) == 3


@pytest.mark.parametrize("text", ["", "hello", "{}", '{"format": "loomkin-session", "version": 1}'])
def test_garbage_is_refused_and_makes_no_database(tmp_path: Path, text: str) -> None:
    root = repository(tmp_path / "new")
    (tmp_path / "garbage").write_text(text)
    refused = loomkin("sessions", "import", tmp_path / "garbage", "-C", root)
    assert refused.code == 2
    assert "session" in refused.err
    assert not (root / ".loomkin").exists()


def test_import_reads_stdin_and_takes_no_endless_file(project: Path, tmp_path: Path) -> None:
    text = loomkin("sessions", "export", "mend", "--format", "json").out
    done = subprocess.run(
        [sys.executable, "-m", "loomkin", "sessions", "import", "-"],
        input=text,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "is here already" in done.stdout
    with (tmp_path / "large").open("wb") as large:
        large.truncate(transfer.LARGEST + 1)
    refused = loomkin("sessions", "import", tmp_path / "large")
    assert refused.code == 2
    assert "larger than 2048 MiB" in refused.err


def test_a_file_that_is_missing_or_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    assert "Cannot read" in loomkin("sessions", "import", tmp_path / "nowhere").err
    assert "not UTF-8" in loomkin("sessions", "import", tmp_path / "binary").err


def test_a_fork_has_the_conversation_and_leaves_the_other_alone(project: Path) -> None:
    before = loomkin("sessions", "show", FIRST).out
    assert loomkin("sessions", "fork", "mend", "-n", "try").code == 0
    assert loomkin("sessions", "show", FIRST).out == before
    with database(project) as db:
        fork = sessions.find(db, "try")
        assert fork.parent == FIRST
        assert sessions.messages(db, fork.id) == sessions.messages(db, FIRST)
        assert rebuild.differences(db) == []
    assert loomkin("sessions", "fork", "mend", "-n", "try").code == 2


def test_renaming_takes_a_free_name(project: Path) -> None:
    assert loomkin("sessions", "rename", SECOND, "paint it").code == 0
    assert loomkin("sessions", "show", "paint it").code == 0
    taken = loomkin("sessions", "rename", SECOND, "mend")
    assert taken.code == 2
    assert FIRST in taken.err
    assert loomkin("sessions", "rename", SECOND, "  ").code == 2


def test_deleting_needs_a_yes_and_leaves_nothing(project: Path) -> None:
    asked = subprocess.run(
        [sys.executable, "-m", "loomkin", "sessions", "delete", "mend"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    assert asked.returncode == 2
    assert "-y" in asked.stderr
    assert loomkin("sessions", "delete", "mend", "-y").code == 0
    assert [row["id"] for row in loomkin("sessions", "list", "--json").json] == [SECOND]
    assert loomkin("sessions", "check").code == 0
    assert loomkin("cost", "--json").json["total"]["calls"] == 0


def test_deleting_takes_the_kept_outputs_along_that_no_other_session_has(project: Path) -> None:
    outputs = project / ".loomkin" / "outputs"
    outputs.mkdir()
    for name in ("own.txt", "shared.txt", "foreign.txt"):
        (outputs / name).write_text("word")
    outside = project / "notes.txt"
    outside.write_text("mine")

    def ran(number: int, file: str) -> CallFinished:
        return CallFinished(f"c{number}", "shell", "ok", 1.0, file)

    files = (".loomkin/outputs/own.txt", ".loomkin/outputs/shared.txt", "notes.txt", ".loomkin/outputs/..")
    with database(project) as db:
        fill(db, *(ran(number, file) for number, file in enumerate(files)), session="gone")
        fill(db, ran(1, ".loomkin/outputs/shared.txt"), session="kept")
    assert loomkin("sessions", "delete", "gone", "-y").code == 0
    assert sorted(path.name for path in outputs.iterdir()) == ["foreign.txt", "shared.txt"]
    assert outside.exists()


@pytest.mark.parametrize("words", [("delete", FIRST, "-y"), ("rename", FIRST, "other")])
def test_a_session_in_use_is_left_alone(project: Path, words: tuple[str, ...]) -> None:
    lock = SessionLock(project / ".loomkin", FIRST)
    refused = loomkin("sessions", *words)
    lock.release()
    assert refused.code == 1
    assert "in use by process" in refused.err
    assert loomkin("sessions", *words).code == 0


def test_check_finds_a_table_that_differs_from_the_log(project: Path) -> None:
    assert loomkin("sessions", "check").out == "All tables are what the log says.\n"
    with database(project) as db:
        db.writer.execute("UPDATE sessions SET model = 'forged'")
    found = loomkin("sessions", "check", "--json")
    assert found.code == 1
    assert found.json["differences"] == ["sessions: 2 rows, 2 by the log"]
    assert found.json["damage"] == []
    assert loomkin("sessions", "repair").code == 0
    assert loomkin("sessions", "check").code == 0
    assert loomkin("sessions", "list", "--json").json[0]["model"] == "fake/model"


def test_an_export_names_every_event(project: Path) -> None:
    whole = json.loads(loomkin("sessions", "export", FIRST, "--format", "json").out)
    with database(project) as db:
        assert [one["seq"] for one in whole["events"]] == [one.seq for one in sessions.events(db, FIRST)]


def test_a_folder_that_is_none_and_a_word_that_is_none_are_said(tmp_path: Path) -> None:
    assert loomkin("sessions", "list", "-C", tmp_path / "nowhere").code == 2
    unknown = loomkin("sessions", "lost")
    assert unknown.code == 2
    assert "lost" in unknown.err
    assert "rename" in loomkin("sessions").out


def test_a_letter_or_three_of_an_id_stand_for_no_session(project: Path) -> None:
    with database(project) as db:
        identity = fill(db, said("Another"), session="20261121-140000-wxyz")[0].session
    for slip in (identity[-1], identity[-3:], identity[:2]):
        refused = loomkin("sessions", "delete", "-y", slip)
        assert refused.code == 1
        assert "4 characters" in refused.err
    assert loomkin("sessions", "show", identity[-4:]).code == 0
    assert loomkin("sessions", "delete", "-y", identity[-4:]).code == 0
