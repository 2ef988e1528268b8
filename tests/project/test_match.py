"""Where an edit goes, told on texts alone."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loomkin.project.edit import Edit, Tier
from loomkin.project.match import Ambiguous, Found, find, splice

WORDS = st.sampled_from(
    ["alpha = 1", "beta(alpha)", "return gamma", "for x in y:", "pass  # nothing", "", "end"]
)
LINES = st.lists(WORDS, min_size=4, max_size=12)


def result(text: str, old: str, new: str, *, everywhere: bool = False) -> tuple[Tier, str]:
    found = find(text, Edit(old, new, everywhere))
    assert isinstance(found, Found), found
    return found.tier, splice(text, found.splices)


@pytest.mark.parametrize(
    ("tier", "text", "old", "new", "after"),
    [
        (Tier.EXACT, "a b c\n", "b", "B", "a B c\n"),
        (Tier.NEWLINES, "a\r\nb\r\n", "a\nb", "a\nc", "a\r\nc\r\n"),
        (Tier.TRAILING, "first line \nsecond\n", "first line\nsecond\n", "x\n", "x\n"),
        (
            Tier.INDENT,
            "  first line\n    second\n",
            "first line\n  second\n",
            "one\n  two\n",
            "  one\n    two\n",
        ),
        (Tier.INDENT, "first line\n  second\n", "    first line\n      second\n", "    one\n", "one\n"),
        (Tier.BLANK_ENDS, "x\nfirst line\nsecond\ny\n", "first line\nsecond\n\n", "one\n\n", "x\none\ny\n"),
        (
            Tier.UNICODE,
            "wait \u2013 what\u2026\u200b ok\n",
            "wait - what... ok\n",
            "wait - no\n",
            "wait \u2013 no\n",
        ),
        (Tier.ESCAPES, "x = [\"a\", 'b']\n", "x = [\\\"a\\\", \\'b\\']\n", 'x = [\\"c\\"]\n', 'x = ["c"]\n'),
    ],
)
def test_each_tier_finds_what_the_ones_before_do_not(
    tier: Tier, text: str, old: str, new: str, after: str
) -> None:
    assert result(text, old, new) == (tier, after)


def test_lines_that_stay_keep_their_own_blanks_in_a_tolerant_match() -> None:
    text = "def f():   \n\tx = 1\t\n\ty = 2  \n"
    old, new = "def f():\n\tx = 1\n\ty = 2\n", "def f():\n\tx = 1\n\tz = 0\n\ty = 2\n"
    assert result(text, old, new) == (Tier.TRAILING, "def f():   \n\tx = 1\t\n\tz = 0\n\ty = 2  \n")


def test_deleted_lines_leave_no_empty_line() -> None:
    assert result("a first line \nsecond \nthird\n", "a first line\nsecond\n", "") == (
        Tier.TRAILING,
        "third\n",
    )


def test_new_lines_that_cannot_be_dedented_are_not_guessed() -> None:
    assert find("x = 1\nif x:\n    y = 2\n", Edit("    x = 1\n    if x:\n        y = 2\n", "z\n")) is None


def test_a_blank_line_with_blanks_matches_an_empty_one() -> None:
    assert (
        result("one = 1\n   \ntwo = 2\n", "one = 1\n\ntwo = 2", "one = 1\n\ntwo = 3")[1]
        == "one = 1\n   \ntwo = 3\n"
    )


@pytest.mark.parametrize("everywhere", [True, False])
def test_nothing_is_found_by_likeness(everywhere: bool) -> None:
    text = "def compute(alpha, beta):\n    return alpha + beta\n"
    assert find(text, Edit("def compute(alpha, beta):\n    return alpha - beta\n", "x", everywhere)) is None


def test_all_places_are_named_when_there_are_several() -> None:
    found = find("  a_long_line_here\nx\n    a_long_line_here\n", Edit("\ta_long_line_here\n", "y\n"))
    assert found is None or isinstance(found, Ambiguous)
    found = find("a_long_line_here \nx\na_long_line_here  \n", Edit("a_long_line_here\n", "y\n"))
    assert found == Ambiguous(Tier.TRAILING, (1, 3))


@settings(max_examples=200, deadline=None)
@given(
    lines=LINES,
    data=st.data(),
    newline=st.sampled_from(["\n", "\r\n"]),
    pad=st.sampled_from(["", "  ", "\t"]),
)
def test_lines_outside_the_match_never_change(
    lines: list[str], data: st.DataObject, newline: str, pad: str
) -> None:
    """A block taken from the text, disturbed as models do, goes back to its own place or nowhere."""
    text = "".join(pad + line + data.draw(st.sampled_from(["", " ", "\t"])) + newline for line in lines)
    start = data.draw(st.integers(0, len(lines) - 1))
    stop = data.draw(st.integers(start + 1, len(lines)))
    shift = data.draw(st.sampled_from(["", "    "]))
    old = "\n".join(shift + line if line else "" for line in lines[start:stop])
    new = old.removesuffix("\n") + "\n" + shift + "added = True" + ("\n" if old.endswith("\n") else "")
    found = find(text, Edit(old, new))
    if not isinstance(found, Found):
        return
    assert len(found.splices) == 1
    place = found.splices[0]
    after = splice(text, found.splices)
    assert after.startswith(text[: place.start])
    assert after.endswith(text[place.end :])
    own = [line.strip() for line in text[place.start : place.end].split("\n")]
    assert [line for line in own if line] == [line for line in lines[start:stop] if line]
    assert [line.strip() for line in after.split("\n")].count("added = True") == 1
    assert ("\r\n" in after) == (newline == "\r\n")
    assert after.count("\n") == after.count(newline)


@settings(max_examples=200, deadline=None)
@given(
    st.text("ab \n\r\t", max_size=30), st.text("ab \n\t", min_size=1, max_size=6), st.text("xy\n", max_size=4)
)
def test_an_exact_match_is_one_plain_replacement(text: str, old: str, new: str) -> None:
    if "\r" in text or text.count(old) != 1 or text.find(old, text.find(old) + 1) >= 0:
        return
    assert result(text, old, new) == (Tier.EXACT, text.replace(old, new))
