"""Activity in plain lines, for `-v` and for streams that are no terminal."""

from enum import IntEnum

from loomkin.records import event as facts
from loomkin.records import team_event as team
from loomkin.records.event import Event
from loomkin.records.keeper_event import KeeperMade
from loomkin.records.message import Role, ToolResult
from loomkin.ui.keeper_words import keeper_line
from loomkin.ui.plain_team import TeamWords, speaker
from loomkin.ui.terminal import one_line, printable
from loomkin.ui.theme import about, count, money, span

LONGEST = 300
SHORT = 60
"""Characters by which a call is known again when it ends."""


class Detail(IntEnum):
    """How much is told."""

    NOTHING = 0
    WARNINGS = 1
    ACTIVITY = 2


class Spent:
    """What one agent has used so far."""

    def __init__(self) -> None:
        self._tokens = 0
        self._cost = 0
        self._unpriced = 0

    def add(self, tokens: int, cost: int | None) -> None:
        """One more model call; `cost` in picodollars."""
        self._tokens += tokens
        self._cost += cost or 0
        self._unpriced += cost is None

    def __str__(self) -> str:
        return f"{count(self._tokens)} tokens, {money(self._cost, self._unpriced)}"


class PlainLines:
    """Turns events into lines; keeps the sums that the end of a turn is told with.

    `waits` says whether waiting for the model is told without activity, for who sees nothing else.
    """

    def __init__(self, detail: Detail, waits: bool = True) -> None:
        self._detail = detail
        self._spent: dict[str, Spent] = {}
        self._team = TeamWords()
        self._calls: dict[tuple[str, str], str] = {}
        self._waits = waits
        self._failing_since: float | None = None
        self._failed: dict[tuple[str, str], str] = {}
        self._begun = False

    def of(self, event: Event) -> str:
        """The lines of an event, each with its end, or nothing."""
        self._begun = self._begun or isinstance(event.fact, facts.TurnStarted)
        self._team.follow(event)
        warning = self._warning(event)
        text = warning
        if self._detail is Detail.ACTIVITY:
            text = warning or self._activity(event)
        elif self._waits:
            text = warning or self._wait(event)
        if not text or self._detail is Detail.NOTHING:
            return ""
        who = speaker(event)
        return "".join(f"{who}: {line}\n" for line in printable(text).splitlines() if line.strip())

    def _warning(self, event: Event) -> str:
        match event.fact:
            case facts.NoticeGiven(text, "warning"):
                return text
            case facts.PermissionDecided(decision="deny", tool=tool, target=target, reason=reason):
                return f"not permitted: {one_line(f'{tool} {target}', LONGEST)}: {one_line(reason, LONGEST)}"
            case team.AgentMoved(state="crashed" | "stalled" as state, reason=reason):
                return f"{state}: {one_line(reason, LONGEST)}"
        return ""

    def _wait(self, event: Event) -> str:
        """The first of several tries of a model call, and that it goes on."""
        match event.fact:
            case facts.ModelRetried(attempts=attempts, error=error) if self._failing_since is None:
                self._failing_since = event.at
                return f"{one_line(error, LONGEST).rstrip('.')}; it is tried at most {attempts} times"
            case (
                facts.TextStreamed() | facts.ThinkingStreamed() | facts.CallStreamed() | facts.MessageAdded()
            ):
                since, self._failing_since = self._failing_since, None
                return "" if since is None else f"it goes on after {span(event.at - since)}"
            case facts.TurnEnded():
                self._failing_since = None
        return ""

    def _activity(self, event: Event) -> str:
        match event.fact:
            case facts.MessageAdded(message) if message.results:
                return "\n".join(filter(None, (self._reason(event.agent, one) for one in message.results)))
            case facts.MessageAdded(message) if self._begun and message.role is Role.ASSISTANT:
                return message.text if message.calls else ""
            case facts.CallStarted(call_id, tool, arguments):
                words = f"{tool} {about(arguments)}".rstrip()
                self._calls[(event.agent, call_id)] = one_line(words, SHORT)
                return words
            case facts.CallFinished(call_id, tool, state, seconds):
                told = self._finished(self._calls.pop((event.agent, call_id), tool), state, seconds)
                if state != "failed":
                    return told
                self._failed[(event.agent, call_id)] = told  # its result comes next and says why
            case facts.FileChanged(path=path, added=added, removed=removed):
                return f"changed {path} +{added} -{removed}"
            case facts.UsageRecorded(usage=usage, cost=cost):
                self._spent.setdefault(event.agent, Spent()).add(usage.total, cost)
            case facts.TurnEnded(outcome=outcome, steps=steps, seconds=seconds):
                spent = self._spent.get(event.agent, Spent())
                awaited = self._team.awaited(event.agent) if outcome == "done" else ""
                if awaited:
                    outcome = f"waits for {awaited}"
                return f"{outcome} after {steps} model calls, {spent}, {span(seconds)}"
            case _:
                return _remark(event.fact) or self._team.of(event)
        return ""

    def _reason(self, agent: str, result: ToolResult) -> str:
        told = self._failed.pop((agent, result.call_id), "")
        lines = [line for line in result.text.splitlines() if line.strip()] or [""]
        why = lines[-1] if lines[-1].startswith("exit ") else lines[0]  # a command's output comes first
        return f"{told}: {one_line(why, LONGEST)}" if told else ""

    def _finished(self, call: str, state: str, seconds: float) -> str:
        if state == "ok":
            return f"{call}: done after {span(seconds)}" if seconds >= 1 else ""
        return "" if state == "denied" else f"{call}: {state} after {span(seconds)}"


def _remark(fact: facts.Fact) -> str:
    match fact:
        case facts.ModelRetried(attempt, attempts, wait, error):
            return f"try {attempt} of {attempts} in {span(wait)}: {one_line(error, LONGEST)}"
        case facts.LoopNoticed(pattern=pattern):
            return f"repeats itself: {pattern}"
        case facts.HookRan(name, True, reason):
            return f"a {name} hook objected: {one_line(reason, LONGEST)}"
        case facts.QuestionAsked(question=question):
            return f"asks: {one_line(question, LONGEST)}"
        case facts.QuestionAnswered(assumed=True):
            return "nobody is there to answer; it goes on with an assumption"
        case facts.NoticeGiven(text):
            return text
        case KeeperMade():
            return keeper_line(fact)
    return ""
