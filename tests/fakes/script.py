"""The wire-neutral script of a fake model: steps, queues per agent, and what a request must hold."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

FAULTS = (
    "status",
    "stall",
    "cut",
    "garbage",
    "invalid_json",
    "disconnect",
    "stream_error",
)
KEYS = {
    "text", "calls", "thinking", "signature", "usage", "finish", "pieces",
    "fault", "status", "headers", "body", "message", "code", "events", "error",
    "match", "repeat", "wait_for",
}  # fmt: skip
MOST_PIECES = 64
AGENT = re.compile(r"\s*You are ([^,\n]{1,80}), the ")


class ScriptError(Exception):
    """The script has no answer to this request; the words say why."""


@dataclass(frozen=True, slots=True)
class Call:
    """One planned call; `arguments` is JSON text, `id` None lets the server invent one, "" leaves it out."""

    name: str
    arguments: str
    id: str | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One answer of the fake model, or one fault; `events` is how many events go out before a fault."""

    text: str = ""
    calls: tuple[Call, ...] = ()
    thinking: str = ""
    signature: str = ""
    usage: dict[str, int] | None = None
    finish: str = ""
    pieces: int = 0
    fault: str = ""
    status: int = 500
    headers: dict[str, str] = field(default_factory=dict)
    body: object = None
    message: str = ""
    code: str = ""
    events: int | None = None
    error: dict[str, object] = field(default_factory=dict)
    match: str = ""
    repeat: int | bool = 1
    wait_for: str = ""

    @staticmethod
    def parse(raw: Mapping[str, Any]) -> "Step":
        """A step from its JSON form; raises ScriptError on an unknown key or fault."""
        if unknown := set(raw) - KEYS:
            raise ScriptError(f"unknown keys in a step: {sorted(unknown)}")
        if raw.get("fault", "stall") not in FAULTS:
            raise ScriptError(f"unknown fault {raw['fault']!r}; known are {', '.join(FAULTS)}")
        calls = tuple(
            Call(call["name"], call.get("raw", json.dumps(call.get("arguments", {}))), call.get("id"))
            for call in raw.get("calls", ())
        )
        return Step(**{**raw, "calls": calls})

    def used(self, body_length: int) -> dict[str, int]:
        """Tokens of this answer; by default a quarter of the characters of the body and of the words."""
        output = len(self.text) + len(self.thinking) + sum(len(call.arguments) + 8 for call in self.calls)
        default = {"input": -(-body_length // 4), "output": -(-output // 4) or 1}
        return {"cache_read": 0, "cache_write": 0, "reasoning": 0, **default, **(self.usage or {})}


def pieces(text: str, count: int = 0) -> list[str]:
    """A text in `count` pieces, or word by word up to a bound."""
    words = re.findall(r"\S+\s*|\s+", text)
    if not count and len(words) <= MOST_PIECES:
        return words
    size = -(-len(text) // (count or MOST_PIECES)) or 1
    return [text[start : start + size] for start in range(0, len(text), size)]


def thirds(text: str) -> list[str]:
    """A text in up to three fragments, as providers split arguments."""
    return pieces(text, 3) if len(text) > 2 else [text]


def parsed(call: Call) -> object:
    """The arguments as a JSON value, or the raw text where they are none."""
    try:
        return json.loads(call.arguments)
    except ValueError:
        return call.arguments


def strings(value: object) -> list[str]:
    """Every string inside a JSON value, in order."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for item in value.values() for text in strings(item)]
    if isinstance(value, list):
        return [text for item in value for text in strings(item)]
    return []


def system_text(body: Mapping[str, Any]) -> str:
    """The system prompt of a request in any of the three formats."""
    if "system" in body:
        return words(body["system"])
    first = next(iter(body.get("messages", [])), {})
    return words(first.get("content", "")) if first.get("role") in ("system", "developer") else ""


def words(content: object) -> str:
    """The text of a message's content, a string or a list of blocks."""
    if isinstance(content, list):
        return "\n".join(str(block.get("text", "")) for block in content if isinstance(block, dict))
    return str(content)


def agent_of(body: Mapping[str, Any]) -> str:
    """The name in `You are NAME, the ROLE of …`, or `default`."""
    found = AGENT.match(system_text(body))
    return found[1].strip() if found else "default"


class Script:
    """Steps in order, one queue per agent; a plain list is the queue that all agents share."""

    def __init__(
        self, steps: Sequence[Mapping[str, Any]] | Mapping[str, Sequence[Mapping[str, Any]]]
    ) -> None:
        queues = steps if isinstance(steps, Mapping) else {"default": steps}
        self._queues = {name: [Step.parse(raw) for raw in queue] for name, queue in queues.items()}
        self._position = dict.fromkeys(self._queues, 0)
        self._served = dict.fromkeys(self._queues, 0)

    def add(self, *steps: Mapping[str, Any], agent: str = "default") -> None:
        """Put more steps at the end of an agent's queue."""
        self._queues.setdefault(agent, []).extend(Step.parse(raw) for raw in steps)
        self._position.setdefault(agent, 0)
        self._served.setdefault(agent, 0)

    def take(self, body: Mapping[str, Any]) -> Step:
        """The next step for this request; raises ScriptError when there is none or it does not match."""
        agent = agent_of(body)
        name = agent if agent in self._queues else "default"
        queue, position = self._queues.get(name, []), self._position.get(name, 0)
        if position >= len(queue):
            raise ScriptError(
                f"script exhausted: agent {agent} asked for step {position + 1} of {len(queue)}"
            )
        step = queue[position]
        if step.match and step.match not in "\n".join(strings(body)) and step.match not in json.dumps(body):
            raise ScriptError(
                f"script mismatch: step {position + 1} of {agent} wants {step.match!r} in the request"
            )
        self._served[name] += 1
        if step.repeat is not True and self._served[name] >= step.repeat:
            self._position[name], self._served[name] = position + 1, 0
        return step

    @property
    def left(self) -> int:
        """Steps not yet consumed; a step that repeats for ever counts as one."""
        return sum(len(queue) - self._position[name] for name, queue in self._queues.items())
