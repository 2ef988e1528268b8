"""Old text that is almost what stands in the file."""

from pathlib import Path

import pytest

from loomkin.project.edit import RefusedKind
from tests.project.edit_desk import PYTHON, Desk, applied, refused


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_shift_jis_is_kept(desk: Desk) -> None:
    text = "# 日本語のコメントです\nprint('こんにちは世界')\n"
    path = desk.put("a.py", text.encode("shift_jis"))
    applied(desk.edit("a.py", "こんにちは世界", "さようなら"))
    assert path.read_bytes() == text.replace("こんにちは世界", "さようなら").encode("shift_jis")


def test_tabs_in_the_file_are_found_by_spaces_and_kept(desk: Desk) -> None:
    path = desk.put("a.go", "func f() {\n\tif x {\n\t\treturn 1\n\t}\n}\n")
    old = "    if x {\n        return 1\n    }"
    new = "    if x {\n        y()\n        for {\n            return 2\n        }\n    }"
    assert applied(desk.edit("a.go", old, new)).tier == "indentation"
    assert path.read_text() == "func f() {\n\tif x {\n\t\ty()\n\t\tfor {\n\t\t\treturn 2\n\t\t}\n\t}\n}\n"


def test_spaces_in_the_file_are_found_by_tabs_and_kept(desk: Desk) -> None:
    path = desk.put("a.py", "class A:\n    def f(self):\n        return 1\n")
    applied(desk.edit("a.py", "\tdef f(self):\n\t\treturn 1", "\tdef f(self):\n\t\tif self:\n\t\t\treturn 2"))
    assert path.read_text() == "class A:\n    def f(self):\n        if self:\n            return 2\n"


def test_makefile_tabs_are_kept(desk: Desk) -> None:
    path = desk.put("Makefile", "all:\n\tcc -c a.c\n\tcc -o a a.o\n")
    applied(
        desk.edit(
            "Makefile", "all:\n    cc -c a.c\n    cc -o a a.o", "all:\n    cc -O2 -c a.c\n    cc -o a a.o"
        )
    )
    assert path.read_text() == "all:\n\tcc -O2 -c a.c\n\tcc -o a a.o\n"


def test_a_uniform_shift_is_carried_over(desk: Desk) -> None:
    path = desk.put("a.py", "if a:\n        x = 1\n        if b:\n            y = 2\n")
    result = applied(desk.edit("a.py", "x = 1\nif b:\n    y = 2\n", "x = 1\nif b:\n    y = 3\n    z = 4\n"))
    assert result.tier == "indentation"
    assert path.read_text() == "if a:\n        x = 1\n        if b:\n            y = 3\n            z = 4\n"


def test_a_shift_that_is_not_uniform_is_refused(desk: Desk) -> None:
    desk.put("a.py", "if a:\n    x = 1\n    if b:\n        y = 2\n")
    refused(desk.edit("a.py", "  x = 1\n  if b:\n    y = 2\n", "pass"), RefusedKind.NOT_FOUND)


def test_trailing_blanks_of_the_file_are_found_and_kept_on_shared_lines(desk: Desk) -> None:
    path = desk.put("a.py", "alpha = 1  \nbeta = 2\t\ngamma = 3\n")
    assert applied(desk.edit("a.py", "alpha = 1\nbeta = 2\n", "alpha = 1\nbeta = 5\n")).tier == (
        "trailing white space"
    )
    assert path.read_text() == "alpha = 1  \nbeta = 5\ngamma = 3\n"


def test_trailing_double_space_of_new_text_is_written(desk: Desk) -> None:
    path = desk.put("a.md", "first line  \nsecond\n")
    applied(desk.edit("a.md", "second", "second  \nthird  "))
    assert path.read_text() == "first line  \nsecond  \nthird  \n"


def test_one_spurious_blank_line_is_ignored(desk: Desk) -> None:
    path = desk.put("a.py", PYTHON)
    result = applied(desk.edit("a.py", "\ndef one():\n    return 1\n", "\ndef one():\n    return 7\n"))
    assert result.tier == "blank line at an end"
    assert path.read_text() == PYTHON.replace("return 1", "return 7")


def test_curly_quotes_are_found_by_straight_ones_and_kept(desk: Desk) -> None:
    path = desk.put("a.md", "He said “good day” and didn’t smile.\n")
    result = applied(
        desk.edit(
            "a.md", 'He said "good day" and didn\'t smile.', 'She said "good day" and didn\'t even smile.'
        )
    )
    assert result.tier == "Unicode punctuation"
    assert path.read_text() == "She said “good day” and didn’t even smile.\n"


def test_new_quotes_follow_the_style_of_the_line(desk: Desk) -> None:
    path = desk.put("a.md", "He said “good day” to her.\n")
    applied(desk.edit("a.md", 'He said "good day" to her.', 'He said "good day" and "bye" to her.'))
    assert path.read_text() == "He said “good day” and “bye” to her.\n"


def test_straight_quotes_are_found_by_curly_ones_and_stay_straight(desk: Desk) -> None:
    path = desk.put("a.py", "print('hello', \"you\")\nx = 1\n")
    applied(desk.edit("a.py", "print(‘hello’, “you”)\nx = 1", "print(‘hello’, “you”)\nx = 2"))
    assert path.read_text() == "print('hello', \"you\")\nx = 2\n"


def test_no_break_spaces_are_found_and_kept_on_shared_lines(desk: Desk) -> None:
    path = desk.put("a.md", "10\u00a0km to go\nthen 5\u00a0km\n")
    applied(desk.edit("a.md", "10 km to go\nthen 5 km", "10 km to go\nthen 6 km"))
    assert path.read_text() == "10\u00a0km to go\nthen 6\u00a0km\n"


def test_emoji_zero_width_joiners_and_cjk_survive(desk: Desk) -> None:
    path = desk.put("a.md", "👩\u200d👧 家族\nplain line here\n")
    applied(desk.edit("a.md", "plain line here", "平らな行"))
    assert path.read_text() == "👩\u200d👧 家族\n平らな行\n"


def test_replace_all_of_tolerant_matches_keeps_every_indentation(desk: Desk) -> None:
    path = desk.put("a.py", "if a:\n    log_this(1, 2, 3)\nif b:\n        log_this(1, 2, 3)\n")
    applied(desk.edit("a.py", "\tlog_this(1, 2, 3)\n", "\tlog_this(3)\n", everywhere=True))
    assert path.read_text() == "if a:\n    log_this(3)\nif b:\n        log_this(3)\n"


@pytest.mark.parametrize(
    "old",
    [
        "     5→def two():\n     6→    return 2",
        "5| def two():\n6|     return 2",
        "5\tdef two():\n6\t    return 2",
    ],
)
def test_pasted_line_numbers_are_stripped(desk: Desk, old: str) -> None:
    path = desk.put("a.py", PYTHON)
    result = applied(desk.edit("a.py", old, old.replace("return 2", "return 8")))
    assert path.read_text() == PYTHON.replace("return 2", "return 8")
    assert "line numbers" in result.notes[0]


def test_numbered_lines_that_are_the_content_are_not_stripped(desk: Desk) -> None:
    path = desk.put("a.tsv", "1\tone\n2\ttwo\n")
    applied(desk.edit("a.tsv", "1\tone\n2\ttwo", "1\tuno\n2\tdue"))
    assert path.read_text() == "1\tuno\n2\tdue\n"


def test_fenced_old_text_is_freed_of_its_fence(desk: Desk) -> None:
    path = desk.put("a.py", PYTHON)
    applied(
        desk.edit(
            "a.py", "```python\ndef two():\n    return 2\n```", "```python\ndef two():\n    return 4\n```"
        )
    )
    assert path.read_text() == PYTHON.replace("return 2", "return 4")


def test_a_fence_that_is_in_the_file_stays(desk: Desk) -> None:
    path = desk.put("a.md", "```\ncode\n```\n")
    applied(desk.edit("a.md", "```\ncode\n```", "```sh\ncode\n```"))
    assert path.read_text() == "```sh\ncode\n```\n"


def test_html_entities_are_made_real_where_the_raw_form_is_absent(desk: Desk) -> None:
    path = desk.put("a.ts", "if (a < b && c > d) {\n  go();\n}\n")
    result = applied(
        desk.edit("a.ts", "if (a &lt; b &amp;&amp; c &gt; d) {\n  go();", "if (a &lt; b) {\n  stop();")
    )
    assert result.tier == "escapes"
    assert path.read_text() == "if (a < b) {\n  stop();\n}\n"


def test_literal_escapes_are_made_real_where_the_raw_form_is_absent(desk: Desk) -> None:
    path = desk.put("a.py", 'print("a")\nprint("b")\n')
    applied(desk.edit("a.py", 'print(\\"a\\")\\nprint(\\"b\\")', 'print(\\"c\\")\\nprint(\\"b\\")'))
    assert path.read_text() == 'print("c")\nprint("b")\n'


def test_entities_that_are_in_the_file_stay(desk: Desk) -> None:
    path = desk.put("a.html", "<p>a &lt; b</p>\n")
    applied(desk.edit("a.html", "a &lt; b", "a &gt; b"))
    assert path.read_text() == "<p>a &gt; b</p>\n"


def test_short_old_text_is_never_matched_with_tolerance(desk: Desk) -> None:
    desk.put("a.py", "x = 1  \ny = 2\n")
    refused(desk.edit("a.py", "x = 1\n", "x = 3\n"), RefusedKind.NOT_FOUND)


def test_tolerant_matches_take_whole_lines_only(desk: Desk) -> None:
    desk.put("a.md", "before it’s a long enough line after\n")
    refused(desk.edit("a.md", "it's a long enough line", "x"), RefusedKind.NOT_FOUND)


def test_a_wrong_number_in_a_numbered_file_does_not_hit_another_row(desk: Desk) -> None:
    path = desk.put("a.tsv", "1\tone apple pie\n6\ttwo apple pies\n")
    refused(desk.edit("a.tsv", "5\ttwo apple pies", "5\tx"), RefusedKind.NOT_FOUND)
    assert path.read_text() == "1\tone apple pie\n6\ttwo apple pies\n"
