"""Where in its log a session stood: the event that a number, a message, a turn or a keeper names."""

from loomkin.errors import NotFoundError, UsageError
from loomkin.records.event import (
    Event,
    ModeChanged,
    ModelChanged,
    SessionStarted,
    TurnEnded,
    TurnStarted,
    WindowCleared,
)
from loomkin.records.team_event import AgentJoined
from loomkin.store import sessions
from loomkin.store.database import Database

FORMS = "an event (42), a message (m_…), the end of a turn (turn:3) or a keeper (k7)"
TURN = "turn:"


def event_at(db: Database, session: str, word: str) -> int:
    """The event that a word names: by its number, its message, the turn that it ended, its keeper.

    Raises NotFoundError where the session has no such thing, UsageError for a word that names none.
    """
    if word.isdecimal():
        return _event(db, session, int(word))
    if word.startswith(TURN):
        number = word.removeprefix(TURN)
        if number.isdecimal():
            return _end_of_turn(db, session, int(number))
    elif word[:1] == "k" and word[1:].isdecimal():
        return _only(db, session, word, "SELECT seq FROM keepers WHERE session = ? AND id = ?")
    elif word.startswith("m"):
        return _only(db, session, word, "SELECT min(seq) FROM messages WHERE session = ? AND id = ?")
    raise UsageError(f"{word!r} names no place in a session.", hint=f"Give {FORMS}.")


def last_event(db: Database, session: str) -> int:
    """The newest event of a session, 0 where it has none."""
    (last,) = db.rows("SELECT coalesce(max(seq), 0) FROM events WHERE session = ?", (session,))[0]
    return int(last)


def own_agent(db: Database, session: str) -> str:
    """The agent that the person talks with: the first one of a team, else the first that has a transcript."""
    names = [fact.name for _, fact in members(db, session)]
    return next(iter(names or sessions.speakers(db, session)), "")


def members(db: Database, session: str) -> list[tuple[Event, AgentJoined]]:
    """Who joined the team of a session, in that order; sub-agents, as of a review, are none of it."""
    joined = sessions.events(db, session, AgentJoined.__name__)
    return [
        (one, one.fact) for one in joined if isinstance(one.fact, AgentJoined) and "/" not in one.fact.name
    ]


def cleared(db: Database, session: str, until: int) -> int:
    """The last event up to that one at which the person began anew, 0 where there was none."""
    found = [one.seq for one in sessions.events(db, session, WindowCleared.__name__) if one.seq <= until]
    return found[-1] if found else 0


def model_and_mode(db: Database, session: str, until: int) -> tuple[str, str]:
    """With which model and in which mode a session ran then."""
    model = mode = ""
    for kind in (SessionStarted, ModelChanged, ModeChanged):
        for one in sessions.events(db, session, kind.__name__):
            match one.fact:
                case SessionStarted(model=first, mode=with_mode):
                    model, mode = first, with_mode
                case ModelChanged(later) if one.seq <= until:
                    model = later
                case ModeChanged(later) if one.seq <= until:
                    mode = later
    return model, mode


def _event(db: Database, session: str, number: int) -> int:
    rows = db.rows("SELECT 1 FROM events WHERE session = ? AND seq = ?", (session, number))
    if rows:
        return number
    first, last = db.rows("SELECT min(seq), max(seq) FROM events WHERE session = ?", (session,))[0]
    raise NotFoundError(
        f"Session {session} has no event {number}; its events lie between {first} and {last}.",
        hint=_hint(session),
    )


def _end_of_turn(db: Database, session: str, number: int) -> int:
    """The end of a turn of the session's own agent; of one that never ended, all until the next one."""
    agent = own_agent(db, session)
    found = 0
    for one in sessions.events(db, session, TurnEnded.__name__):
        if one.agent == agent and isinstance(one.fact, TurnEnded) and one.fact.number == number:
            found = one.seq
    if found:
        return found
    turns = [one for one in sessions.events(db, session, TurnStarted.__name__) if one.agent == agent]
    numbers = [one.fact.number for one in turns if isinstance(one.fact, TurnStarted)]
    if number not in numbers:
        told = f"its turns are 1 to {max(numbers)}" if numbers else "it has none yet"
        raise NotFoundError(f"Session {session} has no turn {number}; {told}.", hint=_hint(session))
    later = [one.seq for one, its in zip(turns, numbers, strict=True) if its > number]
    (last,) = db.rows(
        "SELECT max(seq) FROM events WHERE session = ? AND (? = 0 OR seq < ?)",
        (session, min(later, default=0), min(later, default=0)),
    )[0]
    return int(last)


def _only(db: Database, session: str, word: str, query: str) -> int:
    rows = db.rows(query, (session, word))
    if not rows or rows[0][0] is None:
        raise NotFoundError(f"Session {session} has no {word}.", hint=_hint(session))
    return int(rows[0][0])


def _hint(session: str) -> str:
    return f"`loomkin sessions show {session} --events` lists what there is."
