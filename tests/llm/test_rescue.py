"""Tool calls that models wrote as text."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loomkin.llm.forms import FORMS
from loomkin.llm.rescue import Rescue, rescue, strip_reasoning

KNOWN = ("shell", "file_read")
BODY = "name=file_write path=a\n```\n<think>x\n```\n```end"
CALL = {"name": "shell", "arguments": {"command": "ls -a"}}
WRITTEN = {
    "hermes": "<tool_call>\n" + json.dumps(CALL) + "\n</tool_call>",
    "hermes, end eaten": "<tool_call>" + json.dumps(CALL),
    "hermes, qwen coder": (
        "<tool_call>\n<function=shell>\n<parameter=command>\nls -a\n</parameter>\n</function>\n</tool_call>"
    ),
    "llama": '<function=shell>{"command": "ls -a"}</function>',
    "hermes, glm": (
        "<tool_call>shell\n<arg_key>command</arg_key>\n<arg_value>ls -a</arg_value>\n</tool_call>"
    ),
    "invoke": (
        '<minimax:tool_call>\n<invoke name="shell">\n<parameter name="command">ls -a</parameter>\n</invoke>\n'
        "</minimax:tool_call>"
    ),
    "invoke, deepseek": (
        '<｜DSML｜function_calls>\n<｜DSML｜invoke name="shell">\n'
        '<｜DSML｜parameter name="command" string="true">ls -a</｜DSML｜parameter>\n'
        "</｜DSML｜invoke>\n</｜DSML｜function_calls>"
    ),
    "invoke, json": '<invoke name="shell">{"command": "ls -a"}</invoke>',
    "python tag": (
        '<|python_tag|>{"type": "function", "name": "shell", "parameters": {"command": "ls -a"}}<|eom_id|>'
    ),
    "mistral": "[TOOL_CALLS] [" + json.dumps(CALL) + "]",
    "mistral, later": '[TOOL_CALLS]shell[ARGS]{"command": "ls -a"}</s>',
    "mistral, with id": '[TOOL_CALLS]shell[CALL_ID]abc123[ARGS]{"command": "ls -a"}',
    "deepseek": (
        "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>shell\n```json\n"
        '{"command": "ls -a"}\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>'
    ),
    "deepseek 3.1": (
        '<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>shell<｜tool▁sep｜>{"command": "ls -a"}'
        "<｜tool▁call▁end｜><｜tool▁calls▁end｜><｜end▁of▁sentence｜>"
    ),
    "kimi": (
        "<|tool_calls_section_begin|><|tool_call_begin|>functions.shell:0<|tool_call_argument_begin|>"
        '{"command": "ls -a"}<|tool_call_end|><|tool_calls_section_end|>'
    ),
    "json fence": "```json\n" + json.dumps(CALL, indent=2) + "\n```",
    "json fence, function": (
        '```\n{"function": {"name": "shell", "arguments": "{\\"command\\": \\"ls -a\\"}"}}\n```'
    ),
    "bare json": json.dumps(CALL),
}


def accepts(name: str, arguments: str) -> bool:
    try:
        values = json.loads(arguments)
    except ValueError:
        return False
    wanted = {"shell": "command", "file_read": "path"}[name]
    return isinstance(values, dict) and isinstance(values.get(wanted), str)


def found_in(text: str) -> Rescue | None:
    return rescue(text, KNOWN, accepts)


@pytest.mark.parametrize("form", WRITTEN)
def test_every_form_is_found_at_the_end_of_a_message(form: str) -> None:
    found = found_in(f"I will look.\n{WRITTEN[form]}\n")
    assert found is not None
    assert [(call.name, json.loads(call.arguments)) for call in found.calls] == [
        ("shell", {"command": "ls -a"})
    ]
    assert found.text == "I will look."
    assert found.form == form.partition(",")[0].partition(" 3")[0]


@pytest.mark.parametrize("form", WRITTEN)
def test_a_form_followed_by_words_is_a_quotation(form: str) -> None:
    if form != "hermes, end eaten":
        assert found_in(f"{WRITTEN[form]}\nThat is how one would write it.") is None


@pytest.mark.parametrize("form", WRITTEN)
def test_a_form_in_a_code_fence_that_ends_the_message_is_a_quotation(form: str) -> None:
    if not form.startswith(("json fence", "bare")):
        assert found_in(f"Like this:\n```\n{WRITTEN[form]}\n```") is None


@pytest.mark.parametrize("form", WRITTEN)
def test_an_unknown_tool_and_wrong_arguments_are_not_called(form: str) -> None:
    assert found_in(WRITTEN[form].replace("shell", "rm_everything")) is None
    assert found_in(WRITTEN[form].replace("command", "comand")) is None


@pytest.mark.parametrize("form", WRITTEN)
def test_a_call_inside_reasoning_is_not_made(form: str) -> None:
    assert found_in(f"<think>\nMaybe\n{WRITTEN[form]}\n</think>\nNo, done.") is None
    assert found_in(f"<think>\nMaybe\n{WRITTEN[form]}") is None


def test_several_calls_at_the_end_are_all_found_and_none_if_one_is_wrong() -> None:
    read = '<tool_call>{"name": "file_read", "arguments": {"path": "a"}}</tool_call>'
    both = found_in(f"{WRITTEN['hermes']}\n{read}")
    assert both is not None
    assert [call.name for call in both.calls] == ["shell", "file_read"]
    assert found_in(f"{WRITTEN['hermes']}\n{read.replace('path', 'pth')}") is None


def test_a_parameter_that_says_so_is_json() -> None:
    read = '<invoke name="file_read"><parameter name="path">a</parameter>'
    found = found_in(f'{read}<parameter name="limit" string="false">5</parameter></invoke>')
    assert found is not None
    assert json.loads(found.calls[0].arguments) == {"path": "a", "limit": 5}
    found = found_in(
        f'<function_calls>{read}</invoke><invoke name="shell"><parameter name="command">b</parameter>'
        "</invoke></function_calls>"
    )
    assert found is not None
    assert [call.name for call in found.calls] == ["file_read", "shell"]


def test_an_earlier_quotation_does_not_hide_the_call_at_the_end() -> None:
    found = found_in(f"Not {WRITTEN['hermes']} but this:\n{WRITTEN['hermes']}")
    assert found is not None
    assert len(found.calls) == 1


def test_raw_line_breaks_in_a_string_are_understood() -> None:
    found = found_in('<tool_call>{"name": "shell", "arguments": {"command": "a\nb"}}</tool_call>')
    assert found is not None
    assert json.loads(found.calls[0].arguments) == {"command": "a\nb"}


def test_raw_line_breaks_are_escaped_where_arguments_are_passed_on_word_for_word() -> None:
    found = found_in('<function=shell>{"command": "a\nb"}</function>')
    assert found is not None
    assert json.loads(found.calls[0].arguments) == {"command": "a\nb"}


def test_words_without_a_call_are_left_alone() -> None:
    for text in ("", "Done.", '{"name": "shell"}', "[1, 2]", '{"a": {"name": "shell", "arguments": {}}}'):
        assert found_in(text) is None


@given(
    st.lists(st.sampled_from([*WRITTEN.values(), "\n", "{", "]", "```", "<tool_call>", "words"]), max_size=6)
)
@settings(max_examples=80)
def test_no_mixture_raises_and_what_is_found_always_validates(pieces: list[str]) -> None:
    found = found_in("".join(pieces))
    assert found is None or all(accepts(call.name, call.arguments) for call in found.calls)


def test_a_long_text_full_of_openings_takes_little_time() -> None:
    for piece in (
        "<tool_call>{",
        "[TOOL_CALLS][",
        "{\n",
        "[\n",
        "```json\n{",
        "<function=a>{",
        "<think>",
        "```\n",
    ):
        assert found_in(piece * 2_000 + "x") is None


def test_forms_have_distinct_names() -> None:
    assert len({form.name for form in FORMS}) == len(FORMS)


@pytest.mark.parametrize(
    ("text", "thinking", "rest"),
    [
        ("plain", "", "plain"),
        ("<think>why</think>\n\nanswer", "why", "answer"),
        ("<thinking>a</thinking>b", "a", "b"),
        ("[THINK]a[/THINK]b", "a", "b"),
        ("◁think▷a◁/think▷b", "a", "b"),
        ("why\n</think>\n\nanswer", "why", "answer"),
        ("<think>never ends", "never ends", ""),
        ("one\n<think>a</think>\ntwo\n<think>b</think>three", "a\nb", "one\n\ntwo\nthree"),
        ("The tag `</think>` closes.", "", "The tag `</think>` closes."),
        ("```\n<think>x</think>\n```\n", "", "```\n<think>x</think>\n```\n"),
        ("in a line <think>x</think> stays", "", "in a line <think>x</think> stays"),
        (f"```tool {BODY}", "", f"```tool {BODY}"),
    ],
)
def test_reasoning_is_taken_out(text: str, thinking: str, rest: str) -> None:
    assert strip_reasoning(text) == (thinking, rest)


@given(st.text(alphabet="ab \n`<>/think", max_size=40))
def test_stripping_never_raises_and_never_invents(text: str) -> None:
    thinking, rest = strip_reasoning(text)
    assert len(thinking) + len(rest) <= len(text)
