"""What sessions that ended in the middle lack, and giving it to them."""

from collections import Counter

from loomkin.records.dataclass import dataclass, replace
from loomkin.records.keeper_event import KeeperRevised
from loomkin.runtime.clock import Clock
from loomkin.runtime.recorder import Recorder
from loomkin.store import event_log, keepers, mending, sessions
from loomkin.store.database import Database
from loomkin.workspace.opening import mended_messages


@dataclass(frozen=True, slots=True)
class Loose:
    """What does not fit together in a conversation; every request is valid in spite of it.

    `calls` have no result, `results` no call, `twice` are calls with an id that another one has.
    """

    session: str
    agent: str
    calls: int
    results: int
    twice: int

    def __str__(self) -> str:
        told = (
            (self.calls, "without a result"),
            (self.twice, "with an id that was used before"),
        )
        words = [f"{number} call{'s'[: number > 1]} {what}" for number, what in told if number]
        words += [f"{self.results} result{'s'[: self.results > 1]} without a call"] if self.results else []
        return f"session {self.session}, {self.agent or 'no agent'}: {', '.join(words)}"


def loose(db: Database, session: str) -> list[Loose]:
    """The loose ends of each agent of a session; calls that run right now count, too."""
    found = []
    for agent in sessions.speakers(db, session):
        calls: Counter[str] = Counter()
        results: set[str] = set()
        for message in event_log.each_message(db, session, agent):
            calls.update(call.id for call in message.calls)
            results.update(result.call_id for result in message.results)
        twice = sum(number - 1 for number in calls.values())
        one = Loose(session, agent, len(set(calls) - results), len(results - set(calls)), twice)
        if one.calls or one.results or one.twice:
            found.append(one)
    return found


def tie(db: Database, row: sessions.SessionRow, clock: Clock, recorder: Recorder) -> tuple[int, int]:
    """Give calls without a result one that says so, and mark keepers whose messages are gone; counts both.

    Nobody else may work in the session. Turns stay open: they tell who was at work.
    """
    calls = 0
    names = sessions.speakers(db, row.id)
    for agent in names:
        calls += mended_messages(db, row.id, agent, clock, recorder)[1]
    gaps = mending.gaps(db, row.id)
    for gap in gaps:
        card = keepers.find(db, gap.keeper, row.id).keeper.card
        title = card.title.rpartition(" messages are gone) ")[2]
        recorder.record(KeeperRevised(gap.keeper, replace(card, title=gap.mark + title)), row.id)
    return calls, len(gaps)
