"""Permission for a command that loomkin runs for an agent, outside the agent's own calls."""

from loomkin.permissions.gate import target_of
from loomkin.records.event import PermissionDecided
from loomkin.records.permission import Decision, ToolUse, Verdict
from loomkin.runtime.recorder import Scribe
from loomkin.tooling.hooked import told
from loomkin.tooling.runner import Runner


async def permit(runner: Runner, use: ToolUse, call_id: str, scribe: Scribe) -> Verdict:
    """What the person's hooks say of it, then the gate of the agent; never `ask`.

    A hook that wants another command, or the end of the run, refuses this one.
    """
    hook = None
    if runner.hooks.wants("PreToolUse", use.tool):
        given = {"tool_name": use.tool, "tool_input": {"command": use.command}, "tool_use_id": call_id}
        outcome = await runner.hooks.run("PreToolUse", given, use.tool)
        told(scribe, "PreToolUse", outcome)
        changed = "it wants another command" if outcome.updated_input is not None else ""
        if outcome.blocked or outcome.stop or changed:
            why = f"a hook of the person does not allow it: {outcome.reason or outcome.stop or changed}"
            verdict = Verdict(Decision.DENY, why, "PreToolUse", "hook")
            scribe.record(
                PermissionDecided(
                    call_id, use.tool, target_of(use), "deny", why, "PreToolUse", "hook", "hook"
                )
            )
            runner.gate.denials.append(use)
            return verdict
        hook = outcome.decision
    return await runner.gate.check(use, call_id, use.command, scribe, hook)
