"""Arguments become typed parameters, or one sentence that a model can act on."""

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loomkin.tooling.schema import Problem, bind, schema_of


class Color(StrEnum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True, slots=True)
class Inner:
    ALIASES: ClassVar[dict[str, str]] = {"old_string": "old"}
    old: str
    times: int = 1


@dataclass(frozen=True, slots=True)
class Params:
    path: str
    count: int = 3
    ratio: float = 0.5
    deep: bool = False
    color: Color = Color.RED
    names: tuple[str, ...] = ()
    edits: tuple[Inner, ...] = ()


def bound(**given_: object) -> Params:
    answer = bind(Params, given_, {"file_path": "path"})
    assert not isinstance(answer, Problem), answer
    return answer[0]


def problem(**given_: object) -> str:
    answer = bind(Params, given_, {"file_path": "path"})
    assert isinstance(answer, Problem)
    return answer.text


def test_the_schema_names_types_choices_and_what_is_required():
    schema = schema_of(Params, {"path": "which file"})
    assert schema["required"] == ["path"]
    properties = schema["properties"]
    assert isinstance(properties, dict)
    assert properties["path"] == {"type": "string", "description": "which file"}
    assert properties["color"] == {"type": "string", "enum": ["red", "blue"]}
    assert properties["names"] == {"type": "array", "items": {"type": "string"}}
    assert properties["edits"]["items"]["required"] == ["old"]


def test_safe_conversions_are_made():
    assert bound(path="a", count="5", deep="true", ratio=1, names="x").names == ("x",)
    assert bound(path="a", count="5").count == 5
    assert bound(path="a", deep="False").deep is False
    assert bound(path=7).path == "7"
    assert bound(path="a", count=4.0).count == 4
    assert bound(path="a", color="BLUE").color is Color.BLUE


def test_aliases_count_inside_too():
    assert bound(file_path="a", edits=[{"old_string": "x", "times": "2"}]).edits == (Inner("x", 2),)


def test_an_unknown_parameter_is_ignored_with_a_note():
    answer = bind(Params, {"path": "a", "colour": "red"}, {})
    assert not isinstance(answer, Problem)
    assert "`colour`" in answer[1][0]
    assert "`color`" in answer[1][0]


@pytest.mark.parametrize(
    ("given_", "words"),
    [
        ({}, "`path` (string) is required; received nothing"),
        ({"path": "a", "count": "many"}, "`count` must be integer; received 'many'"),
        ({"path": "a", "count": 1.5}, "`count` must be integer"),
        ({"path": "a", "count": True}, "`count` must be integer"),
        ({"path": ["a"]}, "`path` must be string"),
        ({"path": "a", "color": "green"}, "must be one of red, blue"),
        ({"path": "a", "edits": [{"times": 2}]}, "`old` (string) is required"),
        ({"path": "a", "edits": ["x"]}, "must be an object"),
    ],
)
def test_a_misfit_names_field_expected_and_received(given_: dict[str, object], words: str):
    assert words in problem(**given_)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from([*Params.__slots__, "other"]), json_values))
def test_nothing_a_model_sends_raises(given_: dict[str, object]):
    answer = bind(Params, given_, {})
    assert isinstance(answer, Problem) or isinstance(answer[0], Params)
