"""The person's own commands around what happens: they can block, change input, add context."""

import asyncio
import json
import os
import re
import signal
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import BinaryIO

from loomkin.config.settings import HookSettings
from loomkin.errors import ConfigError
from loomkin.records.dataclass import dataclass, field
from loomkin.records.permission import Decision

CLAUDE_NAMES: Mapping[str, tuple[str, ...]] = {
    "shell": ("Bash",),
    "shell_output": ("BashOutput",),
    "file_read": ("Read",),
    "file_write": ("Write",),
    "file_edit": ("Edit", "MultiEdit"),
    "file_patch": ("Edit", "MultiEdit", "Write"),
    "file_search": ("Glob",),
    "content_search": ("Grep",),
    "directory_list": ("LS",),
    "web_fetch": ("WebFetch",),
    "ask_person": ("AskUserQuestion",),
    "tool_search": ("ToolSearch",),
}
_BLOCKABLE = frozenset({"PreToolUse", "PostToolUse", "UserPromptSubmit", "Stop"})
_PLAIN_CONTEXT = frozenset({"SessionStart", "UserPromptSubmit"})
_OUTPUT_CAP = 1 << 20
_GRACE = 1.0


@dataclass(frozen=True, slots=True)
class HookOutcome:
    """What all hooks of one event said together.

    `decision` is ASK or ALLOW where a PreToolUse hook said so; an ALLOW never beats a rule that asks or
    denies, nor what always asks. `updated_input` are whole new arguments. `stop` is the reason to end the
    run, `notices` are for the person, `context` is for the model.
    """

    blocked: bool = False
    reason: str = ""
    updated_input: dict[str, object] | None = None
    context: str = ""
    notices: tuple[str, ...] = ()
    decision: Decision | None = None
    stop: str = ""


@dataclass(slots=True)
class _Say:
    """One hook's answer while it is being read."""

    blocked: list[str] = field(default_factory=list)
    context: list[str] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    updated_input: dict[str, object] | None = None
    decision: Decision | None = None
    stop: str = ""


@dataclass(frozen=True, slots=True)
class _Ended:
    """How a command ended: exit code (None when it ran out of time), and what it wrote."""

    code: int | None
    out: str
    err: str


class Hooks:
    """Runs the hooks of an event side by side; `env` is the whole environment of the commands."""

    def __init__(self, entries: Sequence[HookSettings], cwd: Path, env: Mapping[str, str]) -> None:
        self._entries = [(entry, _pattern(entry)) for entry in entries]
        self._cwd = cwd
        self._env = {**env, "LOOMKIN": "1", "LOOMKIN_PROJECT_DIR": str(cwd)}
        self._told: set[str] = set()

    def wants(self, event: str, matcher_value: str = "") -> bool:
        """Whether any hook would run, so that a caller can save building the payload."""
        return bool(self._matching(event, matcher_value))

    async def run(self, event: str, payload: Mapping[str, object], matcher_value: str = "") -> HookOutcome:
        """Runs what matches and waits for all; `matcher_value` is the tool's name for tool events.

        `payload` gets `hook_event_name` and `cwd` added. Cancelling ends the commands' process groups.
        """
        entries = self._matching(event, matcher_value)
        if not entries:
            return HookOutcome()
        text = json.dumps({"cwd": str(self._cwd), **payload, "hook_event_name": event}, default=str)
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._one(entry, text)) for entry in entries]
        says = [self._judged(event, entry, task.result()) for entry, task in zip(entries, tasks, strict=True)]
        return _together(says)

    def _matching(self, event: str, value: str) -> list[HookSettings]:
        names = (value, *CLAUDE_NAMES.get(value, ()))
        found: dict[str, HookSettings] = {}
        for entry, pattern in self._entries:
            if entry.event == event and (pattern is None or any(pattern.fullmatch(name) for name in names)):
                known = found.setdefault(entry.command, entry)
                if entry.fail_closed and not known.fail_closed:
                    found[entry.command] = entry
        return list(found.values())

    async def _one(self, entry: HookSettings, text: str) -> _Ended:
        """Files instead of pipes: a child left in the background must not keep us waiting."""
        with ExitStack() as stack:
            try:
                files = await asyncio.to_thread(_open_files, stack, text)
                code = await self._spawned(entry, *files)
                out, err = await asyncio.to_thread(_read_files, *files[1:])
                return _Ended(code, out, err)
            except (OSError, ValueError) as error:
                return _Ended(127, "", f"cannot be started: {error}")

    async def _spawned(
        self, entry: HookSettings, stdin: BinaryIO, out: BinaryIO, err: BinaryIO
    ) -> int | None:
        process = await asyncio.create_subprocess_exec(
            "/bin/sh", "-c", entry.command,
            stdin=stdin, stdout=out, stderr=err, cwd=self._cwd, env=self._env, start_new_session=True,
        )  # fmt: skip
        try:
            async with asyncio.timeout(entry.timeout):
                return await process.wait()
        except TimeoutError:
            return None
        finally:
            if process.returncode is None:
                await _end(process)

    def _judged(self, event: str, entry: HookSettings, ended: _Ended) -> _Say:
        say = _Say()
        trouble = ""
        if ended.code == 0:
            trouble = _read_answer(say, event, ended.out)
        elif ended.code == 2:
            say.blocked.append(ended.err.strip() or f"blocked by the hook `{entry.command}`")
        elif ended.code is None:
            trouble = f"took longer than {entry.timeout:g} s and was ended"
        else:
            trouble = f"failed with exit code {ended.code}: {ended.err.strip()[:500]}".rstrip(": ")
            if event == "PreToolUse" and not entry.fail_closed and entry.command not in self._told:
                self._told.add(entry.command)
                say.notices.append(f"Only exit code 2 blocks; `{entry.command}` let the call pass.")
        if trouble:
            notice = f"{event} hook `{entry.command}` {trouble}" + (
                f" ({entry.source})" if entry.source else ""
            )
            say.notices.append(notice)
            if entry.fail_closed:
                say.blocked.append(notice)
        if say.blocked and event not in _BLOCKABLE:
            say.notices += say.blocked
            say.blocked = []
        return say


def _pattern(entry: HookSettings) -> re.Pattern[str] | None:
    if entry.matcher in ("", "*"):
        return None
    try:
        return re.compile(entry.matcher)
    except re.error as error:
        place = entry.source or f"hook `{entry.command}`"
        raise ConfigError(f"{place}: matcher is not a regular expression: {error}.") from error


def _open_files(stack: ExitStack, text: str) -> tuple[BinaryIO, BinaryIO, BinaryIO]:
    stdin, out, err = (stack.enter_context(tempfile.TemporaryFile()) for _ in range(3))  # noqa: SIM115
    stdin.write(text.encode(errors="replace"))
    stdin.seek(0)
    return stdin, out, err


def _read_files(out: BinaryIO, err: BinaryIO) -> tuple[str, str]:
    texts = []
    for file in (out, err):
        file.seek(0)
        texts.append(file.read(_OUTPUT_CAP).decode(errors="replace"))
    return texts[0], texts[1]


async def _end(process: asyncio.subprocess.Process) -> None:
    """TERM to the process group, KILL after a second or when cancelled again."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGTERM)
    try:
        async with asyncio.timeout(_GRACE):
            await process.wait()
    except TimeoutError:
        pass
    finally:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    await process.wait()


def _read_answer(say: _Say, event: str, out: str) -> str:
    """Reads what a hook without objection wrote; returns what is wrong with it."""
    text = out.strip()
    if not text.startswith("{"):
        if text and event in _PLAIN_CONTEXT:
            say.context.append(text)
        return ""
    try:
        answer = json.loads(text)
    except (ValueError, RecursionError) as error:
        return f"wrote JSON that cannot be read: {error}"
    specific = answer.get("hookSpecificOutput")
    more: dict[str, object] = specific if isinstance(specific, dict) else {}
    if words := answer.get("systemMessage"):
        say.notices.append(str(words))
    if answer.get("continue") is False:
        say.stop = str(answer.get("stopReason") or "a hook stopped the run")
    if answer.get("decision") == "block" or more.get("decision") == "block":
        say.blocked.append(str(answer.get("reason") or more.get("reason") or "blocked by a hook"))
    if words := more.get("additionalContext"):
        say.context.append(str(words))
    return _read_permission(say, more) if event == "PreToolUse" else ""


def _read_permission(say: _Say, answer: Mapping[str, object]) -> str:
    changed = answer.get("updatedInput")
    if isinstance(changed, dict):
        say.updated_input = changed
    elif changed is not None:
        return "gave an updatedInput that is not an object"
    match answer.get("permissionDecision"):
        case None:
            return ""
        case "deny":
            say.blocked.append(str(answer.get("permissionDecisionReason") or "denied by a hook"))
        case "ask" | "defer":
            say.decision = Decision.ASK
        case "allow":
            say.decision = Decision.ALLOW
        case other:
            return f"gave an unknown permissionDecision: {str(other)[:40]}"
    return ""


def _together(says: Sequence[_Say]) -> HookOutcome:
    blocked = [reason for say in says for reason in say.blocked]
    changed = [say.updated_input for say in says if say.updated_input is not None]
    decisions = {say.decision for say in says}
    return HookOutcome(
        blocked=bool(blocked),
        reason="\n".join(blocked),
        updated_input=changed[-1] if changed else None,
        context="\n".join(words for say in says for words in say.context),
        notices=tuple(notice for say in says for notice in say.notices),
        decision=next((word for word in (Decision.ASK, Decision.ALLOW) if word in decisions), None),
        stop=next((say.stop for say in says if say.stop), ""),
    )
