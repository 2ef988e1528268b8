"""What an offload takes: what is finished with first, enough to be worth it, never twice in a row."""

import json
from itertools import pairwise

from loomkin.agent.window import Window
from loomkin.keepers.worth import Worth, worths
from loomkin.records.ids import CallId, MessageId
from loomkin.records.keeper import Form
from loomkin.records.message import Message, Role, Text, ToolCall, ToolResult
from tests.keepers.desk import check_wires, desk, step, text_of, words

Deed = tuple[str, dict[str, object], str]


def did(window: Window, *deeds: Deed) -> None:
    """One step: calls with their results."""
    number = len(window.transcript.messages)
    calls = [
        ToolCall(CallId(f"c{number}_{at}"), name, json.dumps(given))
        for at, (name, given, _) in enumerate(deeds)
    ]
    window.transcript.answer(calls, "coder")
    for call, (name, _, text) in zip(calls, deeds, strict=True):
        window.transcript.add_result(ToolResult(call.id, name, text, text.startswith("error")))


def read(path: str, tokens: int = 600, **more: object) -> Deed:
    return (
        "file_read",
        {"path": path, **more},
        f"{path} (utf-8)\n{words(tokens // 2)}\nmiddle of {path}\n{words(tokens // 2)}",
    )


def edit(path: str) -> Deed:
    return "file_edit", {"path": path, "old": "a", "new": "b"}, f"Changed {path}."


def look(pattern: str, *hits: str) -> Deed:
    return (
        "content_search",
        {"pattern": pattern, "path": "src"},
        "\n".join(f"{hit}\n3: {pattern}\n" for hit in hits),
    )


def judged(*steps: list[Deed], said: str = "Mend it.") -> list[Worth]:
    """What each result is worth, in order."""
    messages = [Message(MessageId("w"), Role.USER, (Text(said),), "person", 0.0)]
    for number, deeds in enumerate(steps):
        calls = [
            ToolCall(CallId(f"{number}.{at}"), name, json.dumps(given))
            for at, (name, given, _) in enumerate(deeds)
        ]
        messages.append(Message(MessageId(f"a{number}"), Role.ASSISTANT, tuple(calls), "coder", 0.0))
        for call, (name, _, text) in zip(calls, deeds, strict=True):
            result = ToolResult(call.id, name, text, text.startswith("error"))
            messages.append(Message(MessageId(call.id), Role.USER, (result,), "loomkin", 0.0))
    known = worths(messages)
    return [known[message.id] for message in messages if message.results]


def test_a_file_read_again_or_changed_since_is_finished_with() -> None:
    assert judged([read("a.py"), read("b.py"), read("c.py")], [edit("b.py")], [read("a.py")]) == [
        Worth.REPEATED, Worth.SPENT, Worth.PLAIN, Worth.PLAIN, Worth.PLAIN,
    ]  # fmt: skip


def test_a_part_read_again_does_not_make_the_whole_old_but_the_whole_makes_a_part_old() -> None:
    assert judged([read("a.py")], [read("a.py", offset=4)])[0] is Worth.PLAIN
    assert judged([read("a.py", offset=4)], [read("a.py")])[0] is Worth.REPEATED


def test_a_failed_read_makes_nothing_old_and_a_patch_changes_what_it_names() -> None:
    failed: Deed = ("file_read", {"path": "a.py"}, "error: gone")
    assert judged([read("a.py")], [failed]) == [Worth.PLAIN, Worth.SPENT]
    patch = "*** Begin Patch\n*** Update File: src/a.py\n@@\n-x\n+y\n*** End Patch"
    assert judged([read("src/a.py")], [("file_patch", {"patch": patch}, "Changed.")])[0] is Worth.SPENT


def test_a_search_is_finished_with_when_all_that_it_found_was_opened() -> None:
    assert judged([look("since", "a.py", "b.py")], [read("a.py")])[0] is Worth.PLAIN
    assert judged([look("since", "a.py", "b.py")], [read("a.py")], [edit("b.py")])[0] is Worth.SPENT
    assert judged([("content_search", {"pattern": "x"}, "No line matches 'x'.")]) == [Worth.SPENT]


def test_a_command_run_again_makes_its_earlier_output_old() -> None:
    test: Deed = ("shell", {"command": "pytest"}, "3 passed\nexit 0")
    assert judged([test], [test]) == [Worth.REPEATED, Worth.PLAIN]
    red: Deed = ("shell", {"command": "pytest"}, "error: 1 failed\nexit 1")
    assert judged([test], [red]) == [Worth.REPEATED, Worth.PLAIN], "what a command complains of is worked on"


def test_files_that_the_persons_words_name_are_kept_longest_until_they_are_changed() -> None:
    steps = ([read("src/task.py"), read("tests/test_audit.py"), read("src/place.py")], [edit("src/task.py")])
    assert judged(*steps, said="`loomkin tasks` and loomkin audit")[:3] == [
        Worth.SPENT,
        Worth.NAMED,
        Worth.PLAIN,
    ]


def test_a_named_file_that_is_not_changed_in_eight_steps_is_like_any_other() -> None:
    later = [[look(f"word{number}", "x.py")] for number in range(7)]
    assert judged([read("src/task.py")], *later, said="the tasks")[0] is Worth.NAMED
    assert judged([read("src/task.py")], *later, [read("y.py")], said="the tasks")[0] is Worth.PLAIN


async def test_what_is_finished_with_goes_and_what_is_still_to_be_edited_stays_whole() -> None:
    async with desk(9_000) as table:
        window = table.window()
        window.transcript.say("<environment>", "loomkin")
        window.transcript.say("Add a flag to cost and to audit, with tests.", "person")
        did(
            window,
            read("src/cost.py", 1_200),
            read("tests/test_audit.py", 1_200),
            read("src/place.py", 1_200),
        )
        did(window, read("src/audit.py", 1_200), read("CHANGELOG.md", 1_200))
        did(window, edit("src/cost.py"), edit("src/audit.py"))
        did(window, ("shell", {"command": "make lint"}, "fine\nexit 0"))
        before = window.load().zones
        load, _ = await window.fit()
        check_wires(load)
        text = text_of(load)
        [keeper] = window.transcript.keepers
    assert before.percent >= 70
    assert before.used - load.zones.used >= 0.2 * 9_000
    assert "middle of tests/test_audit.py" in text
    gone = ("src/cost.py", "src/place.py", "src/audit.py")
    assert not [path for path in gone if f"middle of {path}" in text]
    assert all(f"{path} (utf-8)" in text for path in gone), "a line says what it was and where it is"
    assert f'context_read(keeper="{keeper.id}", message="' in text
    assert "tests/test_audit.py" not in keeper.card.files
    assert keeper.card.title.startswith("read cost.py, ")


async def test_an_offload_that_is_not_worth_it_waits_until_the_window_would_overflow() -> None:
    async with desk(12_000) as table:
        window = table.window()
        window.transcript.say("<environment>", "loomkin")
        window.transcript.say("Mend part.", "person")
        did(window, read("a.py", 1_000))
        for number in range(3):
            did(window, read(f"src{number}/part.py", 2_100))
        assert 70 <= window.load().zones.percent < 90
        before, _ = await window.fit()
        assert not window.transcript.keepers
        did(window, read("b.py", 1_500))
        assert window.load().zones.used > 0.9 * 12_000
        after, _ = await window.fit()
    assert len(window.transcript.keepers) == 1
    assert after.zones.percent < 72
    assert before.zones.used - after.zones.used >= 0.1 * 12_000


async def test_two_offloads_in_successive_steps_come_only_where_it_would_overflow() -> None:
    async with desk(12_000) as table:
        window = table.window()
        window.transcript.say("<environment>", "loomkin")
        window.transcript.say("Read all.", "person")
        made = []
        for number in range(60):
            step(window, words(1_500 if number % 7 else 4_000), text=f"step {number}")
            before, held = window.load().zones, len(window.transcript.keepers)
            await window.fit()
            if len(window.transcript.keepers) > held:
                made.append((number, before.used, window.load().zones.used))
    assert len(made) >= 5
    assert all(used - left >= 0.2 * 12_000 for _, used, left in made if used <= 0.9 * 12_000)
    for (earlier, _, _), (later, used, _) in pairwise(made):
        assert later - earlier > 1 or used > 0.9 * 12_000


async def test_what_was_clipped_and_goes_later_is_whole_in_the_later_keeper() -> None:
    async with desk(9_000) as table:
        window = table.window()
        window.transcript.say("<environment>", "loomkin")
        window.transcript.say("Mend the audit.", "person")
        did(window, read("src/cost.py", 2_400), read("tests/test_audit.py", 900))
        did(window, read("src/a.py", 900), read("src/audit.py", 900))
        did(window, edit("src/cost.py"), read("src/b.py", 900))
        did(window, edit("src/audit.py"))
        await window.fit()
        [first] = window.transcript.keepers
        assert first.clipped
        assert Form.CLIPPED in {one.form for one in window.shown}
        did(window, edit("tests/test_audit.py"))
        for number in range(12):
            step(window, words(900), text=f"step {number}")
            load, _ = await window.fit()
            check_wires(load)
        made = window.transcript.keepers
        later = {one for keeper in made[1:] for one in keeper.messages}
    assert set(first.clipped) <= later
    assert "src/cost.py (utf-8)" not in text_of(load)


async def test_of_many_reads_at_once_in_a_small_window_the_named_file_stays_whole() -> None:
    async with desk(8_000) as table:
        window = table.window()
        window.transcript.say("<environment>", "loomkin")
        window.transcript.say("Add a flag to cost.", "person")
        did(
            window, read("src/cost.py", 1_700), *(read(f"src/other{number}.py", 1_500) for number in range(4))
        )
        load, _ = await window.fit()
        check_wires(load)
        whole = {one.original.results[0].text.split()[0] for one in window.shown
                 if one.original and one.original.results and one.form is Form.WHOLE}  # fmt: skip
    assert whole == {"src/cost.py"}, "the others are shown by head and tail, though it is the longest"
