"""Line numbers of TOML keys."""

import tomllib

import tomlkit
from hypothesis import given, settings
from hypothesis import strategies as st

from loomkin.config.lines import line_numbers

TEXT = '''# top
a.b = 1
"q.x" = """
[not.a.table]
c = ""\\"""""
after = 'it"s' # here

[table . "sub\\u0041"]
list = [ # one
  "x]", # two
  [ 'y',
    { z = 1 } ],
]
inline = { "k k" = 1,
  # toml 1.0 inline tables stand on one line; this file is only scanned
  m.n = 1979-05-27 07:32:00 }
[[many]]
k = 1
[many.below]
k = 2
[[many]]
k = 3
[[many.deep]]
k = 4
last = -inf'''


def test_every_form_of_key_has_its_line():
    lines = line_numbers(TEXT)
    expected = {
        ("a",): 2,
        ("a", "b"): 2,
        ("q.x",): 3,
        ("after",): 6,
        ("table", "subA"): 8,
        ("table", "subA", "list"): 9,
        ("table", "subA", "list", 0): 10,
        ("table", "subA", "list", 1): 11,
        ("table", "subA", "list", 1, 1): 12,
        ("table", "subA", "list", 1, 1, "z"): 12,
        ("table", "subA", "inline", "k k"): 14,
        ("table", "subA", "inline", "m", "n"): 16,
        ("many", 0): 17,
        ("many", 0, "below", "k"): 20,
        ("many", 1, "k"): 22,
        ("many", 1, "deep", 0, "k"): 24,
        ("many", 1, "deep", 0, "last"): 25,
    }
    assert {path: lines.get(path) for path in expected} == expected


def test_text_that_is_not_toml_ends_the_scan_without_an_error():
    for text in ("a = [1, 2", "a = {b", "[", "= 3", "a = '''", "[" * 9000):
        assert isinstance(line_numbers(text), dict)


def leaves(node: object, path: tuple = ()):
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for name, below in items:
        yield (*path, name), below
        yield from leaves(below, (*path, name))


NAMES = st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), max_size=5)
TREE = st.recursive(
    st.booleans() | st.integers(-(10**15), 10**15) | NAMES | st.dates() | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(NAMES, TREE, max_size=4))
def test_whatever_a_writer_makes_every_value_has_a_line_and_the_line_names_the_key(document: dict):
    text = tomlkit.dumps(document)
    lines, rows = line_numbers(text), text.split("\n")
    for path, _ in leaves(tomllib.loads(text)):
        assert path in lines, text
        if isinstance(path[-1], str) and path[-1].isascii() and path[-1].isalnum():
            assert path[-1] in rows[lines[path] - 1]
