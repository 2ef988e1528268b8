"""How a task gets from one state to another: one table, read by the board and drawn in the docs."""

from enum import StrEnum

from loomkin.records.dataclass import dataclass
from loomkin.records.task import TaskState


class Actor(StrEnum):
    """In what capacity somebody moves a task; the board itself acts on the rules of the plan."""

    BOARD = "board"
    ASSIGNMENT = "assignment"
    OWNER = "owner"
    AGENT = "any agent"
    LEAD = "lead"
    VERIFIER = "verifier"
    REVIEWER = "reviewer"


class Verb(StrEnum):
    """What is done to a task."""

    READY = "becomes ready"
    HOLD = "is held back"
    OFFER = "is offered"
    WITHDRAW = "offer is withdrawn"
    ACCEPT = "is accepted"
    DECLINE = "is declined"
    TAKE = "is taken"
    PUBLISH = "has a partial result"
    WAIT = "has to wait"
    RESUME = "goes on"
    GIVE_BACK = "is given back"
    COMPLETE = "is handed in"
    PASS = "passes"
    REFUSE = "is refused"
    DEFER = "cannot be verified"
    INTERRUPT = "is taken out of verification"
    APPROVE = "is approved"
    FAIL = "fails"
    CANCEL = "is cancelled"
    REOPEN = "is reopened"


class Guard(StrEnum):
    """What must hold for a move; `board_guards.py` has a function for each."""

    NONE = "nothing"
    MET = "all that it needs is there"
    UNMET = "something that it needs is missing"
    OWNER_FREE = "its owner has no other task in hand"
    OWNER_BUSY = "its owner has another task in hand"
    HANDOFF = "its handoff says what was done"
    NO_REVIEW = "it needs no review"
    REVIEW = "it needs a review"
    TRIES_LEFT = "fewer than three attempts were made"
    TRIES_SPENT = "three attempts were made"


@dataclass(frozen=True, slots=True)
class Transition:
    """One row: who may move a task from one state to another, when, and what that is called.

    `event` is the fact that is written down.
    """

    before: TaskState
    after: TaskState
    verb: Verb
    actors: tuple[Actor, ...]
    guards: tuple[Guard, ...] = ()
    event: str = "TaskMoved"


S, A, V, G = TaskState, Actor, Verb, Guard
BOARD, OWNER, LEAD = (A.BOARD,), (A.OWNER,), (A.LEAD,)
ASSIGNS = (A.ASSIGNMENT, A.LEAD, A.BOARD)
GIVES_BACK = (A.ASSIGNMENT, A.LEAD, A.OWNER)
ENDS = (A.BOARD, A.LEAD)
HANDED = "HandedOff, TaskMoved"
IN_HAND = (S.IN_PROGRESS, S.PARTIALLY_AVAILABLE)
LEASED = (*IN_HAND, S.WAITING, S.VERIFYING)
OPEN = (
    S.PROPOSED, S.READY, S.OFFERED, S.IN_PROGRESS, S.PARTIALLY_AVAILABLE, S.WAITING, S.VERIFYING, S.IN_REVIEW,
)  # fmt: skip

TRANSITIONS: tuple[Transition, ...] = (
    Transition(S.PROPOSED, S.READY, V.READY, BOARD, (G.MET,)),
    Transition(S.READY, S.PROPOSED, V.HOLD, BOARD, (G.UNMET,)),
    Transition(S.OFFERED, S.PROPOSED, V.HOLD, BOARD, (G.UNMET,)),
    Transition(S.READY, S.OFFERED, V.OFFER, ASSIGNS),
    Transition(S.OFFERED, S.READY, V.WITHDRAW, ASSIGNS),
    Transition(S.OFFERED, S.IN_PROGRESS, V.ACCEPT, (A.OWNER, A.ASSIGNMENT), (G.MET, G.OWNER_FREE)),
    Transition(S.OFFERED, S.READY, V.DECLINE, OWNER),
    *(Transition(state, S.READY, V.DECLINE, OWNER) for state in IN_HAND),
    Transition(S.READY, S.IN_PROGRESS, V.TAKE, (A.AGENT,), (G.MET, G.OWNER_FREE)),
    Transition(S.IN_PROGRESS, S.PARTIALLY_AVAILABLE, V.PUBLISH, OWNER, event="PartialPublished, TaskMoved"),
    *(Transition(state, S.WAITING, V.WAIT, (A.OWNER, A.BOARD)) for state in IN_HAND),
    Transition(S.WAITING, S.IN_PROGRESS, V.RESUME, (A.OWNER, A.LEAD, A.BOARD), (G.MET, G.OWNER_FREE)),
    *(Transition(state, S.READY, V.GIVE_BACK, GIVES_BACK, (G.TRIES_LEFT,)) for state in LEASED),
    *(Transition(state, S.FAILED, V.GIVE_BACK, GIVES_BACK, (G.TRIES_SPENT,)) for state in LEASED),
    *(Transition(state, S.VERIFYING, V.COMPLETE, OWNER, (G.HANDOFF, G.MET), HANDED) for state in IN_HAND),
    Transition(S.VERIFYING, S.DONE, V.PASS, (A.VERIFIER,), (G.NO_REVIEW,)),
    Transition(S.VERIFYING, S.IN_REVIEW, V.PASS, (A.VERIFIER,), (G.REVIEW,)),
    Transition(S.VERIFYING, S.IN_REVIEW, V.DEFER, (A.VERIFIER,)),
    Transition(S.VERIFYING, S.IN_PROGRESS, V.INTERRUPT, (A.VERIFIER,), (G.OWNER_FREE,)),
    Transition(S.VERIFYING, S.FAILED, V.REFUSE, (A.VERIFIER,), (G.TRIES_SPENT,)),
    Transition(S.VERIFYING, S.IN_PROGRESS, V.REFUSE, (A.VERIFIER,), (G.OWNER_FREE,)),
    Transition(S.VERIFYING, S.WAITING, V.REFUSE, (A.VERIFIER,), (G.OWNER_BUSY,)),
    Transition(S.IN_REVIEW, S.DONE, V.APPROVE, (A.REVIEWER, A.LEAD)),
    Transition(S.IN_REVIEW, S.IN_PROGRESS, V.REFUSE, (A.REVIEWER, A.LEAD), (G.OWNER_FREE,)),
    Transition(S.IN_REVIEW, S.WAITING, V.REFUSE, (A.REVIEWER, A.LEAD), (G.OWNER_BUSY,)),
    *(Transition(state, S.CANCELLED, V.CANCEL, ENDS) for state in OPEN),
    *(Transition(state, S.FAILED, V.FAIL, ENDS) for state in OPEN),
    Transition(S.FAILED, S.PROPOSED, V.REOPEN, LEAD),
    Transition(S.CANCELLED, S.PROPOSED, V.REOPEN, LEAD),
)  # fmt: skip


def rows(before: TaskState, verb: Verb) -> tuple[Transition, ...]:
    """The rows for doing that to a task in that state, first choice first."""
    return tuple(row for row in TRANSITIONS if row.before is before and row.verb is verb)
