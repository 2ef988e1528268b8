"""Finds out in three small calls how well a model calls tools."""

import json

from loomkin.errors import BadRequestError
from loomkin.llm.forms_block import WrittenCall
from loomkin.llm.models import CallerLevel
from loomkin.llm.rescue import rescue, strip_reasoning
from loomkin.llm.wire import CallDelta, Request, TextDelta, Wire
from loomkin.records.dataclass import dataclass, replace
from loomkin.records.ids import MessageId
from loomkin.records.message import Message, Role, Text, ToolSpec

_TOOL = ToolSpec(
    "file_read",
    "Read a file and return its text.",
    {
        "type": "object",
        "properties": {"path": {"type": "string", "description": "path of the file"}},
        "required": ["path"],
    },
)
_SYSTEM = "You are probe, the assistant of a programmer. Use the tools you have; never invent a file's text."
_PLAIN = "Answer with the single word: ready"
_ONE = "Read the file README.md with the tool. Do nothing else."
_TWO = "Read the files a.txt and b.txt with the tool, both at once, in this one answer. Do nothing else."
_MAX_OUTPUT = 2_048


@dataclass(frozen=True, slots=True)
class Check:
    """One call of the probe: what was tried, whether it worked, what was seen."""

    title: str
    passed: bool
    seen: str


@dataclass(frozen=True, slots=True)
class ProbeReport:
    """The verdict: how to let the model call tools, whether it calls several at once, and the evidence."""

    level: CallerLevel
    parallel: bool
    checks: tuple[Check, ...]

    @property
    def text(self) -> str:
        """The report in lines for people."""
        lines = [f"{'ok  ' if check.passed else 'no  '}{check.title}: {check.seen}" for check in self.checks]
        verdict = {
            CallerLevel.NATIVE: "calls tools by itself",
            CallerLevel.RESCUE: "writes its tool calls as text; they are picked up",
            CallerLevel.TEXT: "does not call tools; the text protocol is used",
        }
        return "\n".join((*lines, f"Verdict: {verdict[self.level]} ({self.level.value})."))


@dataclass(frozen=True, slots=True)
class _Answer:
    text: str
    calls: tuple[WrittenCall, ...]
    refused: str = ""


async def probe(wire: Wire, model: str, options: dict[str, object] | None = None) -> ProbeReport:
    """Ask for a plain answer, one call and two calls at once, on one wire; `model` is the provider's name
    for it.

    A refusal of tools (BadRequestError) is a finding; every other ProviderError passes through.
    """
    request = Request(
        model, _SYSTEM, (), tools=(_TOOL,), max_output=_MAX_OUTPUT, temperature=None, options=options or {}
    )
    plain = await _ask(wire, replace(request, tools=()), _PLAIN)
    answered = bool(strip_reasoning(plain.text)[1].strip())
    checks = [Check("plain answer", answered, plain.refused or _quoted(plain.text))]
    one = await _ask(wire, request, _ONE)
    level = _level(one)
    checks.append(Check("one tool call", level is not CallerLevel.TEXT, _seen(one)))
    if level is CallerLevel.TEXT:
        checks.append(Check("two calls at once", False, "not tried"))
        return ProbeReport(level, False, tuple(checks))
    two = await _ask(wire, request, _TWO)
    found = two.calls if level is CallerLevel.NATIVE else _written(two.text)
    parallel = {_path(call) for call in found} == {"a.txt", "b.txt"}
    checks.append(Check("two calls at once", parallel, _seen(two)))
    return ProbeReport(level, parallel, tuple(checks))


async def _ask(wire: Wire, request: Request, question: str) -> _Answer:
    message = Message(MessageId("probe"), Role.USER, (Text(question),), "loomkin", 0.0)
    words: list[str] = []
    names: dict[int, str] = {}
    arguments: dict[int, str] = {}
    try:
        async for delta in wire.stream(replace(request, messages=(message,))):
            if isinstance(delta, TextDelta):
                words.append(delta.text)
            elif isinstance(delta, CallDelta):
                names[delta.index] = names.get(delta.index, "") + delta.name
                arguments[delta.index] = arguments.get(delta.index, "") + delta.arguments
    except BadRequestError as error:
        return _Answer("", (), refused=error.message)
    calls = tuple(WrittenCall(name, arguments[index]) for index, name in sorted(names.items()))
    return _Answer("".join(words), calls)


def _level(answer: _Answer) -> CallerLevel:
    if any(_is_right(call.name, call.arguments) for call in answer.calls):
        return CallerLevel.NATIVE
    return CallerLevel.RESCUE if _written(answer.text) else CallerLevel.TEXT


def _written(text: str) -> tuple[WrittenCall, ...]:
    found = rescue(text, (_TOOL.name,), _is_right)
    return found.calls if found else ()


def _is_right(name: str, arguments: str) -> bool:
    return name == _TOOL.name and bool(_path(WrittenCall(name, arguments)))


def _path(call: WrittenCall) -> str:
    try:
        values = json.loads(call.arguments)
    except ValueError:
        return ""
    path = values.get("path") if isinstance(values, dict) else None
    return path.removeprefix("./") if isinstance(path, str) else ""


def _seen(answer: _Answer) -> str:
    if answer.refused:
        return f"refused: {answer.refused}"
    if answer.calls:
        return ", ".join(f"{call.name}({call.arguments})" for call in answer.calls)
    return f"text instead of a call: {_quoted(answer.text)}"


def _quoted(text: str) -> str:
    flat = " ".join(text.split())
    return repr(flat if len(flat) <= 80 else f"{flat[:80]}...")
