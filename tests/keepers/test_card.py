"""A card is read off the messages: files, symbols, what worked, what failed."""

import json

from loomkin.agent.cards import cards
from loomkin.keepers.card import card
from loomkin.records.ids import CallId, KeeperId, MessageId, SessionId
from loomkin.records.keeper import Card, Keeper, KeeperKind
from loomkin.records.message import Message, Part, Role, Text, ToolCall, ToolResult


def message(role: Role, *parts: Part, sender: str = "coder") -> Message:
    return Message(MessageId("m"), role, parts, sender, 0.0)


def exchange(name: str, arguments: dict[str, object], text: str, failed: bool = False) -> list[Message]:
    call = ToolCall(CallId(f"{name}{arguments}"), name, json.dumps(arguments))
    answer = ToolResult(call.id, name, text, failed)
    return [message(Role.ASSISTANT, Text("So."), call), message(Role.USER, answer, sender="loomkin")]


WORK = (
    *exchange("file_read", {"path": "./src/auth.py"}, "1 def login"),
    *exchange(
        "file_edit", {"path": "src/auth.py", "old": "x", "new": "def logout(user):\n    pass"}, "Done."
    ),
    *exchange("shell", {"command": "pytest -q"}, "E  TypeError: no user\n1 failed\nexit 1", failed=True),
    *exchange("shell", {"command": "make lint"}, "fine\nexit 0"),
    *exchange(
        "file_edit", {"path": "src/auth.py", "old": "y", "new": "z"}, "`old` was not found.", failed=True
    ),
    *exchange("decision_log", {"title": "Use tokens"}, "Logged d42."),
)


def test_it_tells_files_symbols_commands_failures_and_decisions() -> None:
    asked = message(Role.USER, Text("Mend the login. Soon."), sender="person")
    found = card((asked, *WORK))
    assert found.title == "Mend the login"
    assert found.files == ("src/auth.py",)
    assert found.symbols == ("logout",)
    assert found.worked == ("make lint",)
    assert found.failed == (
        "pytest -q: 1 failed",
        "file_edit src/auth.py: `old` was not found.",
    )
    assert found.decisions == ("d42",)
    assert len(found.lines) == len(WORK) + 1
    assert found.lines[2] == "loomkin: file_read gave 1 def login"


def test_a_command_that_works_in_the_end_is_no_failure() -> None:
    again = exchange("shell", {"command": "pytest -q"}, "3 passed\nexit 0")
    found = card((*WORK, *again))
    assert "pytest -q" in found.worked
    assert not [text for text in found.failed if text.startswith("pytest -q")]


def test_a_topic_names_it_and_arguments_that_are_no_json_do_no_harm() -> None:
    broken = message(Role.ASSISTANT, ToolCall(CallId("c"), "shell", '{"command": '))
    answer = message(Role.USER, ToolResult(CallId("c"), "shell", "", is_error=True), sender="loomkin")
    assert card((broken, answer), "the topic").title == "the topic"


def test_the_title_says_what_was_done_unless_the_words_went_along() -> None:
    assert card(WORK).title == "changed auth.py; ran make lint, pytest -q → exit 1"
    assert card(WORK[:2]).title == "read auth.py"
    letter = message(Role.USER, Text("Give the lease back once."), sender="lead")
    assert card((letter, *WORK)).title == "Give the lease back once"
    assert card((letter, *WORK[:2]), staying=(letter.id,)).title == "read auth.py"


def test_a_title_names_three_of_each_and_counts_the_rest() -> None:
    reads = [one for n in range(5) for one in exchange("file_read", {"path": f"src/part{n}.py"}, "1")]
    looks = exchange("content_search", {"pattern": "since", "path": "src/store"}, "src/a.py\n1: since")
    found = card((*reads, *looks))
    assert found.title == "read part0.py, part1.py, part2.py (+2); searched 'since'"
    assert found.files == tuple(f"src/part{n}.py" for n in range(5)), "folders searched are no files"


def test_results_are_known_by_calls_that_stay_in_the_window() -> None:
    call, answer = exchange("file_read", {"path": "src/auth.py"}, "1 def login")
    found = card((answer,), window=(call, answer))
    assert (found.title, found.files) == ("read auth.py", ("src/auth.py",))


def test_a_card_names_up_to_twelve_files_by_folder_and_how_to_read_one() -> None:
    files = (*(f"loomkin/cli/part{n}.py" for n in range(10)), *(f"tests/test_{n}.py" for n in range(9)))
    about = Card("read much", files)
    keeper = Keeper(
        KeeperId("k2"), KeeperKind.CONTEXT, "coder", SessionId("s"), about, (MessageId("m"),), 9_000,
        window=48_000,
    )  # fmt: skip
    text = cards([keeper])[keeper.id]
    assert "Files: loomkin/cli/: part0.py, part1.py, part2.py, " in text
    assert "; tests/: test_0.py, test_1.py (+7)\n" in text
    assert 'context_read(keeper="k2", file="part0.py") for one file' in text
    assert len(text) <= 900


def test_the_same_messages_give_the_same_card() -> None:
    assert card(WORK, "x") == card(WORK, "x")
