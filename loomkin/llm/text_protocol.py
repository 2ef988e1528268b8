"""The text protocol for models without tool calling: one fenced `tool` block a message, with a raw body.

    ```tool name=file_write path=src/a.py
    print("no escaping here")
    ```end

The closing line is the stop sequence. A body that itself holds such a line has a longer fence, whose
closing line is not: without it the block is unfinished.
"""

import json
import re
from collections.abc import Iterable, Sequence

from loomkin.llm.rescue import strip_reasoning
from loomkin.llm.text_protocol_edits import decode_edits, encode_edits, is_edit
from loomkin.records.dataclass import dataclass, replace
from loomkin.records.ids import CallId
from loomkin.records.message import Image, Message, Part, Text, ToolCall, ToolResult, ToolSpec
from loomkin.records.regex import pattern

STOP = ("\n```end\n",)
BODIES = {"file_write": "content", "shell": "command", "content_search": "pattern"}
TOOLS = ("file_read", "file_edit", "file_write", "content_search", "directory_list", "shell")

_HEADER = pattern(r"^(?P<fence>`{3,})tool(?:[ \t]+(?P<fields>[^\n]*))?$", re.MULTILINE)
_FIELD = pattern(r"\s*([A-Za-z_]\w*)=")
_BARE = pattern(r"[^\s\"'`\[\]{}]+")
_SCALAR = pattern(r"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?|true|false|null")
_WORDS_ONLY = frozenset({"name", "path", "pattern", "glob", "cwd", "command", "content", "old", "new"})
_UNNAMED = CallId("")
_SHORTEST = "```"
_LINE_THAT_STOPS = (
    "If its body holds a line ```end, your answer stops there: write that line another way, by shell."
)
_NO_FINAL_NEWLINE = "final_newline"

EXAMPLES = {
    "file_read": "```tool name=file_read path=src/app.py\n```end",
    "file_edit": "```tool name=file_edit path=src/app.py\n<<<<<<< SEARCH\nlines as they are now\n=======\n"
    "lines as they shall be\n>>>>>>> REPLACE\n```end",
    "file_write": "```tool name=file_write path=src/new.py\nthe whole file\n```end",
    "content_search": "```tool name=content_search path=src\na regular expression\n```end",
    "directory_list": "```tool name=directory_list path=src\n```end",
    "shell": "```tool name=shell\npython -m pytest -q\n```end",
}


@dataclass(frozen=True, slots=True)
class Parsed:
    """An answer taken apart: words, reasoning, and either a call, or a problem in words for the model."""

    text: str
    call: ToolCall | None = None
    problem: str | None = None
    thinking: str = ""


def instructions(tools: Iterable[ToolSpec]) -> str:
    """What is added to the system prompt; only the six tools of the protocol are told."""
    offered = [tool for tool in tools if tool.name in TOOLS]
    lines = [
        "# Tools",
        "You work by calling tools. To call one, end your message with exactly one block like those below,",
        "and stop after its last line. Between the first and the last line everything is taken as it is:",
        "escape nothing. The result comes in the next message. Without a block your message is your answer.",
        "If the body itself contains a line ```end, open with ````tool and close with ````end.",
    ]
    for tool in offered:
        lines += ["", f"## {tool.name}", tool.description.strip(), *_options(tool), EXAMPLES[tool.name]]
    return "\n".join(lines)


def encode_call(call: ToolCall) -> str:
    """A call as its block."""
    try:
        values = json.loads(call.arguments or "{}")
    except ValueError:
        values = {}
    fields = dict(values) if isinstance(values, dict) else {}
    body: str | None = None
    if call.name == "file_edit" and is_edit(fields):
        fields, body = encode_edits(fields)
    elif isinstance(value := fields.get(BODIES.get(call.name, "")), str):
        del fields[BODIES[call.name]]
        body = value
        if call.name == "file_write":
            fields, body = _without_final_newline(fields, value)
    header = " ".join(
        (f"name={call.name}", *(f"{key}={_value(key, value)}" for key, value in fields.items()))
    )
    fence = _fence_for(body or "")
    return f"{fence}tool {header}\n" + ("" if body is None else f"{body}\n") + f"{fence}end"


def encode_history(messages: Iterable[Message]) -> tuple[Message, ...]:
    """The transcript as such a model sees it: calls as blocks, results as labelled text, no reasoning."""
    return tuple(replace(message, parts=_plain(message.parts)) for message in messages)


def parse(text: str, *, truncated: bool = False, call_id: CallId = _UNNAMED) -> Parsed:
    """Take one answer apart; the closing line ```end may be missing, because the stop sequence ate it.

    `truncated` says that the answer was cut by the output limit: an unfinished call is then a problem,
    never a call.
    """
    thinking, rest = strip_reasoning(text)
    header = _HEADER.search(rest)
    if header is None:
        return Parsed(rest.strip(), thinking=thinking)
    words = rest[: header.start()].strip()
    body, problem = _body(rest[header.end() :], header["fence"], truncated)
    if problem is None:
        try:
            name, values = _fields(header["fields"] or "")
            arguments = _with_body(name, values, body)
        except ValueError as error:
            problem = str(error)
        else:
            made = ToolCall(call_id, name, json.dumps(arguments, ensure_ascii=False))
            return Parsed(words, made, thinking=thinking)
    return Parsed(words, problem=problem, thinking=thinking)


def _options(tool: ToolSpec) -> Sequence[str]:
    """The parameters besides those of the example, as they are written in the first line."""
    properties = tool.schema.get("properties")
    shown = {"path", "old", "new", "edits", BODIES.get(tool.name, "")}
    names = [name for name in properties if name not in shown] if isinstance(properties, dict) else []
    return [f"Also in the first line, if needed: {', '.join(f'{name}=' for name in names)}"] if names else []


def _plain(parts: tuple[Part, ...]) -> tuple[Part, ...]:
    words: list[str] = []
    images: list[Part] = []
    for part in parts:
        if isinstance(part, Text):
            words.append(part.text)
        elif isinstance(part, ToolCall):
            words.append(encode_call(part))
        elif isinstance(part, ToolResult):
            words.append(f"{'Failed' if part.is_error else 'Result'} ({part.name}):\n{part.text}")
        elif isinstance(part, Image):
            images.append(part)
    return (Text("\n\n".join(words)), *images)


def _body(after: str, fence: str, truncated: bool) -> tuple[list[str], str | None]:
    """The lines between header and closing line, or what is wrong with them."""
    lines = after.split("\n")[1:]
    closing = f"{fence}end"
    for number, line in enumerate(lines):
        if line.rstrip(" \t\r") == closing:
            behind = "\n".join(lines[number + 1 :])
            if _HEADER.search(behind):
                return [], "Two tool blocks in one message: nothing was run. Send one block a message."
            if behind.strip():
                return (
                    [],
                    "There is text after the tool block: nothing was run. End the message with the block.",
                )
            return lines[:number], None
    if truncated:
        return [], "The call was cut off by the output limit and was not run. Write less in one call."
    bare = _without_bare_closing(lines, fence)
    if len(fence) > len(_SHORTEST) and len(bare) == len(lines):
        return [], f"The block has no closing line {closing} and was not run. {_LINE_THAT_STOPS}"
    lines = bare
    if _HEADER.search("\n".join(lines)):
        return [], f"Two tool blocks in one message: nothing was run. Send one, closed by a line {closing}."
    return lines, None


def _without_bare_closing(lines: list[str], fence: str) -> list[str]:
    """The lines without a last line that closes the block as a plain fence would.

    Fences inside a body come in pairs: only when their number is odd does the last one belong to the block.
    """
    last = next((at for at in range(len(lines) - 1, -1, -1) if lines[at].strip()), -1)
    if last < 0 or lines[last].rstrip() != fence:
        return lines
    fences = sum(line.startswith("```") for line in lines)
    return lines[:last] if fences % 2 else lines


def _fields(text: str) -> tuple[str, dict[str, object]]:
    """The tool's name and the values in the first line; raises ValueError with words for the model."""
    values: dict[str, object] = {}
    at = 0
    text = text.rstrip()
    while at < len(text):
        field = _FIELD.match(text, at)
        if field is None:
            raise ValueError(
                f'Cannot read {text[at:].strip()!r} in the first line. Write key=value or key="a b".'
            )
        value, at = _read_value(text, field.end(), field[1])
        values[field[1]] = value
    name = values.pop("name", None)
    if not isinstance(name, str) or name not in TOOLS:
        raise ValueError(f"There is no tool {name!r}. Use one of: {', '.join(TOOLS)}.")
    return name, values


def _read_value(text: str, at: int, key: str) -> tuple[object, int]:
    if text[at : at + 1] in ('"', "[", "{"):
        try:
            return json.JSONDecoder().raw_decode(text, at)
        except ValueError:
            pass
    if text[at : at + 1] in ('"', "'") and (end := text.find(text[at], at + 1)) > 0:
        return text[at + 1 : end], end + 1
    bare = _BARE.match(text, at)
    if bare is None:
        raise ValueError(f'`{key}` has no value that can be read. Write {key}=value or {key}="a value".')
    word = bare.group()
    if key not in _WORDS_ONLY and _SCALAR.fullmatch(word):
        return json.loads(word), bare.end()
    return word, bare.end()


def _value(key: str, value: object) -> str:
    if (
        isinstance(value, str)
        and _BARE.fullmatch(value)
        and (key in _WORDS_ONLY or not _SCALAR.fullmatch(value))
    ):
        return value
    return json.dumps(value)


def _with_body(name: str, values: dict[str, object], lines: list[str]) -> dict[str, object]:
    """The whole arguments; raises ValueError with words for the model."""
    if name == "file_edit" and {"old", "new"} <= values.keys() and not any(line.strip() for line in lines):
        return values
    if name == "file_edit":
        return {**values, **decode_edits(lines)}
    key = BODIES.get(name)
    if name == "file_write":
        ends = values.pop(_NO_FINAL_NEWLINE, True)
        text = "".join(f"{line}\n" for line in lines)
        return {**values, "content": text if ends is not False else text.removesuffix("\n")}
    if key is None:
        if any(line.strip() for line in lines):
            raise ValueError(f"{name} takes no body. Put its values in the first line.")
        return values
    if lines:
        return {**values, key: "\n".join(lines)}
    if key not in values:
        raise ValueError(f"{name} needs its {key} between the first line and ```end.")
    return values


def _without_final_newline(fields: dict[str, object], content: str) -> tuple[dict[str, object], str | None]:
    """A body is lines: the final newline is the rule, and a file without one says so."""
    if not content:
        return fields, None
    if content.endswith("\n"):
        return fields, content[:-1]
    return {**fields, _NO_FINAL_NEWLINE: False}, content


def _fence_for(body: str) -> str:
    """A fence longer than any that the body could close or open by itself."""
    runs = re.findall(r"^(`{3,})(?=end[ \t\r]*$|tool[ \t]|[ \t\r]*$)", body, re.MULTILINE)
    return "`" * max((len(run) + 1 for run in runs), default=3)
