"""Written tool calls whose parameters stand in tags: Llama, Qwen, GLM, MiniMax, DeepSeek's DSML."""

import json
import re

from loomkin.llm.forms_block import NAME, Block, WrittenCall, closed_by, raw_arguments, skip
from loomkin.records.regex import pattern

FUNCTION = pattern(rf"<function=({NAME})>")
_PARAMETER = pattern(rf"\s*<parameter=({NAME})>(.*?)</parameter>", re.DOTALL)

_MARK = r"(?:[｜|]DSML[｜|]|antml:|minimax:)?"
_WRAPPER = rf"{_MARK}(?:function_calls|tool_calls|tool_call)"
INVOKE = pattern(rf"(?:<{_WRAPPER}>\s*)?<{_MARK}invoke name=\"({NAME})\">")
_ARGUMENT = pattern(
    rf"\s*<{_MARK}parameter name=\"({NAME})\"(?: string=\"(true|false)\")?>(.*?)</{_MARK}parameter>",
    re.DOTALL,
)
_END = pattern(rf"\s*</{_MARK}invoke>(?:\s*</{_WRAPPER}>)?")

_PAIR_NAME = pattern(rf"({NAME})\s*(?=<arg_key>|</tool_call>)")
_PAIR = pattern(rf"\s*<arg_key>\s*({NAME})\s*</arg_key>\s*<arg_value>(.*?)</arg_value>", re.DOTALL)


def function(text: str, at: int) -> Block | None:
    """`<function=NAME>{...}</function>`, or with one `<parameter=NAME>value</parameter>` each."""
    opening = FUNCTION.match(text, at)
    if opening is None:
        return None
    at = opening.end()
    values: dict[str, object] = {}
    while parameter := _PARAMETER.match(text, at):
        values[parameter[1]] = parameter[2].removeprefix("\n").removesuffix("\n")
        at = parameter.end()
    block = _call(opening[1], values, at) if values else raw_arguments(text, at, opening[1])
    return closed_by(text, block, "</function>")


def invoke(text: str, at: int) -> Block | None:
    """`<invoke name="NAME">` with `<parameter name="KEY">value</parameter>` each, or with one JSON object.

    A parameter that says `string="false"` holds JSON.
    """
    opening = INVOKE.match(text, at)
    if opening is None:
        return None
    at = opening.end()
    values: dict[str, object] = {}
    while parameter := _ARGUMENT.match(text, at):
        values[parameter[1]] = _value(parameter[3]) if parameter[2] == "false" else parameter[3]
        at = parameter.end()
    block = None if values else raw_arguments(text, at, opening[1])
    calls, at = block or _call(opening[1], values, at)
    end = _END.match(text, at)
    return (calls, end.end()) if end else None


def arg_pairs(text: str, at: int) -> Block | None:
    """GLM's `NAME<arg_key>KEY</arg_key><arg_value>value</arg_value>`."""
    opening = _PAIR_NAME.match(text, at)
    if opening is None:
        return None
    at = opening.end()
    values: dict[str, object] = {}
    while pair := _PAIR.match(text, at):
        values[pair[1]] = pair[2]
        at = pair.end()
    return _call(opening[1], values, skip(text, at))


def _call(name: str, values: dict[str, object], at: int) -> Block:
    return [WrittenCall(name, json.dumps(values, ensure_ascii=False))], at


def _value(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
