"""AI comments are found where the grammar, or the line, says that there is a comment, and nowhere else."""

import pytest

from loomkin.project.ai_comments import Wish, ai_comments, wish_of
from loomkin.project.ai_order import headline, order
from loomkin.records.message import ANSWER_ONLY, FROM_FILES


def found(path: str, text: str) -> list[tuple[int, str, str]]:
    return [(one.first, one.wish.value, one.text) for one in ai_comments(path, text)]


@pytest.mark.parametrize(
    ("words", "wish"),
    [
        ("AI! do it", Wish.DO),
        ("do it AI!", Wish.DO),
        ("do it, ai!", Wish.DO),
        ("AI? why", Wish.ASK),
        ("why AI?", Wish.ASK),
        ("AI: mind this", Wish.ALONG),
        ("as said by the AI", Wish.ALONG),
        ("AI!", Wish.DO),
        ("AIR! quality", None),
        ("the AI! in the middle", None),
        ("said!", None),
        ("AI!? what", None),
        ("OpenAI!", None),
        ("open-AI!", None),
    ],
)
def test_a_comment_wants_something_when_it_begins_or_ends_with_the_mark(
    words: str, wish: Wish | None
) -> None:
    assert wish_of(words) == wish


def test_strings_and_code_are_no_comments_where_a_grammar_knows() -> None:
    python = 'x = "# AI! no"\ny = """\n# AI! no\n"""\nz = 1  # AI! yes\nAI = 1\n'
    assert found("a.py", python) == [(5, "AI!", "AI! yes")]
    script = 'let a = "// AI! no"; // yes AI!\n/* over\n * lines AI? */\nlet b = `// AI! no`;\n'
    assert found("a.ts", script) == [(1, "AI!", "yes AI!"), (2, "AI?", "over lines AI?")]
    assert found("a.rs", "/// doc AI!\nfn a() {}\n") == [(1, "AI!", "doc AI!")]
    assert found("a.lua", "--[[ all of this AI! ]]\n-- AI? why\n") == [
        (1, "AI!", "all of this AI!"),
        (2, "AI?", "AI? why"),
    ]
    assert found("ä.py", "é = 'ü'  # ö AI!\n") == [(1, "AI!", "ö AI!")]


@pytest.mark.parametrize(
    ("path", "text", "words"),
    [
        ("Makefile", "all: # build AI!\n", ["build AI!"]),
        ("a.sql", "select 1 -- AI! two\n-- # AI! not twice\n", ["AI! two"]),
        ("a.md", "# AI! a heading\n<!-- AI! mend this -->\n", ["AI! mend this"]),
        ("a.css", "/* AI! blue */\n# AI! no\n", ["AI! blue"]),
        ("a.json", '{"a": "# AI!"} // AI!\n', []),
        ("a.txt", "# AI! text\n", []),
        ("a.el", "; AI! lisp\n", ["AI! lisp"]),
        ("a.yaml", 'url: "http://AI!"\nb: 1 # AI! yes\n', ["AI! yes"]),
    ],
)
def test_in_other_files_a_line_counts_from_its_mark_on(path: str, text: str, words: list[str]) -> None:
    assert [one.text for one in ai_comments(path, text)] == words


def test_an_order_names_places_shows_code_once_and_says_what_to_do() -> None:
    text = "\n".join([*(f"line{number} = 1" for number in range(1, 40)), "a = 2  # AI? why two", "b = 3\n"])
    asked = order(ai_comments("a.py", text), {"a.py": text})
    assert asked.startswith(f"{FROM_FILES} an order:\n- a.py:40 (answer it): AI? why two\n")
    assert "    32→line32 = 1" in asked
    assert "line31 =" not in asked
    assert asked.endswith(ANSWER_ONLY)
    text = text.replace("line1 = 1", "line1 = 1  # AI! make it three")
    both = order(ai_comments("a.py", text), {"a.py": text})
    assert both.startswith(f"{FROM_FILES} one order:\n- a.py:1 (do it)")
    assert both.count("\na.py:\n") == 1
    assert "     …\n" in both
    assert "remove every AI comment" in both


def test_the_line_for_the_person_is_short_however_long_a_comment_is() -> None:
    (comment,) = ai_comments("a.py", f"# AI! {'word ' * 500}\n")
    line = headline([comment])
    assert line.startswith("a.py:1 AI! word word")
    assert line.endswith("…")
    assert len(line) < 150
