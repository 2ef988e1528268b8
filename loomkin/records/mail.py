"""Mail between agents and the person: what it is, how soon it is read, where it stands."""

from enum import StrEnum

from loomkin.records.dataclass import dataclass
from loomkin.records.ids import MailId, TaskId

PERSON = "person"
SYSTEM = "loomkin"


class MailKind(StrEnum):
    """What a letter is about."""

    FINDING = "finding"
    QUESTION = "question"
    ANSWER = "answer"
    HANDOFF = "handoff"
    REVIEW = "review"
    BLOCKER = "blocker"
    STEER = "steer"
    CONTROL = "control"
    CHAT = "chat"


ASKING = (MailKind.QUESTION, MailKind.CONTROL)
"""Kinds that are answered with the last words of a turn."""


class Priority(StrEnum):
    """Which letters are read first; the order here is the order of reading."""

    URGENT = "urgent"
    HIGH = "high"
    NORMAL = "normal"
    LOW = "low"


class Delivery(StrEnum):
    """When a letter reaches an agent that is at work; an idle one is woken by all but the digest."""

    INTERRUPT = "interrupt"
    NEXT_STEP = "next_step"
    TURN_END = "turn_end"
    DIGEST = "digest"


class MailState(StrEnum):
    """Where a letter stands; `delivered` is in the agent's window, `read` was in a model call."""

    QUEUED = "queued"
    DELIVERED = "delivered"
    READ = "read"
    EXPIRED = "expired"
    UNDELIVERABLE = "undeliverable"
    DELETED = "deleted"


RANK = {priority: rank for rank, priority in enumerate(Priority)}


@dataclass(frozen=True, slots=True)
class Mail:
    """One letter to one recipient.

    `reply_by` and `not_before` are seconds since the epoch, 0 for none; `correlation` is the letter that this
    one answers; `rank` orders letters of one priority before their time does, and is what the person moves.
    """

    id: MailId
    sender: str
    to: str
    kind: MailKind
    text: str
    at: float
    priority: Priority = Priority.NORMAL
    delivery: Delivery = Delivery.NEXT_STEP
    reply_by: float = 0.0
    not_before: float = 0.0
    correlation: str = ""
    task: TaskId = TaskId("")
    rank: int = 0
    state: MailState = MailState.QUEUED
