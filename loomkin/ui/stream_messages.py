"""Events as the messages that programs reading a terminal agent's JSON lines already know."""

import json
import os
from collections.abc import Callable, Mapping
from typing import Any

from loomkin import __version__
from loomkin.records import event as facts
from loomkin.records.event import Event
from loomkin.records.keeper_event import KeeperMade
from loomkin.records.message import Message, Role, Text, Thinking, ToolCall, ToolResult
from loomkin.records.team_event import AgentJoined
from loomkin.records.usage import Usage
from loomkin.ui.stream_decisions import decision_line
from loomkin.ui.stream_partials import Partials
from loomkin.ui.stream_team import TeamLines

Line = dict[str, Any]
STOP_REASONS = {
    "stop": "end_turn",
    "tool_calls": "tool_use",
    "length": "max_tokens",
    "content_filter": "refusal",
}
_STATUS = {
    400: "invalid_request",
    401: "authentication_failed",
    402: "billing_error",
    403: "authentication_failed",
    404: "model_not_found",
    429: "rate_limit",
    503: "overloaded",
    529: "overloaded",
}


def new_uuid() -> str:
    """A random UUID (RFC 9562, version 4), without the weight of the uuid module."""
    data = bytearray(os.urandom(16))
    data[6], data[8] = data[6] & 0x0F | 0x40, data[8] & 0x3F | 0x80
    text = data.hex()
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def usage_object(usage: Usage) -> dict[str, int]:
    """A usage under the names of the Anthropic API."""
    return {
        "input_tokens": usage.input,
        "output_tokens": usage.output,
        "cache_read_input_tokens": usage.cache_read,
        "cache_creation_input_tokens": usage.cache_write,
    }


def call_input(call: ToolCall) -> dict[str, Any]:
    """The arguments of a call as an object; what is none comes whole under `raw`."""
    try:
        value = json.loads(call.arguments or "{}")
    except (ValueError, RecursionError):
        return {"raw": call.arguments}
    return value if isinstance(value, dict) else {"raw": call.arguments}


def stop_reason(finish: str, message: Message | None) -> str | None:
    """Why an answer ended, in the Anthropic API's words; None where it was cut off."""
    if message is not None and message.calls and finish != "length":
        return "tool_use"
    return STOP_REASONS.get(finish)


def init_message(
    session: str, cwd: str, model: str, mode: str, tools: tuple[str, ...], role: str, has_key: bool
) -> Line:
    """The first line of a stream, without its uuid."""
    return {
        "type": "system",
        "subtype": "init",
        "session_id": session,
        "cwd": cwd,
        "model": model,
        "tools": list(tools),
        "mcp_servers": [],
        "permissionMode": mode,
        "slash_commands": [],
        "agents": [role],
        "skills": [],
        "plugins": [],
        "apiKeySource": "environment" if has_key else "none",
        "output_style": "default",
        "agent": role,
        "agent_role": role,
        "loomkin_version": __version__,
    }


class StreamMessages:
    """Translates events, in order; what was said before the first turn begins is not shown again."""

    def __init__(
        self,
        model: str,
        roles: Mapping[str, str],
        partial: bool = False,
        new_id: Callable[[], str] = new_uuid,
    ) -> None:
        self._model = model
        self._roles = dict(roles)
        self._team = TeamLines()
        self._new_id = new_id
        self._partial = partial
        self._partials: dict[str, Partials] = {}
        self._answers: dict[str, facts.UsageRecorded] = {}
        self._ends: dict[tuple[str, str], Line] = {}
        self._begun = False

    def of(self, event: Event) -> list[Line]:
        """The lines of one event."""
        lines = self._partial_lines(event) if self._partial else []
        match event.fact:
            case facts.TurnStarted():
                self._begun = True
            case facts.ModelChanged(model):
                self._model = model
            case facts.UsageRecorded():
                self._answers[event.agent] = event.fact
            case facts.FileChanged() | facts.CallFinished():
                self._note_end(event.agent, event.fact)
            case AgentJoined(name, role):
                self._roles[name] = role
            case facts.ModelRetried():
                lines.append(self._line(event, _retry(event.fact)))
            case KeeperMade():
                lines.append(self._line(event, _keeper(event.fact)))
            case facts.MessageAdded(message) if self._begun:
                lines += self._message(event, message)
        if (decision := decision_line(event.fact)) is not None:
            lines.append(self._line(event, decision))
        if (about := self._team.of(event)) is not None:
            lines.append(self._line(event, about[1], about[0]))
        return lines

    def _line(self, event: Event, content: Line, about: str = "") -> Line:
        line = {**content, "session_id": event.session, "uuid": self._new_id()}
        if agent := about or event.agent:
            line["agent"] = agent
            line["agent_role"] = self._roles.get(agent, agent)
        if event.task and "task_id" not in line:
            line["task_id"] = event.task
        return line

    def _message(self, event: Event, message: Message) -> list[Line]:
        if message.role is Role.ASSISTANT:
            return [self._line(event, self._assistant(event.agent, message))]
        return [self._line(event, self._result(event.agent, result)) for result in message.results]

    def _assistant(self, agent: str, message: Message) -> Line:
        answer = self._answers.pop(agent, None)
        partials = self._partials.pop(agent, None)
        return {
            "type": "assistant",
            "message": {
                "id": partials.id if partials else message.id,
                "type": "message",
                "role": "assistant",
                "model": answer.model if answer else self._model,
                "content": [block for part in message.parts for block in _blocks(part)],
                "stop_reason": stop_reason(answer.finish if answer else "", message),
                "stop_sequence": None,
                "usage": usage_object(answer.usage if answer else Usage()),
            },
            "parent_tool_use_id": None,
        }

    def _note_end(self, agent: str, fact: facts.FileChanged | facts.CallFinished) -> None:
        end = self._ends.setdefault((agent, fact.call_id), {})
        if isinstance(fact, facts.CallFinished):
            end |= {"state": fact.state, "duration_ms": round(fact.seconds * 1000)}
            if fact.output_id:
                end["output_id"] = fact.output_id
            return
        change = {"path": fact.path, "added": fact.added, "removed": fact.removed, "diff": fact.diff}
        end.setdefault("changes", []).append(change)

    def _result(self, agent: str, result: ToolResult) -> Line:
        block: Line = {"type": "tool_result", "tool_use_id": result.call_id, "content": result.text}
        if result.is_error:
            block["is_error"] = True
        line: Line = {
            "type": "user",
            "message": {"role": "user", "content": [block]},
            "parent_tool_use_id": None,
        }
        end = self._ends.pop((agent, result.call_id), None)
        return {**line, "tool_use_result": end} if end else line

    def _partial_lines(self, event: Event) -> list[Line]:
        fact = event.fact
        if isinstance(fact, facts.StateChanged):
            state = {"type": "system", "subtype": "agent_state", "state": fact.state, "detail": fact.detail}
            return [self._line(event, state)]
        begins = isinstance(fact, facts.TextStreamed | facts.ThinkingStreamed | facts.CallStreamed)
        answered = (
            self._begun and isinstance(fact, facts.MessageAdded) and fact.message.role is Role.ASSISTANT
        )
        if (begins or answered) and event.agent not in self._partials:
            self._partials[event.agent] = Partials(f"msg_{self._new_id()}", self._model)
        partials = self._partials.get(event.agent)
        if partials is None:
            return []
        answer = self._answers.get(event.agent)
        if isinstance(fact, facts.MessageAdded) and answered:
            message = fact.message
            reason = stop_reason(answer.finish if answer else "", message)
            events = partials.end(message, reason, usage_object(answer.usage if answer else Usage()))
        else:
            events = partials.more(fact)
        if isinstance(fact, facts.StreamRestarted | facts.TurnEnded):
            del self._partials[event.agent]
        return [
            self._line(event, {"type": "stream_event", "event": one, "parent_tool_use_id": None})
            for one in events
        ]


def _blocks(part: object) -> list[Line]:
    match part:
        case Text(text):
            return [{"type": "text", "text": text}]
        case Thinking(text, signature):
            return [{"type": "thinking", "thinking": text, "signature": signature}]
        case ToolCall(id, name):
            return [{"type": "tool_use", "id": id, "name": name, "input": call_input(part)}]
    return []


def _keeper(fact: KeeperMade) -> Line:
    keeper = fact.keeper
    return {
        "type": "system",
        "subtype": "keeper",
        "keeper_id": keeper.id,
        "kind": keeper.kind.value,
        "title": keeper.card.title,
        "messages": len(keeper.messages),
        "tokens": keeper.tokens,
        "before_percent": fact.before,
        "after_percent": fact.after,
    }


def _retry(fact: facts.ModelRetried) -> Line:
    server = "server_error" if fact.status >= 500 else "unknown"
    return {
        "type": "system",
        "subtype": "api_retry",
        "attempt": fact.attempt - 1,  # the retries are counted here, not the calls
        "max_retries": fact.attempts - 1,
        "retry_delay_ms": round(fact.wait * 1000),
        "error_status": fact.status or None,
        "error": _STATUS.get(fact.status, server),
    }
