"""Questions to the person: keys, words, the guard against type-ahead, and taking questions back."""

import asyncio

import pytest

from loomkin.permissions.gate import Answer, Approval, Scope
from loomkin.records.permission import Access, Decision, ToolUse, Verdict
from loomkin.ui.approvals import Approvals, Ask, Step
from loomkin.ui.repl_box import box_lines, cells, whole_text, wrap
from loomkin.ui.theme import about

RULE = "shell(git push)"


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def approval(command: str = "git push", offers: tuple[str, ...] = (RULE,)) -> Approval:
    use = ToolUse("shell", Access.EXECUTE, "/somewhere", command=command)
    return Approval("coder", "c1", use, Verdict(Decision.ASK, "It talks to others.", offers=offers), command)


async def shown(approvals: Approvals, clock: Clock) -> None:
    await asyncio.sleep(0)
    approvals.appeared()
    clock.now += 1


@pytest.mark.parametrize(
    ("key", "answer"),
    [
        ("y", Answer(True)),
        ("a", Answer(True, Scope.SESSION, RULE)),
        ("p", Answer(True, Scope.PROJECT, RULE)),
        ("n", Answer(False)),
    ],
)
async def test_each_key_gives_its_answer(key: str, answer: Answer) -> None:
    clock = Clock()
    approvals = Approvals(clock)
    async with asyncio.TaskGroup() as group:
        asked = group.create_task(approvals.approve(approval()))
        await shown(approvals, clock)
        assert approvals.press(key)
    assert asked.result() == answer
    assert approvals.current is None


async def test_keys_in_the_first_300_milliseconds_mean_nothing() -> None:
    clock = Clock()
    approvals = Approvals(clock)
    async with asyncio.TaskGroup() as group:
        asked = group.create_task(approvals.approve(approval()))
        await asyncio.sleep(0)
        assert not approvals.press("y")
        approvals.appeared()
        clock.now += 0.29
        assert not approvals.press("y")
        approvals.appeared()
        clock.now += 0.02
        assert approvals.press("n")
    assert asked.result() == Answer(False)


async def test_typing_begins_the_guard_anew() -> None:
    clock = Clock()
    approvals = Approvals(clock)
    async with asyncio.TaskGroup() as group:
        asked = group.create_task(approvals.approve(approval()))
        await asyncio.sleep(0)
        approvals.typed()
        assert approvals.guarded, "a box that nobody has seen takes no key"
        await shown(approvals, clock)
        approvals.typed()
        clock.now += 0.29
        assert not approvals.press("a")
        clock.now += 0.02
        assert approvals.press("n")
    assert asked.result() == Answer(False)


async def test_the_guard_begins_anew_with_the_next_question() -> None:
    clock = Clock()
    approvals = Approvals(clock)
    async with asyncio.TaskGroup() as group:
        first = group.create_task(approvals.approve(approval()))
        second = group.create_task(approvals.approve(approval("rm -r build")))
        await shown(approvals, clock)
        assert approvals.count == 2
        assert approvals.press("y")
        await first
        assert not approvals.press("y")
        await shown(approvals, clock)
        assert approvals.press("n")
    assert second.result() == Answer(False)


async def test_without_a_rule_to_offer_only_once_and_no_are_possible() -> None:
    clock = Clock()
    approvals = Approvals(clock)
    async with asyncio.TaskGroup() as group:
        asked = group.create_task(approvals.approve(approval(offers=())))
        await shown(approvals, clock)
        assert not approvals.press("a")
        assert not approvals.press("p")
        current = approvals.current
        assert current is not None
        assert not any("project" in text for _, text in box_lines(current, (), 80, 20))
        assert approvals.press("y")
    assert asked.result() == Answer(True)


async def test_a_reason_goes_along_with_a_decline_and_can_be_given_up() -> None:
    clock = Clock()
    approvals = Approvals(clock)
    async with asyncio.TaskGroup() as group:
        asked = group.create_task(approvals.approve(approval()))
        await shown(approvals, clock)
        approvals.press("d")
        assert approvals.back()
        assert approvals.current is not None
        assert approvals.current.step is Step.KEY
        approvals.press("d")
        assert not approvals.press("y")
        assert approvals.say("  use a branch ")
    assert asked.result() == Answer(False, reason="use a branch")


async def test_declining_settles_all_that_waits() -> None:
    approvals = Approvals()
    async with asyncio.TaskGroup() as group:
        asked = group.create_task(approvals.approve(approval()))
        inquiry = group.create_task(approvals.ask("Which?", ("a", "b"), True, "tester"))
        await asyncio.sleep(0)
        approvals.decline()
    assert not asked.result().allowed
    assert inquiry.result() is None


async def test_a_question_is_taken_back_with_its_call() -> None:
    approvals = Approvals()
    changes = []
    approvals.changed = lambda: changes.append(approvals.count)
    async with asyncio.TaskGroup() as group:
        asked = group.create_task(approvals.approve(approval()))
        await asyncio.sleep(0)
        asked.cancel()
    assert approvals.current is None
    assert changes == [1, 0]


async def test_a_question_of_an_agent_takes_a_number_or_own_words() -> None:
    clock = Clock()
    approvals = Approvals(clock)
    async with asyncio.TaskGroup() as group:
        numbered = group.create_task(approvals.ask("Which?", ("red", "blue"), False, "coder"))
        await shown(approvals, clock)
        assert not approvals.press("3")
        assert not approvals.press("d")
        assert approvals.press("2")
        await numbered
        free = group.create_task(approvals.ask("Why?", (), True, "coder"))
        await shown(approvals, clock)
        assert not approvals.back()
        approvals.say("   ")
        assert approvals.current is not None
        approvals.say("because")
    assert (numbered.result(), free.result()) == ("blue", "because")


@pytest.mark.parametrize(("width", "height"), [(80, 20), (40, 8), (20, 6)])
async def test_a_box_stays_within_its_size_and_shows_the_exact_command(width: int, height: int) -> None:
    clock = Clock()
    approvals = Approvals(clock)
    command = "printf '%s' 修正 && rm -r build\x1b[2J"
    async with asyncio.TaskGroup() as group:
        group.create_task(approvals.approve(approval(command)))
        await shown(approvals, clock)
        current = approvals.current
        assert isinstance(current, Ask)
        lines = [
            text
            for _, text in box_lines(
                current, ("coder: wants shell ls", "tester: asks: Which?"), width, height
            )
        ]
        approvals.press("n")
    assert len(lines) <= height
    assert all(cells(line) <= width for line in lines)
    assert "[3 waiting]" in lines[0]
    assert not any("\x1b" in line for line in lines)
    if width == 80:
        assert "│ printf '%s' 修正 && rm -r build␛[2J" in lines
    assert whole_text(current) == command.replace("\x1b", "␛")


def test_wrapping_loses_nothing_and_counts_wide_letters_twice() -> None:
    text = "日本語 and words"
    pieces = wrap(text, 5)
    assert "".join(pieces) == text
    assert all(cells(piece) <= 5 for piece in pieces)


@pytest.mark.parametrize(
    ("command", "seen"),
    [
        ("echo \x1b]0; touch owned \x07", "echo ␛]0; touch owned ␇"),
        ("echo \x1b[8m; touch owned", "echo ␛[8m; touch owned"),
        ("touch owned\rls", "touch owned␍ls"),
        ("touch \u202edenwo", "touch <U+202E>denwo"),
    ],
)
async def test_nothing_in_a_command_can_hide_a_part_of_it_from_the_one_who_approves(
    command: str, seen: str
) -> None:
    ask = Ask(approval(command, (f"shell({command})",)), asyncio.get_running_loop().create_future())
    shown = [text for _, text in box_lines(ask, (), 78, 20)]
    assert f"│ {seen}" in shown
    assert f"│ a, p save: shell({seen})" in shown
    assert whole_text(ask) == seen


async def test_nothing_in_a_file_name_can_hide_a_part_of_it() -> None:
    verdict = Verdict(Decision.ASK, "It writes /a\x1b[8m/b.")
    use = ToolUse("file_write", Access.WRITE, "/", writes=("/a\x1b[8m/b",))
    ask = Ask(Approval("coder", "c1", use, verdict, ""), asyncio.get_running_loop().create_future())
    assert "│ It writes /a␛[8m/b." in [text for _, text in box_lines(ask, (), 78, 20)]
    assert about('{"path": "/a\\u001b[8m/b"}') == "/a␛[8m/b"


async def test_what_waits_is_answered_in_any_order_and_each_names_its_agent() -> None:
    clock = Clock()
    approvals = Approvals(clock)
    async with asyncio.TaskGroup() as group:
        asked = group.create_task(approvals.approve(approval()))
        inquiry = group.create_task(approvals.ask("Which?", ("red", "blue"), False, "tester"))
        await shown(approvals, clock)
        assert approvals.current is not None
        lines = [text for _, text in box_lines(approvals.current, approvals.others, 78, 20)]
        assert "[2 waiting]" in lines[0]
        assert "│ next (Ctrl+N): tester: asks: Which?" in lines
        approvals.turn()
        assert not approvals.press("2"), "the box has just come up"
        await shown(approvals, clock)
        assert box_lines(approvals.current, approvals.others, 78, 20)[0][1].startswith("│ tester asks")
        assert approvals.press("2")
        await inquiry
        assert not asked.done()
        await shown(approvals, clock)
        assert approvals.press("y")
    assert (asked.result(), inquiry.result()) == (Answer(True), "blue")


async def test_declining_one_question_leaves_the_others() -> None:
    approvals = Approvals()
    async with asyncio.TaskGroup() as group:
        asked = group.create_task(approvals.approve(approval()))
        other = group.create_task(approvals.ask("Which?", ("a", "b"), True, "tester"))
        await asyncio.sleep(0)
        approvals.decline(approvals.current)
        assert not (await asked).allowed
        assert approvals.count == 1
        approvals.decline()
    assert other.result() is None


@pytest.mark.parametrize(("height", "whole"), [(20, True), (8, False)])
async def test_a_box_with_room_tells_all_reasons_and_a_small_one_keeps_its_keys(
    height: int, whole: bool
) -> None:
    reason = (
        "rm -rf build deletes files. " + "Nobody can tell what sh does here. " * 3 + "It fetches and runs."
    )
    use = ToolUse("shell", Access.EXECUTE, "/somewhere", command="x")
    asked = Approval("coder", "c1", use, Verdict(Decision.ASK, reason), "x")
    lines = box_lines(Ask(asked, asyncio.get_running_loop().create_future()), (), 60, height)
    text = "".join(line.removeprefix("│ ") for _, line in lines)
    assert ("It fetches and runs." in text) is whole
    assert "y once" in text
