"""Counting tokens without a tokenizer."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loomkin.llm.estimate import Estimator, bytes_per_token
from loomkin.llm.wire import Request
from loomkin.records.ids import CallId, MessageId
from loomkin.records.message import Image, Message, Role, Text, Thinking, ToolCall, ToolResult, ToolSpec

TOOL = ToolSpec("shell", "Run a command.", {"type": "object", "properties": {"command": {"type": "string"}}})


def message(*parts: Text | Thinking | Image | ToolCall | ToolResult) -> Message:
    return Message(MessageId("m"), Role.USER, parts, "person", 0.0)


def request(text: str) -> Request:
    return Request("m", "You are ada, the coder.", (message(Text(text)),), (TOOL,))


def test_plain_english_is_about_a_token_for_four_letters() -> None:
    text = "The quick brown fox jumps over the lazy dog. " * 100
    assert Estimator().text("openai/gpt-5", text) == pytest.approx(len(text) / 4, rel=0.01)


def test_chinese_counts_about_one_token_a_sign_not_a_quarter() -> None:
    assert Estimator().text("openai/gpt-5", "漢字仮名" * 100) >= 300


def test_families_differ_and_the_provider_does_not_matter() -> None:
    assert bytes_per_token("openrouter/anthropic/Claude-Sonnet-5") == bytes_per_token("claude-haiku")
    assert bytes_per_token("claude-x") < bytes_per_token("gpt-5")


def test_nothing_is_no_tokens_and_a_letter_is_one() -> None:
    assert Estimator().text("m", "") == 0
    assert Estimator().text("m", "a") == 1


def test_every_kind_of_part_counts() -> None:
    estimator = Estimator()
    empty = estimator.messages("m", [message()])
    for part in (
        Text("words" * 10),
        Thinking("words" * 10),
        Image("image/png", "AAAA"),
        ToolCall(CallId("c"), "shell", '{"command": "ls"}'),
        ToolResult(CallId("c"), "shell", "words" * 10),
    ):
        assert estimator.messages("m", [message(part)]) > empty
    assert estimator.tools("m", [TOOL]) > 12


def test_reported_usage_pulls_the_estimate_to_the_truth() -> None:
    estimator = Estimator()
    chance = random.Random(7)
    for _ in range(30):
        asked = request("x" * chance.randrange(2_000, 9_000))
        estimator.learn("m", asked, round(Estimator().request("m", asked) * 1.6 * chance.uniform(0.95, 1.05)))
    asked = request("x" * 5_000)
    assert estimator.request("m", asked) == pytest.approx(Estimator().request("m", asked) * 1.6, rel=0.05)


def test_a_correction_belongs_to_one_model_and_can_be_kept() -> None:
    estimator = Estimator()
    asked = request("x" * 4_000)
    estimator.learn("a", asked, 3_000)
    assert estimator.request("b", asked) == Estimator().request("b", asked)
    assert Estimator(estimator.corrections).request("a", asked) == estimator.request("a", asked)


@given(st.lists(st.integers(-10, 10**9), max_size=20))
def test_no_reported_number_can_spoil_the_estimate(reports: list[int]) -> None:
    estimator = Estimator()
    asked = request("x" * 4_000)
    plain = estimator.request("m", asked)
    for reported in reports:
        estimator.learn("m", asked, reported)
    assert 0.39 * plain <= estimator.request("m", asked) <= 2.51 * plain


@given(st.text(), st.text())
def test_more_words_are_never_fewer_tokens(first: str, second: str) -> None:
    estimator = Estimator()
    assert estimator.text("m", first) <= estimator.text("m", first + second)


def test_messages_one_by_one_weigh_what_they_weigh_alone_also_after_another_model() -> None:
    estimator = Estimator()
    call = ToolCall(CallId("c"), "shell", "{}")
    history = [message(Text("x" * 700), call), message(), message(ToolResult(CallId("c"), "shell", "y" * 80))]
    for model in ("gpt-5", "claude-x", "gpt-5"):
        alone = [Estimator().messages(model, [one]) for one in history]
        assert estimator.each(model, history) == alone
