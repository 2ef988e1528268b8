"""Claims on parts of files: overlap, lines that follow edits, leases, and who waits for whom."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loomkin.project.edit_diff import describe, whole_splice
from loomkin.project.regions import Regions, covers, followed, overlaps
from loomkin.project.regions_waiting import Wait, knot
from loomkin.records.region import Claim, LineChange, Region

FILE = Region("a.py")
F, G = Region("a.py", "f", 1, 5), Region("a.py", "g", 7, 9)
METHOD, CLASS = Region("a.py", "Cart.total", 21, 24), Region("a.py", "Cart", 20, 40)


def lines(first: int, last: int, path: str = "a.py") -> Region:
    return Region(path, "", first, last)


@pytest.mark.parametrize(
    ("one", "other", "clash"),
    [
        (FILE, F, True),
        (FILE, Region("b.py"), False),
        (F, F, True),
        (F, G, False),
        (METHOD, CLASS, True),
        (Region("a.py", "Cart.totals"), METHOD, False),
        (lines(1, 3), lines(3, 4), True),
        (lines(1, 3), lines(4, 4), False),
        (lines(1, 3), lines(1, 3, "b.py"), False),
        (lines(5, 6), F, True),
        (lines(6, 6), F, False),
        (lines(4, 4), Region("a.py", "yet_to_come"), False),
        # a gap: what is put in between two lines
        (lines(3, 2), F, True),
        (lines(1, 0), F, False),
        (lines(6, 5), F, False),
        (lines(3, 2), lines(3, 2), False),
        (lines(1, 0), FILE, True),
    ],
)
def test_regions_clash_where_two_agents_would_be_in_each_others_way(
    one: Region, other: Region, clash: bool
) -> None:
    assert overlaps(one, other) is clash
    assert overlaps(other, one) is clash


def test_who_holds_a_region_holds_what_lies_in_it() -> None:
    assert covers(FILE, METHOD)
    assert covers(CLASS, METHOD)
    assert covers(F, lines(2, 5))
    assert not covers(METHOD, CLASS)
    assert not covers(F, lines(2, 6))
    assert not covers(lines(1, 99), FILE)
    assert not covers(F, Region("b.py", "f", 1, 5))


TEXT = st.lists(st.integers(0, 999), min_size=1, max_size=30, unique=True)


@given(TEXT, st.data())
def test_claimed_lines_keep_what_they_hold_when_others_edit_elsewhere(
    start: list[int], data: st.DataObject
) -> None:
    text = [f"line {number}" for number in start]
    first = data.draw(st.integers(1, len(text)))
    last = data.draw(st.integers(first, len(text)))
    region, held = lines(first, last), text[first - 1 : last]
    for turn in range(data.draw(st.integers(1, 5))):
        low = data.draw(st.integers(1, len(text) + 1))
        high = data.draw(st.integers(low - 1, len(text)))
        edit = Region("a.py", "", low, high)
        if overlaps(edit, region):
            continue
        new = [f"new {turn} {number}" for number in range(data.draw(st.integers(0, 4)))]
        text[low - 1 : high] = new
        region = followed(region, (LineChange(low, high - low + 1, len(new)),))
        assert text[region.first - 1 : region.last] == held


@given(TEXT, st.data())
def test_claimed_lines_take_in_what_their_holder_writes_in_them(
    start: list[int], data: st.DataObject
) -> None:
    text = [f"line {number}" for number in start]
    first = data.draw(st.integers(1, len(text)))
    last = data.draw(st.integers(first, len(text)))
    low = data.draw(st.integers(first, last + 1))
    high = data.draw(st.integers(low - 1, last))
    new = [f"new {number}" for number in range(data.draw(st.integers(0, 4)))]
    wanted = [*text[first - 1 : low - 1], *new, *text[high:last]]
    text[low - 1 : high] = new
    region = followed(lines(first, last), (LineChange(low, high - low + 1, len(new)),), own=True)
    assert text[region.first - 1 : region.last] == wanted


@given(st.lists(st.sampled_from("abcd"), max_size=12), st.lists(st.sampled_from("abcd"), max_size=12))
def test_an_edit_names_the_lines_it_changed(before: list[str], after: list[str]) -> None:
    old, new = "".join(f"{one}\n" for one in before), "".join(f"{one}\n" for one in after)
    changes = describe(old, (whole_splice(old, new),) if old != new else ()).line_changes
    rest, place, grown = list(before), 0, 0
    for change in changes:
        assert change.first > place
        place = change.first
        at = change.first - 1 + grown
        rest[at : at + change.removed] = after[at : at + change.added]
        grown += change.added - change.removed
    assert rest == after


def claim(identity: str, region: Region, agent: str, at: float = 0.0, until: float = 0.0) -> Claim:
    return Claim(identity, region, agent, "", at, until=until)


def table(*claims: Claim) -> Regions:
    made = Regions()
    for one in claims:
        made.put(one)
    return made


def test_a_table_knows_what_stands_in_the_way_and_whose_lease_is_over() -> None:
    made = table(claim("1", F, "ann"), claim("2", G, "bob", until=50.0))
    assert [one.id for one in made.against("bob", FILE)] == ["1"]
    assert made.against("ann", F) == []
    assert made.covering("ann", lines(2, 3)) == made.get("1")
    assert made.over(49.0) == []
    assert [one.id for one in made.over(50.0)] == ["2"]
    assert made.drop("2") is not None
    assert made.drop("2") is None
    assert [one.id for one in made.all()] == ["1"]


def test_claims_on_a_file_follow_an_edit_of_it() -> None:
    made = table(claim("1", F, "ann"), claim("2", G, "bob"), claim("3", Region("b.py", "g", 7, 9), "bob"))
    moved = made.follow("a.py", (LineChange(2, 1, 3),), ("1",))
    assert [(one.id, one.region.first, one.region.last) for one in moved] == [("1", 1, 7), ("2", 9, 11)]
    assert made.get("3") == claim("3", Region("b.py", "g", 7, 9), "bob")


def test_the_newest_claim_of_a_circle_yields() -> None:
    made = table(claim("1", F, "ann", 1.0), claim("2", G, "bob", 2.0), claim("3", METHOD, "cid", 3.0))
    waits = [Wait("ann", G, "", 4.0), Wait("bob", METHOD, "", 5.0)]
    assert knot(waits, made) is None
    found = knot([*waits, Wait("cid", F, "", 6.0)], made)
    assert found is not None
    assert (found.claim.id, found.agent) == ("3", "bob")
    assert sorted(found.circle) == ["ann", "bob", "cid"]


def test_who_waits_for_a_circle_is_not_part_of_it() -> None:
    made = table(claim("1", F, "ann", 1.0), claim("2", G, "bob", 2.0), claim("3", METHOD, "cid", 9.0))
    waits = [
        Wait("dan", METHOD, "", 3.0),
        Wait("cid", F, "", 3.0),
        Wait("ann", G, "", 4.0),
        Wait("bob", F, "", 5.0),
    ]
    found = knot(waits, made)
    assert found is not None
    assert (found.claim.id, found.agent) == ("2", "ann")


@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=8),
    st.lists(st.integers(0, 5), min_size=6, max_size=6),
)
def test_waiting_always_ends_once_no_circle_is_left(waits: list[tuple[int, int]], holders: list[int]) -> None:
    made = table(*(claim(str(n), lines(n + 1, n + 1), str(who), float(n)) for n, who in enumerate(holders)))
    waiting = [Wait(str(who), lines(n + 1, n + 1), "", 0.0) for who, n in waits]
    for _ in range(20):
        found = knot(waiting, made)
        if found is None:
            break
        made.drop(found.claim.id)
    # whoever does not wait ends and lets go; in the end nobody may be left waiting
    for _ in range(20):
        blocked = {one.agent for one in waiting if made.against(one.agent, one.region)}
        for one in made.all():
            if one.agent not in blocked:
                made.drop(one.id)
        waiting = [one for one in waiting if made.against(one.agent, one.region)]
    assert waiting == []
