"""The text protocol for models without tool calling."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loomkin.llm.estimate import Estimator
from loomkin.llm.text_protocol import EXAMPLES, STOP, TOOLS, encode_call, encode_history, instructions, parse
from loomkin.records.ids import CallId, MessageId
from loomkin.records.message import Image, Message, Role, Text, Thinking, ToolCall, ToolResult, ToolSpec

LINES = st.sampled_from(
    ["", " ", "x = 1", "```", "```python", "```end", "````end", "```tool name=shell", "<<<<<<< SEARCH",
     "=======", ">>>>>>> REPLACE", "<<<<<<<< SEARCH ALL", "========", "</think>", "a\r", '"quoted"', "ünï",
     "\x85\x0c"]
)  # fmt: skip
BODY = st.lists(LINES | st.text(max_size=10), max_size=6).map("\n".join)
NAME = st.text(min_size=1, max_size=12)
PAIR = st.fixed_dictionaries({"old": BODY, "new": BODY}, optional={"replace_all": st.just(True)})


def values(required: dict[str, Any], **optional: Any) -> Any:
    return st.fixed_dictionaries(required, optional=optional)


CALLS = st.one_of(
    st.tuples(st.just("file_read"), values({"path": NAME}, offset=st.integers(1), limit=st.integers(1))),
    st.tuples(st.just("file_write"), values({"path": NAME, "content": BODY})),
    st.tuples(st.just("file_edit"), st.builds(lambda path, pair: {"path": path, **pair}, NAME, PAIR)),
    st.tuples(st.just("file_edit"), values({"path": NAME, "edits": st.lists(PAIR, min_size=2, max_size=3)})),
    st.tuples(
        st.just("content_search"),
        values({"pattern": BODY}, path=NAME, ignore_case=st.booleans(), max=st.integers()),
    ),
    st.tuples(st.just("directory_list"), values({}, path=NAME, depth=st.integers(0))),
    st.tuples(
        st.just("shell"), values({"command": BODY}, timeout=st.floats(0, 600), background=st.booleans())
    ),
)


def made(name: str, values: dict[str, Any]) -> ToolCall:
    return ToolCall(CallId("c"), name, json.dumps(values))


def values_of(text: str, **options: bool) -> dict[str, Any]:
    found = parse(text, **options)
    assert found.call is not None, found.problem
    return {"name": found.call.name, **json.loads(found.call.arguments)}


def problem_of(text: str, **options: bool) -> str:
    found = parse(text, **options)
    assert found.call is None
    assert found.problem is not None
    return found.problem


@settings(max_examples=300)
@given(CALLS, st.sampled_from(["", "I will do it.\n"]), st.sampled_from(["", "\n", " \n\n"]))
def test_every_call_comes_back_as_it_was_written(
    call: tuple[str, dict[str, Any]], before: str, after: str
) -> None:
    name, values = call
    text = before + encode_call(made(name, values)) + after
    assert values_of(text) == {"name": name, **values}
    assert parse(text).text == before.strip()


@settings(max_examples=200)
@given(CALLS)
def test_when_the_stop_sequence_ate_the_closing_line_the_call_is_whole_or_not_run(
    call: tuple[str, dict[str, Any]],
) -> None:
    name, values = call
    text = encode_call(made(name, values)) + "\n"
    arrived = text[: text.find(STOP[0])] if STOP[0] in text else text
    if text.startswith("````") and arrived != text:
        assert "no closing line" in problem_of(arrived)
    else:
        assert values_of(arrived) == {"name": name, **values}


@settings(max_examples=200)
@given(st.text(alphabet="```tool end=name\n\"'<> file_readshl{}[]", max_size=80) | BODY, st.booleans())
def test_no_answer_raises(text: str, truncated: bool) -> None:
    found = parse(text, truncated=truncated)
    assert found.call is None or found.problem is None


@pytest.mark.parametrize("tool", TOOLS)
def test_the_examples_of_the_instructions_are_calls(tool: str) -> None:
    assert values_of(EXAMPLES[tool])["name"] == tool


def test_a_plain_answer_is_no_call_and_no_problem() -> None:
    found = parse("<think>hm</think>All done.\n```python\nx\n```")
    assert (found.call, found.problem, found.thinking) == (None, None, "hm")
    assert found.text == "All done.\n```python\nx\n```"


def test_a_block_in_reasoning_is_not_run() -> None:
    assert parse("<think>\n```tool name=shell\nrm -rf x\n```end\n</think>\nNo.").call is None


def test_a_body_is_taken_raw_without_any_escaping() -> None:
    text = "```tool name=file_write path=a.py\nprint(\"a\\n\", '<tool_call>')\n```end"
    assert values_of(text)["content"] == "print(\"a\\n\", '<tool_call>')\n"


def test_a_plain_closing_fence_is_understood_and_a_fence_of_the_body_is_kept() -> None:
    assert values_of("```tool name=shell\nls\n```")["command"] == "ls"
    readme = "```tool name=file_write path=R.md\n# T\n```sh\nmake\n```"
    assert values_of(readme)["content"] == "# T\n```sh\nmake\n```\n"
    assert values_of(readme + "\n```")["content"] == "# T\n```sh\nmake\n```\n"
    assert values_of(readme + "\n```end")["content"] == "# T\n```sh\nmake\n```\n"


def test_values_in_the_first_line_are_read_leniently() -> None:
    found = values_of(
        '```tool name=content_search path="my dir" glob=*.py ignore_case=true max=5\n\\d+ "x"\n```end'
    )
    assert found == {
        "name": "content_search",
        "path": "my dir",
        "glob": "*.py",
        "ignore_case": True,
        "max": 5,
        "pattern": '\\d+ "x"',
    }
    assert values_of("```tool name=file_read path='a b' offset=3\n```end")["path"] == "a b"
    assert values_of('```tool name=content_search pattern="\\d+"\n```end')["pattern"] == "\\d+"
    assert values_of("```tool name=file_read path=2024\n```end")["path"] == "2024"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("```tool name=shell\nls\n```end\nand then", "text after the tool block"),
        ("```tool name=shell\nls\n```end\n```tool name=shell\nls\n```end", "Two tool blocks"),
        ("```tool name=shell\nls\n```\n```tool name=shell\nls\n```", "Two tool blocks"),
        ("```tool name=rm\n```end", "no tool 'rm'"),
        ("```tool path=a\n```end", "no tool None"),
        ("```tool\nls\n```end", "no tool None"),
        ("```tool name=shell\n```end", "needs its command"),
        ("```tool name=file_read path=a\nbody\n```end", "takes no body"),
        ("```tool name=file_read path\n```end", "Cannot read 'path'"),
        ("```tool name=file_read path=\n```end", "`path` has no value"),
        ("```tool name=file_edit path=a\n```end", "needs a block"),
        ("```tool name=file_edit path=a\n<<<<<<< SEARCH\na\n=======\nb\n```end", "not finished"),
        ("```tool name=file_edit path=a\nnew text\n```end", "outside a block"),
    ],
)
def test_what_cannot_be_run_is_told_with_what_to_do(text: str, says: str) -> None:
    assert says in problem_of(text)


@given(CALLS, st.data())
def test_a_call_cut_by_the_output_limit_is_never_run(
    call: tuple[str, dict[str, Any]], data: st.DataObject
) -> None:
    text = encode_call(made(*call))
    whole = text[: text.rindex("`end")]
    cut = data.draw(st.integers(0, len(whole)))
    assert parse(text[:cut], truncated=True).call is None


def test_history_becomes_text_with_blocks_and_labelled_results() -> None:
    image = Image("image/png", "AA")
    said = (Thinking("hm", "sig"), Text("Look:"), made("shell", {"command": "ls"}))
    got = (ToolResult(CallId("c"), "shell", "a.py"), ToolResult(CallId("d"), "shell", "no such", True), image)
    history = (
        Message(MessageId("1"), Role.ASSISTANT, said, "ada", 0.0),
        Message(MessageId("2"), Role.USER, got, "loomkin", 0.0),
    )
    first, second = encode_history(history)
    assert first.parts == (Text("Look:\n\n```tool name=shell\nls\n```end"),)
    assert second.parts == (Text("Result (shell):\na.py\n\nFailed (shell):\nno such"), image)
    assert (first.id, first.role, second.id) == ("1", Role.ASSISTANT, "2")


def test_calls_of_other_tools_and_broken_ones_can_still_be_told_in_the_history() -> None:
    assert encode_call(made("find_symbol", {"name": "f", "kind": None})) == (
        "```tool name=find_symbol name=f kind=null\n```end"
    )
    assert encode_call(ToolCall(CallId("c"), "shell", "{broken")) == "```tool name=shell\n```end"


def test_the_instructions_tell_only_the_six_tools_and_stay_short() -> None:
    schema: dict[str, object] = {"properties": {"path": {}, "content": {}, "command": {}, "timeout": {}}}
    tools = [ToolSpec(name, f"What {name} does.", schema) for name in (*TOOLS, "web_fetch")]
    text = instructions(tools)
    assert "web_fetch" not in text
    for tool in TOOLS:
        assert f"## {tool}\nWhat {tool} does." in text
        assert EXAMPLES[tool] in text
    assert "timeout=" in text
    assert Estimator().text("ollama/qwen", text) < 1_200
