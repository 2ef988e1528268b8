"""Reading the arguments of tool calls."""

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loomkin.tooling.arguments import ArgumentProblem, Arguments, parse_arguments

SCALARS = st.none() | st.booleans() | st.integers() | st.text(max_size=12)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)
OBJECTS = st.dictionaries(st.text(max_size=8), VALUES, max_size=4)


def read(text: str) -> Arguments:
    found = parse_arguments(text, truncated=False)
    assert isinstance(found, Arguments), found
    return found


def refused(text: str) -> str:
    found = parse_arguments(text, truncated=False)
    assert isinstance(found, ArgumentProblem), found
    return found.message


@given(OBJECTS, st.booleans())
def test_strict_json_comes_back_as_it_is_without_a_note(values: dict[str, object], ascii_only: bool) -> None:
    assert read(json.dumps(values, ensure_ascii=ascii_only)) == Arguments((values,))


@settings(max_examples=200)
@given(
    st.text(alphabet="{}[]\",:'\\ \n`“”‘’abtrueTFN01.-", max_size=60) | st.text(max_size=60), st.booleans()
)
def test_no_text_at_all_raises(text: str, truncated: bool) -> None:
    assert isinstance(parse_arguments(text, truncated=truncated), Arguments | ArgumentProblem)


@settings(max_examples=60)
@given(OBJECTS.filter(bool), st.data())
def test_no_proper_beginning_of_a_call_is_taken_for_the_whole_once_a_string_is_open(
    values: dict[str, object], data: st.DataObject
) -> None:
    text = json.dumps(values)
    cut = data.draw(st.integers(1, len(text) - 1))
    found = parse_arguments(text[:cut], truncated=False)
    if re.sub(r"\\.", "", text[:cut], flags=re.DOTALL).count('"') % 2:
        assert isinstance(found, ArgumentProblem)


@given(OBJECTS)
def test_a_truncated_call_is_never_used_however_complete_it_looks(values: dict[str, object]) -> None:
    found = parse_arguments(json.dumps(values), truncated=True)
    assert isinstance(found, ArgumentProblem)
    assert "cut off" in found.message


@pytest.mark.parametrize(
    ("text", "values", "note"),
    [
        ('```json\n{"a": 1}\n```', {"a": 1}, "code fence"),
        ('```\n{"a": 1}```', {"a": 1}, "code fence"),
        ('{"a": [1, 2,], }', {"a": [1, 2]}, "trailing comma"),
        ("{'a': 'b'}", {"a": "b"}, "quotes"),
        ("{'a': 'it\\'s \"so\"'}", {"a": 'it\'s "so"'}, "quotes"),
        ("{“a”: “it’s”}", {"a": "it’s"}, "quotes"),
        ("{‘a’: ‘b’}", {"a": "b"}, "quotes"),
        ('{"a": True, "b": None, "c": False}', {"a": True, "b": None, "c": False}, "Python words"),
        ('{"a": "one\ntwo\tthree"}', {"a": "one\ntwo\tthree"}, "line breaks"),
        ('"{\\"a\\": 1}"', {"a": 1}, "inside a JSON string"),
        ('{"a": {"b": [1', {"a": {"b": [1]}}, "closing brackets"),
        ("{'a': True, 'b': 'x\ny',", None, ""),
        ("{'a': [True, 'x\ny'", {"a": [True, "x\ny"]}, "closing brackets"),
    ],
)
def test_safe_repairs_are_made_and_noted(text: str, values: dict[str, object] | None, note: str) -> None:
    if values is None:
        refused(text)
        return
    found = read(text)
    assert found.values == values
    assert any(note in line for line in found.notes), found.notes


def test_repairs_never_reach_into_strings() -> None:
    inner = "True, 'x', ] , } “q” ```json"
    assert read('{"a": ' + json.dumps(inner) + ",}").values == {"a": inner}


def test_the_last_of_a_repeated_key_counts_and_the_model_is_told() -> None:
    found = read('{"path": "a", "path": "b"}')
    assert found.values == {"path": "b"}
    assert found.notes == ("`path` was given more than once; the last one counts",)


def test_objects_glued_together_become_several_calls() -> None:
    found = read('{"path": "a"}{"path": "b"}\n{"path": "c"}')
    assert [values["path"] for values in found.objects] == ["a", "b", "c"]
    assert "3 calls" in found.notes[0]


def test_no_arguments_at_all_are_an_empty_object() -> None:
    assert read("  ") == Arguments(({},))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[1]", "it is a list"),
        ("null", "it is null"),
        ('"words"', "expecting value"),
        ('{"a": NaN}', "NaN is not JSON"),
        ('{"a": 1e999}', "too large"),
        ('{"a": "unfinished', "unterminated string"),
        ("{'a': 'it's'}", "expecting property name"),
        ('{"a": 1} and more', "extra data"),
        ("{" * 100_000, "JSON object"),
        ('{"a":' + "[" * 100_000, "JSON object"),
        ('{"a": ' + "9" * 5_000 + "}", "JSON object"),
    ],
)
def test_what_cannot_be_read_is_named_with_what_arrived(text: str, why: str) -> None:
    message = refused(text)
    assert why in message
    assert "Received:" in message
    assert message.endswith("Send the call again with one complete JSON object.")
    assert len(message) < 500
