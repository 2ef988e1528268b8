"""Our quick dataclasses behave like the standard ones wherever we use them."""

import copy
import dataclasses
import pickle
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loomkin.records import dataclass as quick


def pair(decorate: Any, field: Any) -> tuple[type, type]:
    """A frozen class and a mutable one, made by a decorator."""

    @decorate(frozen=True, slots=True)
    class Base:
        """Words."""

        KIND: ClassVar[str] = "base"
        name: str
        count: int = 3
        tags: dict[str, str] = field(default_factory=dict)
        secret: str = field(default="x", repr=False)
        hidden: int = field(default=0, compare=False)

        @property
        def double(self) -> int:
            return self.count * 2

    @decorate(slots=True)
    class Loose:
        items: list[int] = field(default_factory=list)
        done: bool = False

        def __post_init__(self) -> None:
            self.items.append(0)

    return Base, Loose


OURS, OUR_LOOSE = pair(quick.dataclass, quick.field)
THEIRS, THEIR_LOOSE = pair(dataclasses.dataclass, dataclasses.field)
values = st.tuples(
    st.text(max_size=3), st.integers(0, 3), st.just({"a": "b"}), st.text(max_size=2), st.integers(0, 1)
)


def outcome(make: Any, *args: Any, **named: Any) -> Any:
    try:
        return make(*args, **named)
    except TypeError:
        return TypeError


@given(values, values)
def test_equality_repr_and_fields_are_the_standard_ones(one: Any, other: Any):
    ours, theirs = OURS(*one), THEIRS(*one)
    assert repr(ours).split(".")[-1] == repr(theirs).split(".")[-1]
    assert (ours == OURS(*other)) == (theirs == THEIRS(*other))
    assert dataclasses.asdict(ours) == dataclasses.asdict(theirs)
    assert [one.name for one in dataclasses.fields(ours)] == [one.name for one in dataclasses.fields(theirs)]
    assert dataclasses.replace(ours, count=9).count == 9
    assert ours != theirs
    assert ours.__match_args__ == theirs.__match_args__


def test_the_hash_follows_equality():
    @quick.dataclass(frozen=True, slots=True)
    class Point:
        x: int
        y: int = 0

    assert len({Point(1), Point(1, 0), Point(2)}) == 2


@pytest.mark.parametrize(("args", "named"), [((), {}), (("a", 1, {}, "", 0, 9), {}), (("a",), {"other": 1})])
def test_wrong_arguments_are_refused(args: Any, named: Any):
    assert outcome(OURS, *args, **named) is TypeError
    assert outcome(THEIRS, *args, **named) is TypeError


def test_frozen_means_frozen_and_slots_mean_slots():
    made = OURS("a")
    for change in (lambda: setattr(made, "count", 1), lambda: delattr(made, "count")):
        with pytest.raises(dataclasses.FrozenInstanceError):
            change()
    assert not hasattr(made, "__dict__")
    assert made.KIND == "base"
    assert made.double == 6
    assert made.__doc__ == "Words."


def test_factories_and_post_init_run_for_each_instance():
    one, other = OUR_LOOSE(), OUR_LOOSE()
    one.items.append(5)
    one.done = True
    assert (one.items, other.items) == ([0, 5], [0])
    assert OURS("a").tags is not OURS("a").tags


def test_matching_works_by_position():
    match OURS("a", 7):
        case OURS(name, count):  # type: ignore[misc]
            assert (name, count) == ("a", 7)


@quick.dataclass(frozen=True, slots=True)
class Top:
    inner: tuple[int, ...]


def test_copies_and_pickles_are_equal():
    made = Top((1, 2))
    assert copy.copy(made) == copy.deepcopy(made) == made
    assert pickle.loads(pickle.dumps(made)) == made


def test_a_method_of_the_class_stays():
    @quick.dataclass(frozen=True, slots=True)
    class Named:
        name: str

        def __repr__(self) -> str:
            return self.name

    assert repr(Named("me")) == "me"
