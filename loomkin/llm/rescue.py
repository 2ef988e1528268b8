"""Takes reasoning out of a text, and tool calls that a weak model wrote as text instead of making them."""

import re
from collections.abc import Callable, Collection

from loomkin.llm.forms import FORMS, find_trailing
from loomkin.llm.forms_block import WrittenCall
from loomkin.records.dataclass import dataclass
from loomkin.records.regex import pattern

_TAGS = ("think", "thinking", "reasoning", "thought")
_NAMES = "|".join(_TAGS)
_BLOCK = pattern(
    rf"^[ \t]*(?:<({_NAMES})>(?P<a>.*?)(?:</\1>|\Z)|\[THINK\](?P<b>.*?)(?:\[/THINK\]|\Z)"
    r"|◁think▷(?P<c>.*?)(?:◁/think▷|\Z))",
    re.DOTALL | re.MULTILINE,
)
_ONLY_END = pattern(rf"(?<!`)(?:</(?:{_NAMES})>|\[/THINK\]|◁/think▷)[ \t]*(?:\n|\Z)")
_FENCED = pattern(r"^(`{3,})tool\b.*?(?:^\1end|\Z)|^(`{3,}|~{3,}).*?(?:^\2|\Z)", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Rescue:
    """Calls found in a text: `text` is what stood before them, `form` the shape they were written in."""

    text: str
    thinking: str
    calls: tuple[WrittenCall, ...]
    form: str


def rescue(text: str, known: Collection[str], validates: Callable[[str, str], bool]) -> Rescue | None:
    """The calls that end a text, if every one names a known tool and its arguments validate; else None.

    Reasoning never holds a call. Anything but blanks after the block makes it a quotation.
    """
    thinking, rest = strip_reasoning(text)
    for form in FORMS:
        found = find_trailing(rest, form)
        if found is None:
            continue
        calls, start = found
        if all(call.name in known and validates(call.name, call.arguments) for call in calls):
            return Rescue(rest[:start].rstrip(), thinking, tuple(calls), form.name)
    return None


def strip_reasoning(text: str) -> tuple[str, str]:
    """The reasoning that a model wrote between tags, and the rest.

    A tag counts at the beginning of a line outside code fences. An opening tag without its end takes
    everything; an end without its opening, as some chat templates leave it, makes reasoning of all before it.
    """
    thoughts: list[str] = []
    kept: list[str] = []
    at = 0
    while (block := _next_block(text, at)) is not None:
        kept.append(text[at : block.start()])
        thoughts.append(next(part for part in (block["a"], block["b"], block["c"]) if part is not None))
        at = block.end()
    kept.append(text[at:])
    rest = "".join(kept)
    if not thoughts and (end := _ONLY_END.search(rest)) and not _in_fence(rest, end.start()):
        thoughts.append(rest[: end.start()])
        rest = rest[end.end() :]
    if not thoughts:
        return "", text
    return "\n".join(thought.strip() for thought in thoughts).strip(), rest.lstrip("\n")


def _next_block(text: str, at: int) -> "re.Match[str] | None":
    """The next block of reasoning that is not inside a code fence."""
    while (block := _BLOCK.search(text, at)) is not None:
        fence = next(
            (span for span in _FENCED.finditer(text, at) if span.start() <= block.start() < span.end()), None
        )
        if fence is None:
            return block
        at = fence.end()
    return None


def _in_fence(text: str, place: int) -> bool:
    return any(span.start() <= place < span.end() for span in _FENCED.finditer(text))
