"""Whatever JSON a server sends, the failure is the server's and says so."""

import re
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loomkin.errors import ProviderError
from loomkin.llm.promised import promised
from loomkin.llm.wire import Delta, Endpoint
from loomkin.llm.wires import anthropic_messages, ollama_chat, openai_chat

HERE = Endpoint("http://127.0.0.1:1/v1")
KEYS = re.findall(
    r"\w+",
    "choices delta message content tool_calls function name arguments index id finish_reason usage done type"
    " content_block partial_json text prompt_tokens prompt_tokens_details eval_count thinking error code",
)
WORDS = st.sampled_from(
    re.findall(
        r"\w+",
        "content_block_delta content_block_start message_start message_delta input_json_delta"
        " text_delta tool_use text stop",
    )
)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 2) | st.floats(0, 2) | WORDS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=12,
)
OBJECTS = st.dictionaries(st.sampled_from(KEYS), ANYTHING, min_size=1, max_size=4)


def read(wire: str, one: dict[str, object]) -> list[Delta]:
    match wire:
        case "openai":
            return list(promised(HERE, openai_chat.AnswerReader(HERE, "m").event(one), one))
        case "openai whole":
            return list(promised(HERE, openai_chat.AnswerReader(HERE, "m").whole(one), one))
        case "anthropic":
            return list(promised(HERE, anthropic_messages._Reader(HERE, "m").event(one), one))
        case "anthropic whole":
            return list(promised(HERE, anthropic_messages._Reader(HERE, "m").whole(one), one))
        case _:
            return list(promised(HERE, ollama_chat._Reader(HERE, "m").line(one), one))


@pytest.mark.parametrize("wire", ["openai", "openai whole", "anthropic", "anthropic whole", "ollama"])
@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(one=OBJECTS)
def test_a_part_of_any_form_is_read_or_refused_as_the_providers_fault(wire: str, one: dict[str, object]):
    with suppress(ProviderError):
        for delta in read(wire, one):
            assert "".join(getattr(delta, name, "") for name in ("text", "arguments")).isprintable()


@pytest.mark.parametrize(
    ("wire", "one"),
    [
        ("openai", {"choices": [None]}),
        ("openai", {"choices": [{"delta": {"tool_calls": [{"function": "x"}]}}]}),
        ("openai whole", {"choices": {"a": 1}}),
        ("openai", {"choices": [], "usage": {"prompt_tokens": "many"}}),
        ("anthropic", {"type": "message_start", "message": "x"}),
        ("anthropic", {"type": "content_block_delta", "delta": {"type": "text_delta", "text": 5}}),
        ("ollama", {"message": {"tool_calls": {"a": 1}}}),
        ("ollama", {"message": {"content": 5}}),
    ],
)
def test_what_has_another_form_is_shown(wire: str, one: dict[str, object]):
    with pytest.raises(ProviderError, match="did not answer in the promised form: this has another form"):
        read(wire, one)
