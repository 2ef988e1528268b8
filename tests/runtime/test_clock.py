"""Time and identifiers."""

import re
import time

from hypothesis import given
from hypothesis import strategies as st

from loomkin.runtime.clock import Clock, CountingClock, SystemClock


def test_identifiers_sort_by_the_moment_they_were_made_and_never_repeat() -> None:
    clock = SystemClock()
    made = [clock.new_id("m") for _ in range(2000)]
    assert made == sorted(made)
    assert len({name[:13] for name in made}) == 2000
    assert all(re.fullmatch(r"m_[0-9a-hjkmnp-tv-z]{15}", name) for name in made)


def test_identifiers_hold_the_whole_time_so_that_they_sort_for_centuries() -> None:
    alphabet = "0123456789abcdefghjkmnpqrstvwxyz"
    microseconds = 0
    for letter in SystemClock().new_id("x")[2:13]:
        microseconds = microseconds * 32 + alphabet.index(letter)
    assert abs(microseconds / 1e6 - time.time()) < 5


def test_the_system_clock_tells_the_time() -> None:
    clock = SystemClock()
    assert abs(clock.now() - time.time()) < 1
    assert clock.monotonic() <= clock.monotonic()


def test_a_session_is_named_by_date_time_and_four_letters() -> None:
    clocks: tuple[Clock, ...] = (SystemClock(), CountingClock())
    for clock in clocks:
        first, second = clock.session_id(), clock.session_id()
        assert first != second
        match = re.fullmatch(r"(\d{8}-\d{6})-[0-9a-z]{4}", first)
        assert match is not None
        assert abs(time.mktime(time.strptime(match[1], "%Y%m%d-%H%M%S")) - time.time()) < 5


@given(st.lists(st.sampled_from(["now", "monotonic", "id"]), max_size=30))
def test_two_counting_clocks_that_are_asked_the_same_answer_the_same(asked: list[str]) -> None:
    def answers(clock: CountingClock) -> list[object]:
        ways = {"now": clock.now, "monotonic": clock.monotonic, "id": lambda: clock.new_id("m")}
        return [ways[one]() for one in asked]

    assert answers(CountingClock()) == answers(CountingClock())


def test_a_counting_clock_moves_a_millisecond_a_look() -> None:
    clock = CountingClock(start=100.0)
    assert [clock.now(), clock.now()] == [100.001, 100.002]
    assert clock.monotonic() == clock.monotonic() == 0.002
    assert clock.new_id("m") < clock.new_id("m")
