"""The person's hooks: real commands, real processes."""

import asyncio
import json
import os
import select
import time
from pathlib import Path

import pytest

from loomkin.config.settings import HookSettings
from loomkin.errors import ConfigError
from loomkin.permissions.hooks import CLAUDE_NAMES, HookOutcome, Hooks
from loomkin.records.permission import Decision

ENV = {"PATH": os.environ["PATH"]}


def hook(command: str, event: str = "PreToolUse", **more) -> HookSettings:
    return HookSettings(event=event, command=command, **more)


def says(**answer) -> str:
    return f"cat <<'END'\n{json.dumps(answer)}\nEND"


def about(**specific) -> str:
    return says(hookSpecificOutput={"hookEventName": "PreToolUse", **specific})


async def run(
    tmp_path: Path, *entries: HookSettings, event: str = "PreToolUse", tool: str = "shell"
) -> HookOutcome:
    payload = {"session_id": "s1", "tool_name": tool, "tool_input": {"command": "ls"}}
    return await Hooks(entries, tmp_path, ENV).run(event, payload, tool)


async def test_the_command_reads_the_event_as_json_and_runs_in_the_folder(tmp_path: Path):
    command = "cat > seen.json; echo $LOOMKIN $LOOMKIN_PROJECT_DIR > env.txt"
    assert await run(tmp_path, hook(command)) == HookOutcome()
    assert json.loads((tmp_path / "seen.json").read_text()) == {
        "cwd": str(tmp_path),
        "session_id": "s1",
        "tool_name": "shell",
        "tool_input": {"command": "ls"},
        "hook_event_name": "PreToolUse",
    }
    assert (tmp_path / "env.txt").read_text() == f"1 {tmp_path}\n"


async def test_only_the_given_environment_is_passed_on(tmp_path: Path):
    await run(tmp_path, hook("env > env.txt"))
    names = {line.partition("=")[0] for line in (tmp_path / "env.txt").read_text().splitlines()}
    assert names <= {"PATH", "LOOMKIN", "LOOMKIN_PROJECT_DIR", "PWD", "OLDPWD", "SHLVL", "_"}


async def test_exit_two_blocks_with_the_words_on_stderr_whatever_the_json_says(tmp_path: Path):
    outcome = await run(tmp_path, hook(about(permissionDecision="allow") + "\necho not today >&2; exit 2"))
    assert outcome.blocked
    assert outcome.reason == "not today"
    assert outcome.decision is None


async def test_other_exit_codes_pass_and_are_reported_and_the_confusion_explained_once(tmp_path: Path):
    hooks = Hooks([hook("echo broken >&2; exit 1", source="config.toml:3")], tmp_path, ENV)
    first = await hooks.run("PreToolUse", {}, "shell")
    assert not first.blocked
    assert "Only exit code 2 blocks" in first.notices[0]
    assert "exit code 1: broken (config.toml:3)" in first.notices[1]
    second = await hooks.run("PreToolUse", {}, "shell")
    assert len(second.notices) == 1


@pytest.mark.parametrize("command", ["exit 1", "no-such-program-here", "kill -9 $$", "echo '{'", "sleep 60"])
async def test_fail_closed_blocks_on_every_kind_of_failure(tmp_path: Path, command: str):
    passed = await run(tmp_path, hook(command, timeout=0.5))
    assert not passed.blocked
    assert passed.notices
    blocked = await run(tmp_path, hook(command, timeout=0.5, fail_closed=True))
    assert blocked.blocked
    assert command in blocked.reason


async def test_a_folder_that_is_gone_is_a_failure_of_the_hook_not_of_the_run(tmp_path: Path):
    outcome = await run(tmp_path / "gone", hook("true"))
    assert not outcome.blocked
    assert "cannot be started" in outcome.notices[-1]


async def test_json_decisions_for_a_tool_are_understood(tmp_path: Path):
    deny = await run(tmp_path, hook(about(permissionDecision="deny", permissionDecisionReason="no rm")))
    assert (deny.blocked, deny.reason) == (True, "no rm")
    ask = await run(tmp_path, hook(about(permissionDecision="ask")), hook(about(permissionDecision="allow")))
    assert ask.decision is Decision.ASK
    allow = await run(tmp_path, hook(about(permissionDecision="allow", updatedInput={"command": "ls -a"})))
    assert allow.decision is Decision.ALLOW
    assert allow.updated_input == {"command": "ls -a"}
    odd = await run(tmp_path, hook(about(permissionDecision="maybe")), hook(about(updatedInput=3)))
    assert not odd.blocked
    assert "unknown permissionDecision: maybe" in odd.notices[0]
    assert "updatedInput" in odd.notices[1]


async def test_one_denial_beats_any_number_of_allowing_hooks(tmp_path: Path):
    allow = about(permissionDecision="allow")
    outcome = await run(tmp_path, hook(allow), hook("exit 2"), hook(allow + " "))
    assert outcome.blocked
    assert "exit 2" in outcome.reason


async def test_block_stop_message_and_context_are_understood(tmp_path: Path):
    outcome = await run(
        tmp_path,
        hook(says(decision="block", reason="tests fail"), "Stop"),
        hook(says(**{"continue": False}, stopReason="enough", systemMessage="hello"), "Stop"),
        hook(says(hookSpecificOutput={"additionalContext": "mind the gap"}), "Stop"),
        event="Stop",
    )
    assert (outcome.blocked, outcome.reason) == (True, "tests fail")
    assert outcome.stop == "enough"
    assert outcome.notices == ("hello",)
    assert outcome.context == "mind the gap"


@pytest.mark.parametrize(
    ("event", "context"),
    [
        ("SessionStart", "on branch main"),
        ("UserPromptSubmit", "on branch main"),
        ("PostToolUse", ""),
        ("Stop", ""),
    ],
)
async def test_plain_words_are_context_for_two_events_only(tmp_path: Path, event: str, context: str):
    outcome = await run(tmp_path, hook("echo on branch main", event), event=event)
    assert outcome == HookOutcome(context=context)


@pytest.mark.parametrize("event", ["SessionStart", "SessionEnd"])
async def test_what_cannot_be_blocked_is_told_instead(tmp_path: Path, event: str):
    outcome = await run(tmp_path, hook("echo no >&2; exit 2", event), event=event)
    assert not outcome.blocked
    assert outcome.notices == ("no",)


@pytest.mark.parametrize(
    ("matcher", "tool", "runs"),
    [
        ("", "anything", True),
        ("*", "anything", True),
        ("shell", "shell", True),
        ("shell", "shell_output", False),
        ("Bash|Edit", "shell", True),
        ("Bash|Edit", "file_edit", True),
        ("Bash|Edit", "file_read", False),
        ("Edit|Write", "file_patch", True),
        ("mcp__memory__.*", "mcp__memory__store", True),
        ("file_.*", "file_read", True),
    ],
)
async def test_matchers_are_expressions_on_our_and_the_usual_names(tmp_path: Path, matcher, tool, runs):
    await run(tmp_path, hook("touch ran", matcher=matcher), tool=tool)
    assert (tmp_path / "ran").exists() is runs
    assert Hooks([hook("x", matcher=matcher)], tmp_path, ENV).wants("PreToolUse", tool) is runs


def test_a_matcher_that_is_no_expression_names_its_line(tmp_path: Path):
    with pytest.raises(ConfigError, match=r"config\.toml:9"):
        Hooks([hook("true", matcher="(", source="config.toml:9")], tmp_path, ENV)


async def test_hooks_run_side_by_side_and_the_same_command_once(tmp_path: Path):
    meet = "mkfifo {0} 2>/dev/null; echo x > {0} & read line < {1}; wait"
    os.mkfifo(tmp_path / "a")
    os.mkfifo(tmp_path / "b")
    outcome = await run(
        tmp_path,
        hook(meet.format("a", "b"), timeout=5),
        hook(meet.format("b", "a"), timeout=5),
        hook("echo once >> count"),
        hook("echo once >> count", matcher="shell"),
    )
    assert outcome == HookOutcome()
    assert (tmp_path / "count").read_text() == "once\n"


async def test_a_child_left_in_the_background_keeps_nobody_waiting(tmp_path: Path):
    began = time.monotonic()
    outcome = await run(tmp_path, hook("sleep 30 & echo $! > pid; exit 0"))
    assert time.monotonic() - began < 5
    assert outcome == HookOutcome()
    os.kill(int((tmp_path / "pid").read_text()), 9)


async def test_a_large_payload_that_nobody_reads_does_no_harm(tmp_path: Path):
    outcome = await Hooks([hook("exit 0")], tmp_path, ENV).run(
        "PreToolUse", {"tool_input": "x" * 10**6}, "shell"
    )
    assert outcome == HookOutcome()


def ended(pid: int) -> bool:
    """Whether the process ends within five seconds."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([handle], [], [], 5)[0])
    finally:
        os.close(handle)


STUBBORN = "trap '' TERM; (trap '' TERM; echo $$ > pid; while :; do sleep 0.1; done) & echo $! > child; wait"


async def test_out_of_time_ends_the_whole_group_even_one_that_will_not_hear(tmp_path: Path):
    outcome = await run(tmp_path, hook(STUBBORN, timeout=0.5))
    assert "took longer than 0.5 s" in outcome.notices[-1]
    assert await asyncio.to_thread(ended, int((tmp_path / "child").read_text()))


async def test_cancelling_ends_the_whole_group(tmp_path: Path):
    os.mkfifo(tmp_path / "child")
    async with asyncio.TaskGroup() as group:
        task = group.create_task(run(tmp_path, hook("sleep 60 & echo $! > child; wait")))
        child = int(await asyncio.to_thread((tmp_path / "child").read_text))
        task.cancel()
    assert task.cancelled()
    assert await asyncio.to_thread(ended, child)


def test_the_usual_names_cover_every_tool_of_the_coder_that_has_one():
    assert {"shell", "file_read", "file_write", "file_edit", "file_patch", "web_fetch"} <= set(CLAUDE_NAMES)
