"""Facts of models from litellm's packaged table."""

import json
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from loomkin.llm.catalogue import PRICE_TABLE, PROVIDER_TABLE, Catalogue, packaged_folder
from loomkin.records.usage import Price, usd

ENTRY = (
    '"litellm_provider": "acme", "mode": "chat", "max_input_tokens": 1000, "max_output_tokens": 100, '
    '"input_cost_per_token": 1.1e-07, "output_cost_per_token": 2.2000000000000003e-6, '
    '"supports_vision": false, "supports_function_calling": false'
)


def table(folder: Path, text: str) -> Catalogue:
    (folder / PRICE_TABLE).write_text(text, encoding="utf-8")
    return Catalogue(folder)


@pytest.fixture(scope="module")
def packaged() -> Catalogue:
    assert packaged_folder() is not None
    return Catalogue.packaged()


def test_the_quick_look_up_agrees_with_the_whole_table_for_every_model(packaged: Catalogue) -> None:
    every = list(packaged.every())
    assert len(every) > 1000
    for facts in every[::60]:
        assert packaged.facts(facts.name) == facts


def test_litellm_itself_is_never_imported() -> None:
    code = (
        "import sys; from loomkin.llm.catalogue import Catalogue; c = Catalogue.packaged(); "
        "assert c.facts('gpt-4o') and c.knows_provider('huggingface') and list(c.every()); "
        "print('litellm' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_prices_are_exact_whole_picodollars_of_the_literals(tmp_path: Path) -> None:
    facts = table(tmp_path, f'{{"a": {{{ENTRY}}}}}').facts("a")
    assert facts is not None
    assert facts.price == Price(110_000, 2_200_000, 110_000, 110_000, "litellm")
    assert usd(facts.price.output) == Decimal("0.0000022")
    assert (facts.window, facts.max_output, facts.provider) == (1000, 100, "acme")


def test_where_longer_requests_cost_more_the_limit_of_the_price_is_known(tmp_path: Path) -> None:
    steps = '"input_cost_per_token_above_272k_tokens": 2e-07, "output_cost_per_token_above_128k_tokens": 1e-6'
    dearer = table(tmp_path, f'{{"a": {{{ENTRY}, {steps}}}, "b": {{{ENTRY}}}}}')
    assert [facts.price_up_to for facts in dearer.every()] == [128_000, 0]


def test_a_missing_ability_to_call_tools_is_unknown_not_a_no(tmp_path: Path) -> None:
    facts = table(tmp_path, f'{{"a": {{{ENTRY}}}}}').facts("a")
    assert facts is not None
    assert facts.tools is None
    assert facts.vision is False
    assert facts.reasoning is None


@pytest.mark.parametrize(
    "costs",
    ['"x": 1', '"input_cost_per_token": 0.0, "output_cost_per_token": 0', '"input_cost_per_token": 1e-6'],
)
def test_a_model_without_a_price_is_not_free(tmp_path: Path, costs: str) -> None:
    facts = table(tmp_path, f'{{"a": {{"litellm_provider": "acme", "mode": "chat", {costs}}}}}').facts("a")
    assert facts is not None
    assert facts.price is None


def test_nested_keys_and_longer_names_are_not_taken_for_the_model(tmp_path: Path) -> None:
    deep = {**json.loads(f"{{{ENTRY}}}"), "deep": {"a": 1}}
    text = json.dumps({"x/deep": deep, "deep": {"litellm_provider": "right"}})
    facts = table(tmp_path, text).facts("deep")
    assert facts is not None
    assert facts.provider == "right"


def test_the_sample_entry_and_other_kinds_of_models_are_not_listed(packaged: Catalogue) -> None:
    assert packaged.facts("sample_spec") is None
    assert {facts.mode for facts in packaged.every()} == {"chat", "responses"}


def test_without_litellm_the_catalogue_is_empty(tmp_path: Path) -> None:
    for catalogue in (Catalogue(None), Catalogue(tmp_path)):
        assert catalogue.facts("gpt-4o") is None
        assert list(catalogue.every()) == []
        assert not catalogue.knows_provider("openai")


def test_a_damaged_table_is_an_empty_one(tmp_path: Path) -> None:
    catalogue = table(tmp_path, '{"a": {"litellm_provider": "acme", ')
    assert catalogue.facts("a") is None
    assert list(catalogue.every()) == []


def test_providers_are_known_from_either_table(tmp_path: Path) -> None:
    catalogue = table(tmp_path, '{\n    "acme/one": {"litellm_provider": "acme"}}')
    (tmp_path / PROVIDER_TABLE).write_text('{"providers": {"other": {"endpoints": {}}}}', encoding="utf-8")
    assert catalogue.knows_provider("acme")
    assert catalogue.knows_provider("other")
    assert not catalogue.knows_provider("one")
