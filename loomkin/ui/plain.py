"""Activity in plain lines, for `-v` and for streams that are no terminal."""

from enum import IntEnum

from loomkin.records import event as facts
from loomkin.records import team_event as team
from loomkin.records.event import Event
from loomkin.records.message import Role
from loomkin.ui.plain_team import TeamWords, speaker
from loomkin.ui.terminal import one_line, printable
from loomkin.ui.theme import about, count, money, span

LONGEST = 300


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
    """Turns events into lines; keeps the sums that the end of a turn is told with."""

    def __init__(self, detail: Detail) -> None:
        self._detail = detail
        self._spent: dict[str, Spent] = {}
        self._team = TeamWords()
        self._calls: dict[tuple[str, str], str] = {}
        self._begun = False

    def of(self, event: Event) -> str:
        """The lines of an event, each with its end, or nothing."""
        self._begun = self._begun or isinstance(event.fact, facts.TurnStarted)
        warning = self._warning(event)
        text = warning
        if self._detail is Detail.ACTIVITY:
            text = warning or self._activity(event)
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

    def _activity(self, event: Event) -> str:
        match event.fact:
            case facts.MessageAdded(message) if self._begun and message.role is Role.ASSISTANT:
                return message.text if message.calls else ""
            case facts.CallStarted(call_id, tool, arguments):
                words = self._calls[(event.agent, call_id)] = f"{tool} {about(arguments)}".rstrip()
                return words
            case facts.CallFinished(call_id, tool, state, seconds):
                return self._finished(self._calls.pop((event.agent, call_id), tool), state, seconds)
            case facts.FileChanged(path=path, added=added, removed=removed):
                return f"changed {path} +{added} -{removed}"
            case facts.UsageRecorded(usage=usage, cost=cost):
                self._spent.setdefault(event.agent, Spent()).add(usage.total, cost)
            case facts.TurnEnded(outcome=outcome, steps=steps, seconds=seconds):
                spent = self._spent.get(event.agent, Spent())
                return f"{outcome} after {steps} model calls, {spent}, {span(seconds)}"
            case _:
                return _remark(event.fact) or self._team.of(event)
        return ""

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
    return ""
