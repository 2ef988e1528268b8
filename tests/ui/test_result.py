"""The result says how a run ended, what it cost exactly, and what was refused."""

import pytest

from loomkin.errors import (
    ContextLengthError,
    FatalToolError,
    LimitError,
    LoomkinError,
    NoModelError,
    RateLimitError,
    UntrustedError,
)
from loomkin.records.event import TurnStarted
from loomkin.records.message import Text
from loomkin.ui.result import Account, Ending, Structured, result_message
from tests.ui.facts import SESSION, denied, edit, event, job, said, used


def account_of(*facts: object) -> Account:
    account = Account()
    for fact in (TurnStarted(1, "person"), *facts):
        account.take(event(fact))
    return account


def test_a_success_carries_the_sums_of_its_calls() -> None:
    account = Account()
    for one in job():
        account.take(one)
    result = result_message(Ending.done("Done.", 2), account, 1.25)
    assert result["subtype"] == "success"
    assert result["is_error"] is False
    assert (result["result"], result["stop_reason"], result["session_id"]) == ("Done.", "end_turn", SESSION)
    assert (result["num_turns"], result["duration_ms"], result["duration_api_ms"]) == (2, 1250, 300)
    assert result["usage"] == {
        "input_tokens": 200,
        "output_tokens": 40,
        "cache_read_input_tokens": 14,
        "cache_creation_input_tokens": 6,
    }
    assert result["total_cost_usd"] == 0.000005
    assert result["modelUsage"]["openai/fake"]["costUSD"] == 0.000005
    assert result["terminal_reason"] == "completed"
    assert "errors" not in result
    assert "unpriced_calls" not in result
    assert "structured_output" not in result


def test_sums_of_money_are_exact() -> None:
    account = account_of(
        *[used(cost=100_000_000_000)] * 3
    )  # three times ten cents, as floats 0.30000000000000004
    assert result_message(Ending.done("", 3), account, 0)["total_cost_usd"] == 0.3


def test_calls_of_unknown_price_are_counted_and_not_taken_as_free() -> None:
    result = result_message(Ending.done("", 2), account_of(used(cost=None), used()), 0)
    assert result["unpriced_calls"] == 1


def test_usage_is_told_by_model() -> None:
    account = account_of(used(model="a/x"), used(model="b/y"), used(model="a/x"))
    assert {model: use["inputTokens"] for model, use in account.model_usage.items()} == {
        "a/x": 200,
        "b/y": 100,
    }


def test_a_refused_call_is_listed_with_what_the_model_wanted() -> None:
    account = account_of(said(edit()), denied())
    assert account.denials == [
        {
            "tool_name": "file_edit",
            "tool_use_id": "c1",
            "tool_input": {"path": "a.py", "old": "1", "new": "2"},
        }
    ]


def test_what_an_earlier_run_said_does_not_count() -> None:
    account = Account()
    account.take(event(said(Text("before"), edit())))
    assert account.stop_reason is None


@pytest.mark.parametrize(
    ("error", "subtype", "reason", "code"),
    [
        (LimitError("x", limit="turns"), "error_max_turns", "max_turns", 53),
        (LimitError("x", limit="budget"), "error_max_budget_usd", "budget_exhausted", 53),
        (LimitError("x", limit="time"), "error_during_execution", "timeout", 53),
        (ContextLengthError("x"), "error_during_execution", "prompt_too_long", 1),
        (RateLimitError("x"), "error_during_execution", "model_error", 75),
        (NoModelError("x"), "error_during_execution", "error", 41),
        (FatalToolError("x"), "error_during_execution", "error", 54),
        (UntrustedError("x"), "error_during_execution", "error", 55),
    ],
)
def test_an_error_decides_subtype_reason_and_exit_code(
    error: LoomkinError, subtype: str, reason: str, code: int
) -> None:
    ending = Ending.failed(error, "half", 3)
    result = result_message(ending, Account(), 0)
    assert (result["subtype"], result["terminal_reason"], ending.code) == (subtype, reason, code)
    assert result["is_error"] is True
    assert (result["errors"], result["result"], result["num_turns"]) == (["x"], "half", 3)


def test_an_error_tells_its_hint() -> None:
    assert Ending.failed(LoomkinError("It broke.", hint="Mend it.")).errors == ("It broke.\nMend it.",)


def test_signals_end_with_the_codes_of_shells() -> None:
    assert (Ending.stopped(2).code, Ending.stopped(2).reason) == (130, "interrupted")
    assert (Ending.stopped(15).code, Ending.stopped(15).reason) == (143, "terminated")


def test_a_structured_answer_is_there_even_when_it_is_null() -> None:
    result = result_message(Ending.done("null", 1, Structured(None)), Account(), 0)
    assert result["structured_output"] is None
    assert result_message(Ending.unfit("at /a: no", "{}", 4), Account(), 0)["subtype"] == (
        "error_max_structured_output_retries"
    )
