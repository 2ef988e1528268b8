"""The one place where a call is allowed or not: policy first, then the person, always written down."""

import asyncio
from enum import StrEnum
from typing import Protocol

from loomkin.errors import StoreError
from loomkin.permissions.grant_book import GrantBook
from loomkin.permissions.policy import Policy
from loomkin.records.dataclass import dataclass, replace
from loomkin.records.event import (
    ApprovalAsked,
    GrantAdded,
    GrantRevoked,
    ModeChanged,
    NoticeGiven,
    PermissionDecided,
    StateChanged,
)
from loomkin.records.permission import Decision, Mode, Rule, ToolUse, Verdict
from loomkin.runtime.recorder import Scribe


class Scope(StrEnum):
    """How long an approval lasts."""

    ONCE = "once"
    SESSION = "session"
    PROJECT = "project"


@dataclass(frozen=True, slots=True)
class Approval:
    """A question to the person about one call; `preview` is a diff or the command."""

    agent: str
    call_id: str
    use: ToolUse
    verdict: Verdict
    preview: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What the person said; `rule` is saved where the scope is longer than once."""

    allowed: bool
    scope: Scope = Scope.ONCE
    rule: str = ""
    reason: str = ""


class Asker(Protocol):
    """Whoever can ask the person."""

    async def approve(self, approval: Approval) -> Answer:
        """The person's answer; cancelled with the call."""
        ...


@dataclass(frozen=True, slots=True)
class Grant:
    """A rule in force because the person allowed it, in that session."""

    rule: str
    scope: Scope
    session: str = ""


@dataclass(slots=True, eq=False)
class Asking:
    """A question under way; `settled` is what a rule says that the person added meanwhile."""

    use: ToolUse
    verdict: Verdict
    task: "asyncio.Task[Answer]"
    settled: Verdict | None = None


class Gate:
    """Holds the policy in force and asks the person; many calls may wait, each for its own answer.

    New grants are kept in `book`; without one they last as long as the process.
    """

    def __init__(
        self,
        policy: Policy,
        asker: Asker | None,
        grants: tuple[Grant, ...] = (),
        book: GrantBook | None = None,
    ) -> None:
        self._rules = policy
        self._asker = asker
        self._book = book
        self._grants = list(grants)
        self._asking: list[Asking] = []
        self._last: tuple[Policy, ToolUse, Verdict] | None = None
        self.denials: list[ToolUse] = []
        self.policy = self._with_grants()

    @property
    def mode(self) -> Mode:
        """The mode in force."""
        return self._rules.mode

    def change_mode(self, mode: Mode, scribe: Scribe) -> None:
        """Go on in another mode."""
        self._rules = self._rules.with_mode(mode)
        self.policy = self._with_grants()
        scribe.record(ModeChanged(mode.value))

    @property
    def grants(self) -> tuple[Grant, ...]:
        """The grants in force."""
        return tuple(self._grants)

    def revoke(self, number: int, grant: Grant, scribe: Scribe) -> None:
        """Take back a grant and its number; raises StoreError where it cannot be taken out of the book."""
        if self._book is not None:
            self._book.drop(grant.rule, grant.scope, grant.session)
        self._grants = [one for one in self._grants if one.rule != grant.rule]
        self.policy = self._with_grants()
        scribe.record(GrantRevoked(number))

    async def _grant(self, rule: str, scope: Scope, scribe: Scribe) -> None:
        grant = Grant(rule, scope, scribe.session)
        self._grants.append(grant)
        self.policy = self._with_grants()
        scribe.record(GrantAdded(rule, scope.value))
        if self._book is None:
            return
        try:
            await asyncio.to_thread(self._book.add, rule, scope, scribe.session)
        except StoreError as error:
            scribe.record(NoticeGiven(f"{rule} is allowed until you leave, not longer: {error}", "warning"))

    def _with_grants(self) -> Policy:
        return self._rules.with_rules(
            tuple(Rule(Decision.ALLOW, grant.rule, f"{grant.scope} grant") for grant in self._grants)
        )

    async def decide(self, use: ToolUse) -> Verdict:
        """What the policy says now; reading a command takes milliseconds and happens in a thread."""
        if not use.command:
            return self.policy.decide(use)
        policy = self.policy
        known = self._last
        if known is None or known[0] is not policy or known[1] != use:
            known = self._last = (policy, use, await asyncio.to_thread(policy.decide, use))
        return known[2]

    async def check(
        self, use: ToolUse, call_id: str, preview: str, scribe: Scribe, hook: Decision | None = None
    ) -> Verdict:
        """Allow or deny one call; never answers `ask`.

        `hook` is what a hook of the person said: an `ask` makes a question of what would pass; an `allow`
        answers a question that no rule asked, unless it is about what always asks.
        """
        verdict, by = await self.decide(use), "rule"
        if hook is Decision.ASK and verdict.decision is Decision.ALLOW:
            verdict = Verdict(Decision.ASK, "a hook asks about it", "PreToolUse", "hook")
        soft = verdict.built_in and not verdict.firm
        if hook is Decision.ALLOW and verdict.decision is Decision.ASK and soft:
            verdict, by = Verdict(Decision.ALLOW, "a hook allows it", "PreToolUse", "hook"), "hook"
        if verdict.decision is Decision.ASK:
            verdict, by = await self._ask(use, call_id, preview, verdict, scribe)
        scribe.record(
            PermissionDecided(
                call_id,
                use.tool,
                target_of(use),
                verdict.decision.value,
                verdict.reason,
                verdict.rule,
                verdict.source,
                by,
            )
        )
        if verdict.decision is Decision.DENY:
            self.denials.append(use)
        return verdict

    async def _ask(
        self, use: ToolUse, call_id: str, preview: str, verdict: Verdict, scribe: Scribe
    ) -> tuple[Verdict, str]:
        if self._asker is None:
            reason = f"nobody is there to allow it. {verdict.reason}"
            return replace(verdict, decision=Decision.DENY, reason=reason, offers=()), "headless"
        answer = await self._answer(Approval(scribe.agent, call_id, use, verdict, preview), scribe)
        if isinstance(answer, Verdict):
            return answer, "rule"
        if not answer.allowed:
            reason = answer.reason or "the person declined"
            return Verdict(Decision.DENY, reason, "", "person"), "person"
        if answer.rule and answer.scope is not Scope.ONCE:
            await self._grant(answer.rule, answer.scope, scribe)
            self._settle_others()
        return Verdict(Decision.ALLOW, "the person allowed it", answer.rule, "person"), "person"

    async def _answer(self, approval: Approval, scribe: Scribe) -> Answer | Verdict:
        """The person's answer, or the verdict where a rule they added meanwhile makes the question idle."""
        assert self._asker is not None
        use, verdict = approval.use, approval.verdict
        scribe.record(ApprovalAsked(approval.call_id, use.tool, target_of(use), verdict.reason))
        scribe.record(StateChanged("waiting_person", use.tool))
        async with asyncio.TaskGroup() as group:
            asking = Asking(use, verdict, group.create_task(self._asker.approve(approval)))
            self._asking.append(asking)
            try:
                await asyncio.wait([asking.task])
            finally:
                self._asking.remove(asking)
        scribe.record(StateChanged("in_tool", use.tool))
        return asking.settled or asking.task.result()

    def _settle_others(self) -> None:
        for asking in self._asking:
            again = self.policy.decide(asking.use)
            allowed = again.decision is Decision.ALLOW and asking.verdict.source != "hook"
            if (allowed or again.decision is Decision.DENY) and not asking.task.done():
                asking.settled = again
                asking.task.cancel()


def target_of(use: ToolUse) -> str:
    """What a use is about, in one line."""
    return use.command or use.url or ", ".join(use.writes or use.reads)
