"""The shapes in which models write tool calls as plain text, each a small reader of one block.

A reader takes the text and a place and gives the calls found there with the place behind the block, or None.
Sources: the chat templates that Qwen, NousResearch (Hermes), Meta, Mistral AI, DeepSeek and Moonshot publish.
"""

import re

from loomkin.llm.forms_block import (
    NAME,
    Block,
    Reader,
    WrittenCall,
    closed_by,
    json_calls,
    past,
    raw_arguments,
    skip,
)
from loomkin.llm.forms_tags import FUNCTION, INVOKE, arg_pairs, function, invoke
from loomkin.records.dataclass import dataclass
from loomkin.records.regex import pattern


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
            at = skip(text, block[1])
        if calls and at >= end:
            return calls, opening.start()
        behind = at
    return None


def _hermes(text: str, at: int) -> Block | None:
    """`<tool_call>{"name": ..., "arguments": {...}}</tool_call>`, or Qwen's or GLM's tags inside."""
    at = skip(text, at + len("<tool_call>"))
    block = function(text, at) or json_calls(text, at) or arg_pairs(text, at)
    return closed_by(text, block, "</tool_call>")


def _python_tag(text: str, at: int) -> Block | None:
    """Llama's `<|python_tag|>{"name": ..., "parameters": {...}}`, several parted by semicolons."""
    at += len("<|python_tag|>")
    calls: list[WrittenCall] = []
    while block := json_calls(text, skip(text, at)):
        calls.extend(block[0])
        at = skip(text, block[1])
        if not text.startswith(";", at):
            break
        at += 1
    at = past(text, at, "<|eom_id|>", "<|eot_id|>")
    return (calls, at) if calls else None


_MISTRAL = pattern(rf"\[TOOL_CALLS\]\s*(?:({NAME})(?:\[CALL_ID\]\w+)?(?:\[ARGS\])?)?")


def _mistral(text: str, at: int) -> Block | None:
    """`[TOOL_CALLS][{...}]`, or the later `[TOOL_CALLS]NAME[ARGS]{...}`."""
    opening = _MISTRAL.match(text, at)
    if opening is None:
        return None
    block = (
        raw_arguments(text, opening.end(), opening[1])
        if opening[1]
        else json_calls(text, skip(text, opening.end()))
    )
    return None if block is None else (block[0], past(text, block[1], "</s>"))


_DEEPSEEK = pattern(
    rf"(?:<｜tool▁calls▁begin｜>\s*)?<｜tool▁call▁begin｜>(?:function<｜tool▁sep｜>)?({NAME})"
    r"(?:<｜tool▁sep｜>)?\s*(?:```json\s*)?"
)


def _deepseek(text: str, at: int) -> Block | None:
    """DeepSeek's markers, with the arguments bare (V3.1) or in a fence (V3, R1)."""
    opening = _DEEPSEEK.match(text, at)
    block = raw_arguments(text, opening.end(), opening[1]) if opening else None
    if block is None:
        return None
    ends = ("```", "<｜tool▁call▁end｜>", "<｜tool▁calls▁end｜>", "<｜end▁of▁sentence｜>")
    return block[0], past(text, block[1], *ends)


_KIMI = pattern(
    rf"(?:<\|tool_calls_section_begin\|>\s*)?<\|tool_call_begin\|>\s*(?:functions\.)?({NAME})(?::\d+)?\s*"
    r"<\|tool_call_argument_begin\|>\s*"
)


def _kimi(text: str, at: int) -> Block | None:
    """Kimi's markers: `functions.NAME:INDEX`, then the arguments."""
    opening = _KIMI.match(text, at)
    block = raw_arguments(text, opening.end(), opening[1]) if opening else None
    if block is None:
        return None
    return block[0], past(text, block[1], "<|tool_call_end|>", "<|tool_calls_section_end|>", "<|im_end|>")


_FENCE = pattern(r"(`{3,})(?:json|tool_call|tool_code)?[ \t]*\r?\n")


def _fence(text: str, at: int) -> Block | None:
    """A code fence with nothing but `{"name": ..., "arguments": {...}}` in it."""
    opening = _FENCE.match(text, at)
    block = json_calls(text, skip(text, opening.end())) if opening else None
    return closed_by(text, block, opening[1]) if opening else None


def _bare(text: str, at: int) -> Block | None:
    """The object alone, at the beginning of a line."""
    return json_calls(text, skip(text, at))


FORMS: tuple[Form, ...] = (
    Form("hermes", re.compile("<tool_call>"), _hermes),
    Form("llama", FUNCTION, function),
    Form("invoke", INVOKE, invoke),
    Form("python tag", re.compile(re.escape("<|python_tag|>")), _python_tag),
    Form("mistral", re.compile(r"\[TOOL_CALLS\]"), _mistral),
    Form("deepseek", _DEEPSEEK, _deepseek),
    Form("kimi", _KIMI, _kimi),
    Form(
        "json fence", re.compile(r"^(?=`{3,}(?:json|tool_call|tool_code)?[ \t]*\r?\n)", re.MULTILINE), _fence
    ),
    Form("bare json", re.compile(r"^(?=[ \t]*[{\[])", re.MULTILINE), _bare),
)
