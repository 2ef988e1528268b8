"""The shapes in which models write tool calls as plain text, each a small reader of one block.

A reader takes the text and a place and gives the calls found there with the place behind the block, or None.
Sources: the chat templates that Qwen, NousResearch (Hermes), Meta, Mistral AI, DeepSeek and Moonshot publish.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass

_DECODER = json.JSONDecoder(strict=False)
_SPACE = re.compile(r"\s*")
_NAME = r"[A-Za-z_][\w.-]*"


@dataclass(frozen=True, slots=True)
class WrittenCall:
    """A call as it stands in the text; `arguments` is meant to be JSON text."""

    name: str
    arguments: str


Block = tuple[list[WrittenCall], int]
Reader = Callable[[str, int], Block | None]


@dataclass(frozen=True, slots=True)
class Form:
    """One shape: its blocks begin where `opening` matches and are read by `reader`."""

    name: str
    opening: "re.Pattern[str]"
    reader: Reader


def find_trailing(text: str, form: Form) -> tuple[list[WrittenCall], int] | None:
    """The calls of this shape that end the text, with where the first begins; None when something follows."""
    end = len(text.rstrip())
    behind = 0
    for opening in form.opening.finditer(text):
        if opening.start() < behind:
            continue
        calls: list[WrittenCall] = []
        at = opening.start()
        while at < end and (block := form.reader(text, at)) is not None:
            calls.extend(block[0])
            at = _skip(text, block[1])
        if calls and at >= end:
            return calls, opening.start()
        behind = at
    return None


def _hermes(text: str, at: int) -> Block | None:
    """`<tool_call>{"name": ..., "arguments": {...}}</tool_call>`, or Qwen's XML function inside."""
    at = _skip(text, at + len("<tool_call>"))
    block = _function(text, at) if text.startswith("<function=", at) else _json_calls(text, at)
    return _closed_by(text, block, "</tool_call>")


_FUNCTION = re.compile(rf"<function=({_NAME})>")
_PARAMETER = re.compile(rf"\s*<parameter=({_NAME})>(.*?)</parameter>", re.DOTALL)


def _function(text: str, at: int) -> Block | None:
    """`<function=NAME>{...}</function>`, or with one `<parameter=NAME>value</parameter>` each."""
    opening = _FUNCTION.match(text, at)
    if opening is None:
        return None
    at = opening.end()
    values: dict[str, str] = {}
    while parameter := _PARAMETER.match(text, at):
        values[parameter[1]] = parameter[2].removeprefix("\n").removesuffix("\n")
        at = parameter.end()
    if values:
        block: Block | None = ([WrittenCall(opening[1], json.dumps(values, ensure_ascii=False))], at)
    else:
        block = _raw_arguments(text, at, opening[1])
    return _closed_by(text, block, "</function>")


def _python_tag(text: str, at: int) -> Block | None:
    """Llama's `<|python_tag|>{"name": ..., "parameters": {...}}`, several parted by semicolons."""
    at += len("<|python_tag|>")
    calls: list[WrittenCall] = []
    while block := _json_calls(text, _skip(text, at)):
        calls.extend(block[0])
        at = _skip(text, block[1])
        if not text.startswith(";", at):
            break
        at += 1
    at = _past(text, at, "<|eom_id|>", "<|eot_id|>")
    return (calls, at) if calls else None


_MISTRAL = re.compile(rf"\[TOOL_CALLS\]\s*(?:({_NAME})(?:\[CALL_ID\]\w+)?(?:\[ARGS\])?)?")


def _mistral(text: str, at: int) -> Block | None:
    """`[TOOL_CALLS][{...}]`, or the later `[TOOL_CALLS]NAME[ARGS]{...}`."""
    opening = _MISTRAL.match(text, at)
    if opening is None:
        return None
    block = (
        _raw_arguments(text, opening.end(), opening[1])
        if opening[1]
        else _json_calls(text, _skip(text, opening.end()))
    )
    return None if block is None else (block[0], _past(text, block[1], "</s>"))


_DEEPSEEK = re.compile(
    rf"(?:<｜tool▁calls▁begin｜>\s*)?<｜tool▁call▁begin｜>(?:function<｜tool▁sep｜>)?({_NAME})"
    r"(?:<｜tool▁sep｜>)?\s*(?:```json\s*)?"
)


def _deepseek(text: str, at: int) -> Block | None:
    """DeepSeek's markers, with the arguments bare (V3.1) or in a fence (V3, R1)."""
    opening = _DEEPSEEK.match(text, at)
    block = _raw_arguments(text, opening.end(), opening[1]) if opening else None
    if block is None:
        return None
    ends = ("```", "<｜tool▁call▁end｜>", "<｜tool▁calls▁end｜>", "<｜end▁of▁sentence｜>")
    return block[0], _past(text, block[1], *ends)


_KIMI = re.compile(
    rf"(?:<\|tool_calls_section_begin\|>\s*)?<\|tool_call_begin\|>\s*(?:functions\.)?({_NAME})(?::\d+)?\s*"
    r"<\|tool_call_argument_begin\|>\s*"
)


def _kimi(text: str, at: int) -> Block | None:
    """Kimi's markers: `functions.NAME:INDEX`, then the arguments."""
    opening = _KIMI.match(text, at)
    block = _raw_arguments(text, opening.end(), opening[1]) if opening else None
    if block is None:
        return None
    return block[0], _past(text, block[1], "<|tool_call_end|>", "<|tool_calls_section_end|>", "<|im_end|>")


_FENCE = re.compile(r"(`{3,})(?:json|tool_call|tool_code)?[ \t]*\r?\n")


def _fence(text: str, at: int) -> Block | None:
    """A code fence with nothing but `{"name": ..., "arguments": {...}}` in it."""
    opening = _FENCE.match(text, at)
    block = _json_calls(text, _skip(text, opening.end())) if opening else None
    return _closed_by(text, block, opening[1]) if opening else None


def _bare(text: str, at: int) -> Block | None:
    """The object alone, at the beginning of a line."""
    return _json_calls(text, _skip(text, at))


FORMS: tuple[Form, ...] = (
    Form("hermes", re.compile("<tool_call>"), _hermes),
    Form("llama", _FUNCTION, _function),
    Form("python tag", re.compile(re.escape("<|python_tag|>")), _python_tag),
    Form("mistral", re.compile(r"\[TOOL_CALLS\]"), _mistral),
    Form("deepseek", _DEEPSEEK, _deepseek),
    Form("kimi", _KIMI, _kimi),
    Form(
        "json fence", re.compile(r"^(?=`{3,}(?:json|tool_call|tool_code)?[ \t]*\r?\n)", re.MULTILINE), _fence
    ),
    Form("bare json", re.compile(r"^(?=[ \t]*[{\[])", re.MULTILINE), _bare),
)


def _json_calls(text: str, at: int) -> Block | None:
    """The calls in one JSON value: an object with a name and arguments, or a list of them."""
    try:
        value, end = _DECODER.raw_decode(text, at)
    except (ValueError, RecursionError):
        return None
    entries = value if isinstance(value, list) else [value]
    calls = [_envelope(entry) for entry in entries]
    found = [call for call in calls if call is not None]
    return (found, end) if found and len(found) == len(calls) else None


def _envelope(entry: object) -> WrittenCall | None:
    if not isinstance(entry, dict):
        return None
    inner = entry.get("function")
    if isinstance(inner, dict):
        entry = inner
    name = entry.get("name")
    keys = [key for key in ("arguments", "parameters", "input") if key in entry]
    if not isinstance(name, str) or len(keys) != 1:
        return None
    arguments = entry[keys[0]]
    if isinstance(arguments, str):
        return WrittenCall(name, arguments)
    return (
        WrittenCall(name, json.dumps(arguments, ensure_ascii=False)) if isinstance(arguments, dict) else None
    )


def _raw_arguments(text: str, at: int, name: str) -> Block | None:
    """The JSON object at this place, word for word."""
    at = _skip(text, at)
    try:
        value, end = _DECODER.raw_decode(text, at)
    except (ValueError, RecursionError):
        return None
    return ([WrittenCall(name, text[at:end])], end) if isinstance(value, dict) else None


def _closed_by(text: str, block: Block | None, closing: str) -> Block | None:
    """The block with its closing mark, which may be missing only at the very end (a stop sequence ate it)."""
    if block is None:
        return None
    at = _skip(text, block[1])
    if text.startswith(closing, at):
        return block[0], at + len(closing)
    return (block[0], at) if at >= len(text) else None


def _past(text: str, at: int, *marks: str) -> int:
    for mark in marks:
        after = _skip(text, at)
        if text.startswith(mark, after):
            at = after + len(mark)
    return at


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at
