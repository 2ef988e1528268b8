"""What was worked out once is not worked out again, and goes with its entry."""

import gc
import weakref

from loomkin.llm.kept import Kept


class Entry:
    """Something that can be seen to go."""


def test_work_is_done_once_an_entry_while_the_list_grows() -> None:
    kept: Kept[Entry, int] = Kept()
    seen: list[Entry] = []

    def work(entry: Entry) -> int:
        seen.append(entry)
        return len(seen)

    entries = [Entry() for _ in range(5)]
    assert [kept.each(entries[:end], work) for end in (2, 3, 5)] == [[1, 2], [1, 2, 3], [1, 2, 3, 4, 5]]
    assert seen == entries


def test_equal_entries_are_not_taken_for_one_another() -> None:
    kept: Kept[list[int], int] = Kept()
    first, second = [1], [1]
    assert kept.each([first, second, first], id) == [id(first), id(second), id(first)]


def test_another_form_is_worked_out_anew() -> None:
    kept: Kept[list[int], str] = Kept()
    entry = [1]
    assert kept.each([entry], lambda one: f"short {one}", "short") == ["short [1]"]
    assert kept.each([entry], lambda one: f"long {one}", "long") == ["long [1]"]


def test_an_entry_that_a_pass_does_not_meet_is_let_go() -> None:
    kept: Kept[Entry, int] = Kept()
    entry = Entry()
    watched = weakref.ref(entry)
    kept.each([entry, Entry()], id)
    del entry
    gc.collect()
    assert watched() is not None
    kept.each([], id)
    gc.collect()
    assert watched() is None
    assert len(kept) == 0
