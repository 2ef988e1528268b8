"""What leaves a window and what stays: whole turns, pairs, the person's words, open orders."""

import pytest

from loomkin.agent.window import Window
from loomkin.agent.zones import LEAST_ANSWER
from loomkin.records.keeper import Form
from loomkin.records.message import RAN
from tests.keepers.desk import check_wires, desk, step, text_of, words


def talk(window: Window, *turns: int, tokens: int = 300) -> None:
    """A turn of so many steps for each number, each begun by the person and ended by an answer."""
    window.transcript.say("<environment>", "loomkin")
    for number, steps in enumerate(turns):
        window.transcript.say(f"request {number}", "person")
        for one in range(steps):
            step(window, words(tokens, f"t{number}s{one}_"), text=f"turn {number} step {one}")
        step(window, text=f"answer {number}")


async def test_the_oldest_whole_turns_go_and_the_last_two_stay() -> None:
    async with desk(6_000) as table:
        window = table.window()
        talk(window, 3, 3, 3, 3)
        await window.fit()
        text = text_of(window.load())
        [keeper] = window.transcript.keepers
    assert "turn 0 step 0" not in text
    assert "answer 0" not in text
    assert all(f"turn {turn} step {one}" in text for turn in (2, 3) for one in range(3))
    assert all(f"request {number}" in text for number in range(4))
    assert (keeper.words, keeper.clipped) == ((), ())
    assert keeper.card.title == "read part2_0.py, part4_0.py, part6_0.py (+3)"
    assert window.load().zones.percent < 70


async def test_in_one_long_turn_older_steps_go_and_the_last_three_stay() -> None:
    async with desk(6_000) as table:
        window = table.window()
        talk(window, 16)
        await window.fit()
        text = text_of(window.load())
    assert "turn 0 step 0" not in text
    assert all(kept in text for kept in ("request 0", "turn 0 step 14", "turn 0 step 15", "answer 0"))
    assert window.load().zones.percent <= 42


async def test_files_attached_to_old_words_go_and_the_words_stay() -> None:
    async with desk(6_000) as table:
        window = table.window()
        window.transcript.say("<environment>", "loomkin")
        file = f'<file path="src/big.py" hash="0">\n{words(4_500)}\n</file>'
        window.transcript.say("Look at this file.", "person", file)
        step(window, "small", text="I did.")
        for number in range(4):
            step(window, words(100), text=f"step {number}")
        await window.fit()
        text = text_of(window.load())
        [keeper] = window.transcript.keepers
    assert "Look at this file.\n[attached to this: src/big.py; now in keeper k1" in text
    assert len(keeper.words) == 1
    assert window.load().zones.percent < 70


async def test_what_the_person_ran_goes_like_any_output() -> None:
    async with desk(6_000) as table:
        window = table.window()
        window.transcript.say("<environment>", "loomkin")
        step(window, "x", text="first")
        window.transcript.say(f"{RAN}make all\n{words(3_000)}", "person")
        for number in range(5):
            step(window, words(200), text=f"step {number}")
        await window.fit()
        [keeper] = window.transcript.keepers
    assert "make all" in keeper.card.worked


async def test_what_is_pinned_stays_and_may_go_when_it_is_not_any_more() -> None:
    async with desk(6_000) as table:
        window = table.window()
        order = '<mail id="m1" from="lead" kind="control" task="t1">Mend it.</mail>'
        window.pinned = lambda message: message.text == order
        window.transcript.say("<environment>", "loomkin")
        step(window, text="ready")
        window.transcript.say(order, "lead")
        for number in range(20):
            step(window, words(300), text=f"step {number}")
            await window.fit()
            assert order in text_of(window.load())
        window.pinned = lambda message: False
        for number in range(20):
            step(window, words(300), text=f"step {number}")
            await window.fit()
        assert order not in text_of(window.load())


async def test_only_as_a_last_resort_huge_words_are_shown_by_head_and_tail() -> None:
    async with desk(12_000) as table:
        window = table.window()
        window.transcript.say("<environment>", "loomkin")
        window.transcript.say(f"BEGIN {words(5_500)} MIDDLE {words(5_500)} END", "person")
        step(window, words(20), text="I read it.")
        assert window.load().zones.used > 0.9 * 12_000
        await window.fit()
        load = window.load()
        text = text_of(load)
        check_wires(load)
        [keeper] = window.transcript.keepers
    assert "\nBEGIN" in text
    assert text.count(" END") == 1
    assert "MIDDLE" not in text
    assert 'left out here; whole: context_read(keeper="k1", message="' in text
    assert len(keeper.clipped) == 1
    assert load.zones.percent < 90


async def test_words_that_fit_are_never_shortened() -> None:
    async with desk(24_000) as table:
        window = table.window()
        window.transcript.say("<environment>", "loomkin")
        huge = words(8_000)
        window.transcript.say(huge, "person")
        for number in range(40):
            step(window, words(1_000), text=f"step {number}")
            await window.fit()
            assert huge in text_of(window.load())
        assert len(window.transcript.keepers) > 2


async def test_results_that_alone_are_too_much_are_shown_by_head_and_tail() -> None:
    async with desk(6_000) as table:
        window = table.window()
        window.transcript.say("<environment>", "loomkin")
        window.transcript.say("read all", "person")
        step(window, words(3_000, "one"), words(3_000, "two"), words(3_000, "three"))
        load, room = await window.fit()
        check_wires(load)
        assert room >= 500
        assert all(f"{word}0 " in text_of(load) for word in ("one", "two", "three"))
        assert {one.form for one in window.shown} == {Form.WHOLE, Form.CLIPPED}


@pytest.mark.parametrize("size", [3_000, 4_000, 6_000, 9_000])
@pytest.mark.parametrize("fixed", [100, 1_000])
@pytest.mark.parametrize("tokens", [450, 700, 1_100, 1_600, 2_400])
async def test_a_small_window_lasts_while_a_long_file_is_read_in_steps(
    size: int, fixed: int, tokens: int
) -> None:
    async with desk(size, answer=4_096) as table:
        window = table.window()
        window.transcript.say(words(fixed, "rule"), "loomkin")
        window.transcript.say("read the file of 400 lines", "person")
        for number in range(14):
            step(window, words(tokens, f"part{number}x"))
            load, room = await window.fit()
            assert room >= LEAST_ANSWER
            check_wires(load)
            assert f"part{number}x0 " in text_of(load)


async def test_a_window_set_to_empty_late_still_leaves_room_for_an_answer() -> None:
    async with desk(6_000, answer=4_096, offload_at=0.95) as table:
        window = table.window()
        talk(window, 1, 1, 1, 1, tokens=1_300)
        _, room = await window.fit()
        assert room >= LEAST_ANSWER


async def test_a_window_that_is_not_full_keeps_everything() -> None:
    async with desk(60_000) as table:
        window = table.window()
        talk(window, 3, 3, 3, 3)
        before = window.load().messages
        await window.fit()
        assert window.load().messages == before
        assert window.transcript.keepers == ()


async def test_an_agent_that_asks_for_it_keeps_its_last_steps_only() -> None:
    async with desk(60_000) as table:
        window = table.window()
        talk(window, 3, 3, 3)
        made = await window.offload("the parser")
        assert made is not None
        text = text_of(window.load())
        again = await window.offload()
    assert made.keeper.card.title == "the parser"
    assert made.after.used < made.before.used / 2
    assert "turn 1 step 2" not in text
    assert all(
        kept in text for kept in ("request 0", "request 1", "turn 2 step 1", "turn 2 step 2", "answer 2")
    )
    assert again is None


async def test_many_cards_stay_within_a_tenth_of_the_window_and_the_newest_is_whole() -> None:
    async with desk(20_000) as table:
        window = table.window()
        window.transcript.say("<environment>", "loomkin")
        for number in range(150):
            step(window, words(400), text=f"step {number}: {words(20)}")
            step(window, words(400), tool="shell", text=f"run {number}")
            await window.offload(f"topic number {number}")
        load = window.load()
        text = text_of(load)
    assert len(window.transcript.keepers) > 140
    assert load.zones.cards <= 20_000 / 10
    assert "Older: context_search finds what they hold." in text
    assert f'<keeper id="{window.transcript.keepers[-1].id}"' in text
    assert "Worked: make part" in text
