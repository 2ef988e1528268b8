"""What the person asked for last is found word for word, and nothing that was asked before."""

from loomkin.records.ids import CallId, MessageId
from loomkin.records.message import Message, Role, Text, ToolCall, ToolResult
from loomkin.team.person_words import LONGEST, last_words, with_words


def told(text: str, attached: str = "") -> Message:
    parts = (Text(text), *((Text(attached),) if attached else ()))
    return Message(MessageId("m"), Role.USER, parts, "person", 0.0)


def said(text: str, *calls: str) -> Message:
    parts = (Text(text), *(ToolCall(CallId(name), name, "{}") for name in calls))
    return Message(MessageId("m"), Role.ASSISTANT, parts, "concierge", 0.0)


def heard(name: str) -> Message:
    part = ToolResult(CallId(name), name, "It is at work.")
    return Message(MessageId("m"), Role.USER, (part,), "loomkin", 0.0)


def test_a_request_and_what_was_said_while_it_was_worked_on_belong_together():
    before = (told("Say hello."), said("Hello."))
    work = (told("Mend it.", "<file>"), said("I look.", "file_read"), heard("file_read"), told("In calc.py."))
    assert last_words((*before, *work)) == "Mend it.\n\nIn calc.py."


def test_it_counts_also_after_others_have_reported():
    work = (told("Mend it."), said("A coder does.", "team_spawn"), heard("team_spawn"), said("It is mended."))
    assert last_words(work) == "Mend it."


def test_a_turn_that_ended_with_an_order_is_over():
    work = (told("Mend it."), said("A coder does.", "team_spawn"), heard("team_spawn"), told("Test it."))
    assert last_words(work) == "Test it."


def test_a_plan_that_was_changed_beside_an_order_ended_the_turn_too_and_alone_it_did_not():
    planned = (told("Mend it."), said("A coder does.", "task_create", "task_depend"), told("Test it."))
    assert last_words(planned) == "Test it."
    changed = (told("Mend it."), said("I look on.", "task_update"), told("Test it."))
    assert last_words(changed) == "Mend it.\n\nTest it."


def test_words_are_added_once_and_very_long_ones_without_their_middle():
    assert with_words("Do it.", ()) == "Do it."
    assert with_words("Do: Mend it.", [told("Mend it.")]) == "Do: Mend it."
    long = with_words("Do it.", [told("a" * LONGEST + "b" * LONGEST)])
    assert f"a\n[{LONGEST} characters are left out here]\nb" in long
    assert len(long) < LONGEST + 100
