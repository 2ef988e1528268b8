"""What a spawn is said to cost."""

from loomkin.llm.models import CallerLevel, ModelSpec
from loomkin.llm.wire import Endpoint
from loomkin.records.ids import ModelId
from loomkin.records.usage import Price, Usage, pico
from loomkin.workspace.office import estimate

DEAR = Price(pico("0.00001"), pico("0.00002"), pico("0.000001"), pico("0.00001"), "settings")


def model(price: Price | None) -> ModelSpec:
    return ModelSpec(ModelId("x/y"), "x", "y", "openai", Endpoint(""), 1000, 100, price, CallerLevel.NATIVE)


def test_an_unknown_price_is_said_to_be_unknown():
    assert estimate("coder", model(None), [Usage(1, 1)]) == (
        "The price of x/y is unknown, so nobody can say what it will cost."
    )


def test_the_median_of_earlier_agents_is_taken_at_todays_price():
    earlier = [Usage(input=tokens) for tokens in (1_000_000, 100_000, 10_000)]
    assert estimate("coder", model(DEAR), earlier) == (
        "Probably about $1.00 with x/y: the median of 3 earlier agents of the role coder here."
    )
    assert estimate("coder", model(DEAR), [Usage(cache_read=100)]) == (
        "Probably less than $0.01 with x/y: the median of 1 earlier agent of the role coder here."
    )


def test_without_earlier_ones_a_plain_example_is_priced():
    assert estimate("coder", model(DEAR), []) == (
        "A typical coder (200k tokens in, 8k out) costs about $2.16 with x/y."
    )


def test_what_costs_nothing_is_not_spoken_of():
    free = model(Price(0, 0, 0, 0, "local"))
    assert estimate("coder", free, []) == estimate("coder", free, [Usage(1, 1)]) == ""
