"""The end of a run: the one result object, and the exit code that goes with it."""

from enum import StrEnum
from typing import Any

from loomkin import __version__
from loomkin.errors import ContextLengthError, LimitError, LoomkinError, ProviderError
from loomkin.records import event as facts
from loomkin.records.dataclass import dataclass
from loomkin.records.event import Event
from loomkin.records.message import Role
from loomkin.records.usage import Usage, usd
from loomkin.ui.stream_messages import call_input, new_uuid, stop_reason, usage_object


class Subtype(StrEnum):
    """How a result names the way a run ended."""

    SUCCESS = "success"
    TURNS = "error_max_turns"
    BUDGET = "error_max_budget_usd"
    SCHEMA = "error_max_structured_output_retries"
    ERROR = "error_during_execution"


_LIMITS = {
    "turns": (Subtype.TURNS, "max_turns"),
    "budget": (Subtype.BUDGET, "budget_exhausted"),
    "time": (Subtype.ERROR, "timeout"),
}


@dataclass(frozen=True, slots=True)
class Structured:
    """An answer that fits the person's JSON schema."""

    value: object


@dataclass(frozen=True, slots=True)
class Ending:
    """How one request ended; `text` is the answer, or what was said last where there is none."""

    subtype: Subtype
    reason: str
    text: str = ""
    errors: tuple[str, ...] = ()
    code: int = 0
    steps: int = 0
    structured: Structured | None = None

    @property
    def ok(self) -> bool:
        """Whether there is an answer."""
        return self.subtype is Subtype.SUCCESS

    @staticmethod
    def done(text: str, steps: int, structured: Structured | None = None) -> "Ending":
        """The answer is there."""
        return Ending(Subtype.SUCCESS, "completed", text, steps=steps, structured=structured)

    @staticmethod
    def failed(error: LoomkinError, text: str = "", steps: int = 0, reason: str = "error") -> "Ending":
        """An error of ours, or a limit, stopped it."""
        subtype = Subtype.ERROR
        if isinstance(error, LimitError):
            subtype, reason = _LIMITS.get(error.limit, (Subtype.ERROR, error.limit))
        elif isinstance(error, ContextLengthError):
            reason = "prompt_too_long"
        elif isinstance(error, ProviderError):
            reason = "model_error"
        return Ending(subtype, reason, text, (str(error),), error.exit_code, steps)

    @staticmethod
    def unfit(problem: str, text: str, steps: int) -> "Ending":
        """The answer never fitted the person's JSON schema."""
        error = f"The answer does not fit the JSON schema: {problem}."
        return Ending(Subtype.SCHEMA, "schema_not_met", text, (error,), 1, steps)

    @staticmethod
    def stopped(signal: int) -> "Ending":
        """A signal ended it."""
        interrupted = signal == 2
        word = "interrupted" if interrupted else "terminated"
        said = f"The run was {word}. Continue the session with `-c`."
        return Ending(Subtype.ERROR, word, "", (said,), 128 + signal)


class Account:
    """Sums up the events of one request, of all agents, for its result; `take` is a sink of the bus.

    Who takes the first turn is the one whose answer it is.
    """

    def __init__(self) -> None:
        self.session = ""
        self.steps = 0
        self.usage = Usage()
        self.cost = 0
        self.unpriced = 0
        self.milliseconds = 0
        self.stop_reason: str | None = None
        self.denials: list[dict[str, Any]] = []
        self.unanswered: list[dict[str, Any]] = []
        self._asked: dict[tuple[str, str], facts.QuestionAsked] = {}
        self._by_model: dict[str, tuple[Usage, int]] = {}
        self._inputs: dict[tuple[str, str], dict[str, Any]] = {}
        self._finish = ""
        self._own = ""
        self._begun = False

    def take(self, event: Event) -> None:
        """Count one event."""
        self.session = event.session or self.session
        match event.fact:
            case facts.TurnStarted():
                self._begun = True
                self._own = self._own or event.agent
            case facts.UsageRecorded():
                self._count(event.fact)
                self._finish = event.fact.finish if event.agent == self._own else self._finish
            case facts.MessageAdded(message) if self._begun and message.role is Role.ASSISTANT:
                self._inputs.update(((event.agent, call.id), call_input(call)) for call in message.calls)
                if event.agent == self._own:
                    self.stop_reason = stop_reason(self._finish, message)
            case facts.QuestionAsked(call_id):
                self._asked[(event.agent, call_id)] = event.fact
            case facts.QuestionAnswered(call_id, assumed=True):
                if asked := self._asked.get((event.agent, call_id)):
                    question = {"question": asked.question, "options": list(asked.options)}
                    self.unanswered.append({"agent": event.agent, **question})
            case facts.PermissionDecided(call_id, tool, decision="deny"):
                given = self._inputs.get((event.agent, call_id), {})
                self.denials.append({"tool_name": tool, "tool_use_id": call_id, "tool_input": given})

    @property
    def model_usage(self) -> dict[str, dict[str, Any]]:
        """What each model used and cost."""
        return {
            model: {
                "inputTokens": usage.input,
                "outputTokens": usage.output,
                "cacheReadInputTokens": usage.cache_read,
                "cacheCreationInputTokens": usage.cache_write,
                "costUSD": float(usd(cost)),
            }
            for model, (usage, cost) in self._by_model.items()
        }

    def _count(self, fact: facts.UsageRecorded) -> None:
        self.steps += 1
        self.usage += fact.usage
        self.cost += fact.cost or 0
        self.unpriced += fact.cost is None
        self.milliseconds += fact.milliseconds
        usage, cost = self._by_model.get(fact.model, (Usage(), 0))
        self._by_model[fact.model] = (usage + fact.usage, cost + (fact.cost or 0))


def result_message(ending: Ending, account: Account, seconds: float) -> dict[str, Any]:
    """The result object; its sums are those of this one request."""
    message: dict[str, Any] = {
        "type": "result",
        "subtype": ending.subtype.value,
        "is_error": not ending.ok,
        "duration_ms": round(seconds * 1000),
        "duration_api_ms": account.milliseconds,
        "num_turns": max(ending.steps, account.steps),
        "result": ending.text,
        "stop_reason": account.stop_reason,
        "session_id": account.session,
        "total_cost_usd": float(usd(account.cost)),
        "usage": usage_object(account.usage),
        "modelUsage": account.model_usage,
        "permission_denials": account.denials,
        "terminal_reason": ending.reason,
        "uuid": new_uuid(),
        "loomkin_version": __version__,
    }
    if ending.errors:
        message["errors"] = list(ending.errors)
    if ending.structured is not None:
        message["structured_output"] = ending.structured.value
    if account.unanswered:
        message["unanswered_questions"] = account.unanswered
    if account.unpriced:
        message["unpriced_calls"] = account.unpriced
    return message
