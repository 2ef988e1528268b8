"""A card is read off the messages: files, symbols, what worked, what failed."""

import json

from loomkin.keepers.card import card
from loomkin.records.ids import CallId, MessageId
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
    found = card(WORK, "Mend the login.")
    assert found.title == "Mend the login"
    assert found.files == ("src/auth.py",)
    assert found.symbols == ("logout",)
    assert found.worked == ("make lint",)
    assert found.failed == (
        "pytest -q: 1 failed",
        "file_edit src/auth.py: `old` was not found.",
    )
    assert found.decisions == ("d42",)
    assert len(found.lines) == len(WORK)
    assert found.lines[1] == "loomkin: file_read gave 1 def login"


def test_a_command_that_works_in_the_end_is_no_failure() -> None:
    again = exchange("shell", {"command": "pytest -q"}, "3 passed\nexit 0")
    found = card((*WORK, *again), "")
    assert "pytest -q" in found.worked
    assert not [text for text in found.failed if text.startswith("pytest -q")]


def test_a_topic_names_it_and_arguments_that_are_no_json_do_no_harm() -> None:
    broken = message(Role.ASSISTANT, ToolCall(CallId("c"), "shell", '{"command": '))
    answer = message(Role.USER, ToolResult(CallId("c"), "shell", "", is_error=True), sender="loomkin")
    assert card((broken, answer), "asked", "the topic").title == "the topic"


def test_without_anybody_s_words_the_title_says_what_was_done() -> None:
    assert card(WORK, "").title == "changed src/auth.py; make lint"
    assert card(WORK[:2], "").title == "read src/auth.py"
    letter = message(Role.USER, Text("Give the lease back once."), sender="lead")
    assert card((letter, *WORK), "").title == "Give the lease back once"


def test_the_same_messages_give_the_same_card() -> None:
    assert card(WORK, "x") == card(WORK, "x")
