"""Runs planned calls: validate, hooks, permission, claim, run, shorten, hooks; one result a call, always."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from loomkin.errors import FatalToolError, LoomkinError, StoreError
from loomkin.permissions.gate import Gate, target_of
from loomkin.permissions.hooks import Hooks
from loomkin.records.dataclass import replace
from loomkin.records.event import CallFinished, CallStarted, FileChanged, PermissionDecided
from loomkin.records.ids import CallId
from loomkin.records.message import ToolCall, ToolResult
from loomkin.records.permission import Access, Decision, ToolUse, Verdict
from loomkin.runtime.clock import Clock
from loomkin.runtime.recorder import Scribe
from loomkin.runtime.uncut import cancellations
from loomkin.tooling.arguments import ArgumentProblem, parse_arguments
from loomkin.tooling.claiming import Claims
from loomkin.tooling.freshness import Freshness
from loomkin.tooling.hooked import EndedByHook, ended, told
from loomkin.tooling.lessons import Lessons
from loomkin.tooling.planned import Planned, Revision, stages
from loomkin.tooling.refusal import refusal_text
from loomkin.tooling.schema import Problem, bind
from loomkin.tooling.tool import Call, Fail, Ok
from loomkin.tooling.toolbox import AnyTool, Toolbox

if TYPE_CHECKING:  # its look is all that counts at run time
    from loomkin.tooling.inspecting import Inspection

TOGETHER = 8
CANCELLED = "Stopped before it ended. It may have had effects already; look before you repeat it."
NOT_STARTED = "Stopped before it started; it had no effect."


class ResultSink(Protocol):
    """Whoever keeps the transcript."""

    def add_result(self, result: ToolResult, outcome: Ok | Fail) -> None:
        """Take the one result of a call, and what it was before it was written down."""


class Runner:
    """Runs the calls of one agent: reads together, writes one after another for each path.

    `files` puts down to the agent what its calls write. With `claims` (in a team) what changes files runs
    under a claim on what it changes; `withheld` says why a call is not the agent's at this moment. `review`
    is asked before each call starts: it may wait, and say what the person made of the call meanwhile.
    `remarks` and `lessons` add lines to the result of a call that ran; a lesson may hold a call back once.
    `inspection` looks at its files before and after.
    """

    def __init__(
        self,
        toolbox: Toolbox,
        gate: Gate,
        hooks: Hooks,
        clock: Clock,
        redact: Callable[[str], str],
        call_of: Callable[[ToolCall], Call],
    ) -> None:
        self.toolbox = toolbox
        self.gate = gate
        self.hooks = hooks
        self._clock = clock
        self._redact = redact
        self._call_of = call_of
        self.claims: Claims | None = None
        self.files: Freshness | None = None
        self.withheld: Callable[[AnyTool, ToolUse], Awaitable[str]] | None = None
        self.review: Callable[[ToolCall], Awaitable[Revision | None]] | None = None
        self.remarks: list[Callable[[ToolUse], Sequence[str]]] = []
        self.lessons: Lessons | None = None
        self.inspection: Inspection | None = None

    def separated(self, call: ToolCall) -> tuple[ToolCall, ...]:
        """The calls in one call whose arguments are several objects glued together, if each of them fits."""
        tool = self.toolbox.get(call.name)
        parsed = parse_arguments(call.arguments, truncated=False)
        if tool is None or isinstance(parsed, ArgumentProblem) or len(parsed.objects) < 2:
            return (call,)
        if any(isinstance(bind(tool.params_type, one, tool.aliases), Problem) for one in parsed.objects):
            return (call,)
        return tuple(
            replace(call, id=CallId(f"{call.id}_{number}" if number else call.id), arguments=json.dumps(one))
            for number, one in enumerate(parsed.objects)
        )

    def told(self, call: ToolCall) -> ToolCall:
        """The call as it may be written down and told: without secrets in its arguments."""
        return replace(call, arguments=self._redact(call.arguments))

    async def run(self, calls: Sequence[ToolCall], truncated: bool, scribe: Scribe, sink: ResultSink) -> None:
        """Run all calls and give the sink one result each; on cancellation the rest say so."""
        planned = [self._plan(call, truncated and call is calls[-1]) for call in calls]
        try:
            for stage in stages(planned):
                await self._run_stage(stage, scribe, sink)
        except BaseException:
            for item in planned:
                if item.result is not None and not item.done:
                    self._finish(item, item.result, _state(item.result), 0.0, scribe, sink)
                elif not item.done:
                    text = CANCELLED if item.started else NOT_STARTED
                    self._finish(item, Fail(text), "cancelled", 0.0, scribe, sink)
            raise

    def _plan(self, call: ToolCall, truncated: bool) -> Planned:
        tool = self.toolbox.get(call.name)
        if tool is None:
            return Planned(call, refusal=self.toolbox.unknown(call.name))
        if tool.access in (Access.NONE, Access.NETWORK):
            call = self.told(call)  # it would tell others: agents, a site, who reads what was decided
        parsed = parse_arguments(call.arguments, truncated=truncated)
        if isinstance(parsed, ArgumentProblem):
            return Planned(call, refusal=parsed.message)
        return self._bind(Planned(call, tool, notes=parsed.notes), parsed.values)

    def _bind(self, item: Planned, arguments: dict[str, object]) -> Planned:
        tool = item.tool
        assert tool is not None
        bound: Any = bind(tool.params_type, arguments, tool.aliases)
        if isinstance(bound, Problem):
            return Planned(item.call, refusal=bound.text)
        params, notes = bound
        try:
            use = tool.use(params, self._call_of(item.call))
        except Exception as error:  # noqa: BLE001 - boundary: a tool's failure is a value that the model reads
            return Planned(item.call, refusal=_broken(tool, error).text)
        return Planned(item.call, tool, params, use, item.notes + notes, arguments=arguments)

    async def _run_stage(self, stage: list[list[Planned]], scribe: Scribe, sink: ResultSink) -> None:
        slots = asyncio.Semaphore(TOGETHER)

        async def chain(items: list[Planned]) -> None:
            for item in items:
                async with slots:
                    await self._run_one(item, scribe, sink)

        if len(stage) == 1:
            await chain(stage[0])
            return
        try:
            async with asyncio.TaskGroup() as group:
                for items in stage:
                    group.create_task(chain(items))
        except* (StoreError, FatalToolError, EndedByHook) as several:
            raise several.exceptions[0] from several

    async def _run_one(self, item: Planned, scribe: Scribe, sink: ResultSink) -> None:
        if self.review is not None and (revision := await self.review(item.call)) is not None:
            if revision.skipped:
                self._finish(item, Fail(revision.words), "skipped", 0.0, scribe, sink)
                return
            item.take(self._plan(replace(item.call, arguments=revision.arguments), False), revision.words)
        if not item.refusal:
            await self._before(item, scribe)
        if item.tool is not None and item.use is not None and not item.refusal:
            # what calls before this one did counts
            item.refusal = await self.withheld(item.tool, item.use) if self.withheld is not None else ""
            if not item.refusal and self.lessons is not None:
                item.refusal = item.held = self.lessons.before(item.call.id, item.use)
        if item.refusal or item.tool is None:
            self._finish(item, Fail(item.refusal), "held" if item.held else "failed", 0.0, scribe, sink)
            return
        verdict = await self._permit(item.tool, item, scribe)
        if isinstance(verdict, Fail):
            self._finish(item, verdict, "failed", 0.0, scribe, sink)
            return
        if verdict.decision is not Decision.ALLOW:
            self._finish(item, Fail(refusal_text(verdict)), "denied", 0.0, scribe, sink)
            return
        scribe.record(CallStarted(item.call.id, item.tool.name, json.dumps(item.arguments)))
        if item.tool.access not in (Access.NONE, Access.READ):
            await scribe.flush()
        item.started = True
        begun = self._clock.monotonic()
        pending = cancellations()
        seen = await self.inspection.before(item.use) if self.inspection and item.use else None
        item.result = await self._call(item.tool, item)
        if cancellations() > pending:
            # it ended all the same, and `run` writes down what it did
            raise asyncio.CancelledError
        if item.use and (said := await self._remarks(item.call.id, item.use, item.result, seen)):
            item.result = item.result.with_words(said)
        result = await self._after(item, item.result, scribe)
        self._finish(item, result, _state(result), self._clock.monotonic() - begun, scribe, sink)

    async def _remarks(self, call: CallId, use: ToolUse, result: Ok | Fail, seen: Any) -> list[str]:
        found = await self.inspection.after(use, result, seen) if self.inspection else ()
        said = [*found, *(line for remark in self.remarks for line in remark(use))]
        return [*said, *self.lessons.after(call, use, result)] if self.lessons is not None else said

    async def _permit(self, tool: AnyTool, item: Planned, scribe: Scribe) -> Verdict | Fail:
        call, preview = self._call_of(item.call), ""
        try:
            if (failure := await tool.foresee(item.params, call)) is not None:
                return failure
            # calls before this one may have changed which file its path means
            item.use = tool.use(item.params, call)
            asks = item.hook is Decision.ASK or (await self.gate.decide(item.use)).decision is Decision.ASK
            if asks:
                preview = await tool.preview(item.params, call)
        except (StoreError, FatalToolError):
            raise
        except Exception as error:  # noqa: BLE001 - boundary: a tool's failure is a value that the model reads
            return _broken(tool, error)
        return await self.gate.check(item.use, item.call.id, preview, scribe, item.hook)

    async def _call(self, tool: AnyTool, item: Planned) -> Ok | Fail:
        limit = asyncio.timeout(tool.limit)
        try:
            async with limit:
                call = self._call_of(item.call)
                work: Callable[[], Awaitable[Ok | Fail]] = partial(tool.run, item.params, call)
                if self.files is not None and item.use is not None:
                    work = partial(self.files.around, item.use, work)
                if self.claims is None or item.use is None:
                    return await work()
                asks = partial(tool.regions, item.params, call)
                return await self.claims.guarded(item.use, asks, work)
        except (StoreError, FatalToolError):
            raise
        except Exception as error:  # noqa: BLE001 - boundary: a tool's failure is a value that the model reads
            if tool.limit is None or not limit.expired():
                return _broken(tool, error)
            return Fail(
                f"{tool.name} gave no result within {tool.limit:.0f} s and was stopped. Ask for less."
            )

    async def _before(self, item: Planned, scribe: Scribe) -> None:
        if not self.hooks.wants("PreToolUse", item.call.name):
            return
        payload = {"tool_name": item.call.name, "tool_input": item.arguments, "tool_use_id": item.call.id}
        outcome = await self.hooks.run("PreToolUse", payload, item.call.name)
        told(scribe, "PreToolUse", outcome)
        if outcome.stop:
            raise ended(outcome)
        if outcome.blocked:
            item.refusal = f"A hook of the person blocked this call: {outcome.reason}"
            target = target_of(item.use) if item.use else ""
            who = ("PreToolUse", "hook", "hook")
            denied = PermissionDecided(item.call.id, item.call.name, target, "deny", outcome.reason, *who)
            scribe.record(denied)
            if item.use is not None:
                self.gate.denials.append(item.use)
            return
        item.hook = outcome.decision
        if outcome.updated_input is not None:
            changed = self._bind(item, dict(outcome.updated_input))
            item.params, item.use, item.refusal = changed.params, changed.use, changed.refusal
            item.arguments = dict(outcome.updated_input)
            item.notes = (*item.notes, "A hook of the person changed the arguments of this call.")
        if outcome.context:
            item.notes = (*item.notes, outcome.context)

    async def _after(self, item: Planned, result: Ok | Fail, scribe: Scribe) -> Ok | Fail:
        if not self.hooks.wants("PostToolUse", item.call.name):
            return result
        payload = {
            "tool_name": item.call.name,
            "tool_input": item.arguments,
            "tool_use_id": item.call.id,
            "tool_response": {"text": result.text, "is_error": isinstance(result, Fail)},
        }
        run = partial(self.hooks.run, "PostToolUse", payload, item.call.name)
        outcome = await (self.files.hooked(run) if self.files is not None else run())
        told(scribe, "PostToolUse", outcome)
        said = [text for text in (outcome.reason if outcome.blocked else "", outcome.context) if text]
        item.result = result.with_words(said) if said else result
        if outcome.stop:
            raise ended(outcome)
        return item.result

    def _finish(
        self, item: Planned, result: Ok | Fail, state: str, seconds: float, scribe: Scribe, sink: ResultSink
    ) -> None:
        item.done, call = True, item.call
        text = "\n".join((*item.notes, result.text)) if item.notes else result.text
        changes = result.changes if isinstance(result, Ok) else ()
        for change in changes:
            versions, lines = (change.before, change.after), (change.added, change.removed)
            scribe.record(FileChanged(call.id, change.path, *versions, *lines, self._redact(change.diff)))
        scribe.record(CallFinished(call.id, call.name, state, seconds, result.output_id))
        shown = self._redact(text) or "(no output)"
        heard = ToolResult(call.id, call.name, shown, isinstance(result, Fail))
        sink.add_result(heard, result.with_words(()) if item.notes else result)


def _state(result: Ok | Fail) -> str:
    return "ok" if isinstance(result, Ok) else "failed"


def _broken(tool: AnyTool, error: Exception) -> Fail:
    if isinstance(error, LoomkinError):
        return Fail(str(error))
    return Fail(f"{tool.name} failed: {type(error).__name__}: {error}. Try another way.")
