"""Claims on parts of files: taken by edits on their own, kept until the task or the turn ends."""

import asyncio
import math
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress

from loomkin.agent.turn import TurnEnd
from loomkin.errors import NotFoundError
from loomkin.project.regions import Regions, followed
from loomkin.project.regions_waiting import Wait, knot
from loomkin.records.dataclass import replace
from loomkin.records.event import Event, Fact, StateChanged, TurnEnded
from loomkin.records.ids import TaskId
from loomkin.records.mail import SYSTEM, Delivery, Mail, MailKind, Priority
from loomkin.records.region import Claim, LineChange, Region
from loomkin.records.task import ENDED, TaskState
from loomkin.records.team_event import RegionClaimed, RegionContested, RegionReleased, TaskMoved
from loomkin.runtime.clock import Clock
from loomkin.runtime.recorder import Scribe
from loomkin.team.board import Board
from loomkin.team.claims_words import contested, first_line, waited_for, wanted, yielded, yours
from loomkin.team.mailroom import Letter, Mailroom
from loomkin.team.member import Member
from loomkin.team.practice import Practice

LEASE = 900.0
"""Seconds that a claim lasts without a sign of its holder."""

WAIT = 60.0
"""Seconds that an agent waits in a call; afterwards it is told by mail."""

NOT_BEGUN = frozenset((TaskState.PROPOSED, TaskState.READY, TaskState.OFFERED))


class Queued:
    """An agent in the line for a region; `claim` is set once it is its own."""

    def __init__(self, wait: Wait) -> None:
        self.wait = wait
        self.claim: asyncio.Future[Claim] = asyncio.get_running_loop().create_future()
        self.mailed = False


class Claims(Practice):
    """Who may change which part of a file; every agent's runner and the tools for regions ask here.

    `written` is the hash of each file that a tool wrote last.
    """

    def __init__(self, scribe: Scribe, clock: Clock, room: Mailroom, board: Board) -> None:
        self._scribe = scribe
        self._clock = clock
        self._room = room
        self._board = board
        board.listen(self.plan_changed)
        self._table = Regions()
        self._purposes: dict[str, str] = {}
        self._queue: list[Queued] = []
        self._locks: dict[str, asyncio.Lock] = {}
        self._mentioned: set[tuple[str, str]] = set()
        self.written: dict[str, str] = {}

    def restore(self, claims: Iterable[Claim]) -> None:
        """Go on with the claims of an earlier process; their leases go on, too."""
        for claim in claims:
            self._table.put(claim)

    def now(self) -> float:
        """Seconds since the epoch, as claims count them."""
        return self._clock.now()

    def held(self, agent: str = "") -> list[Claim]:
        """The claims in force, of one agent or of all."""
        self._expire()
        return self._table.of(agent) if agent else list(self._table.all())

    def others(self, agent: str) -> list[Claim]:
        """The claims in force of everybody else."""
        return [claim for claim in self.held() if claim.agent != agent]

    @property
    def queue(self) -> tuple[Wait, ...]:
        """Who waits for what, first come first."""
        return tuple(queued.wait for queued in self._queue)

    def current(self, claims: Iterable[Claim]) -> list[Claim]:
        """Those of the claims that are still in force, as they are now."""
        return [now for claim in claims if (now := self._table.get(claim.id)) is not None]

    def against(self, agent: str, region: Region) -> list[Claim]:
        """The claims of others that stand in an agent's way."""
        self._expire()
        return self._table.against(agent, region)

    def take(self, agent: str, regions: Sequence[Region], intent: str = "") -> list[Claim] | str:
        """Claims on all the regions, or the words for whoever wanted one that another agent holds.

        A claim that the agent has already covers what lies in it; its lease begins anew.
        """
        self._expire()
        for region in regions:
            held = self._table.against(agent, region)
            if held:
                for claim in held:
                    fact = RegionContested(str(region), agent, claim.agent, claim.intent)
                    self._scribe.record(fact)
                    self._mention(claim, agent, wanted(claim, agent, region, intent), Delivery.DIGEST)
                return contested(region, held, self._clock.now())
        return [self._put(agent, region, intent) for region in regions]

    async def wait(self, agent: str, region: Region, intent: str, seconds: float = WAIT) -> Claim | None:
        """The claim as soon as it is free; None where it is not in time, the agent is then told by mail."""
        if not self.against(agent, region):
            return self._put(agent, region, intent)
        queued = self._queued(agent, region, intent)
        for claim in self._table.against(agent, region):
            self._scribe.record(RegionContested(str(region), agent, claim.agent, claim.intent))
            # without a task the holder lets go at the end of its turn anyhow
            delivery = Delivery.NEXT_STEP if claim.task else Delivery.DIGEST
            self._mention(claim, f"{agent} waits", waited_for(claim, agent, intent), delivery)
        self._untie()
        recorder, session = self._scribe.recorder, self._scribe.session
        holders = ", ".join(dict.fromkeys(claim.agent for claim in self._table.against(agent, region)))
        recorder.record(StateChanged("waiting_agent", holders), session, agent)
        try:
            async with asyncio.timeout(seconds):
                return await asyncio.shield(queued.claim)
        except TimeoutError:
            queued.mailed = True
            return queued.claim.result() if queued.claim.done() else None
        except asyncio.CancelledError:
            if queued in self._queue:
                self._queue.remove(queued)
            raise
        finally:
            recorder.record(StateChanged("in_tool", "region_claim"), session, agent)

    def renew(self, agent: str) -> None:
        """An agent gives a sign of life: its leases begin anew once half of their time is over."""
        now = self._clock.now()
        for claim in self._table.of(agent):
            if now < claim.until < now + LEASE / 2:
                self._hold(replace(claim, until=now + LEASE))

    def drop(self, claims: Iterable[Claim], reason: str) -> None:
        """End claims and give what became free to those who wait for it."""
        for claim in claims:
            if self._table.drop(claim.id) is not None:
                self._scribe.record(RegionReleased(claim.id, reason))
        self._grant()

    def follow(self, path: str, changes: Sequence[LineChange], own: Sequence[Claim] = ()) -> None:
        """Let all claims on a file, and those who wait, follow an edit made under the claims `own`."""
        if not changes:
            return
        for claim in self._table.follow(path, changes, [one.id for one in own]):
            self._scribe.record(RegionClaimed(claim))
        for queued in self._queue:
            if queued.wait.region.path == path:
                queued.wait = replace(queued.wait, region=followed(queued.wait.region, changes))

    @asynccontextmanager
    async def still(self, paths: Iterable[str]) -> AsyncIterator[None]:
        """Let nobody else in the team edit these files by a tool meanwhile."""
        async with AsyncExitStack() as stack:
            for path in sorted(set(paths)):
                await stack.enter_async_context(self._locks.setdefault(path, asyncio.Lock()))
            yield

    def turn_begins(self, member: Member, letters: list[Mail]) -> None:
        """What it was last asked for is what it works on, if it has no task."""
        asked = next((mail.text for mail in letters if mail.sender != SYSTEM), "")
        self._purposes[member.name] = first_line(asked) or first_line(member.seat.purpose)

    def turn_ended(self, member: Member, end: TurnEnd, letters: list[Mail]) -> None:
        """An agent that is idle holds only what belongs to its task."""
        self.idle(member.name)

    def gone(self, member: Member, reason: str) -> None:
        """An agent that is gone holds nothing and waits for nothing."""
        self.forget(member.name, reason)

    def happened(self, event: Event) -> None:
        """The session's own agent ends its turns unseen by practices; this is heard a little later."""
        if isinstance(event.fact, TurnEnded) and event.agent not in self._purposes:
            self.idle(event.agent, event.at)

    def plan_changed(self, fact: Fact) -> None:
        """A task that has ended, or went back to the plan, lets go of its claims."""
        if isinstance(fact, TaskMoved) and (fact.after in ENDED or fact.after in NOT_BEGUN):
            over = [claim for claim in self._table.all() if claim.task == fact.task]
            self.drop(over, f"task {fact.task} is {fact.after}")

    def forget(self, agent: str, reason: str) -> None:
        """Let an agent hold nothing and wait for nothing any more."""
        self._queue = [queued for queued in self._queue if queued.wait.agent != agent]
        self.drop(self._table.of(agent), f"{agent} is gone: {reason}")

    def idle(self, agent: str, since: float = math.inf) -> None:
        """Let an agent hold only what belongs to its task, of what it took until then."""
        over = [claim for claim in self._table.of(agent) if not claim.task and claim.at <= since]
        self.drop(over, f"{agent} ended its turn")

    def _queued(self, agent: str, region: Region, intent: str) -> Queued:
        """The agent's place in the line for a region, the one it has where it asks again."""
        for known in self._queue:
            if known.wait.agent == agent and known.wait.region == region:
                known.mailed = False
                return known
        queued = Queued(Wait(agent, region, intent, self._clock.now()))
        self._queue.append(queued)
        return queued

    def _put(self, agent: str, region: Region, intent: str) -> Claim:
        now, task = self._clock.now(), self._board.in_hand(agent)
        known = self._table.covering(agent, region)
        if known is not None and known.until - now > LEASE / 2 and intent in ("", known.intent):
            return known
        said = intent or (task.title if task else self._purposes.get(agent, ""))
        if known is not None:
            claim = replace(known, until=now + LEASE, intent=intent or known.intent)
        else:
            claim = Claim(
                self._clock.new_id("claim"),
                region,
                agent,
                said,
                now,
                task.id if task else TaskId(""),
                now + LEASE,
            )
        return self._hold(claim)

    def _hold(self, claim: Claim) -> Claim:
        self._table.put(claim)
        self._scribe.record(RegionClaimed(claim))
        return claim

    def _expire(self) -> None:
        over = self._table.over(self._clock.now())
        if over:
            self.drop(over, "its lease ended")

    def _grant(self) -> None:
        """Give what is free to those who wait for it, first come first served."""
        for queued in tuple(self._queue):
            wait = queued.wait
            if self._table.against(wait.agent, wait.region):
                continue
            self._queue.remove(queued)
            claim = self._put(wait.agent, wait.region, wait.intent)
            queued.claim.set_result(claim)
            if queued.mailed:
                self.tell(wait.agent, yours(claim))

    def _untie(self) -> None:
        """Where agents wait for each other in a circle, the newest claim in it yields; both are told."""
        found = knot([queued.wait for queued in self._queue], self._table)
        while found is not None:
            for agent, text in yielded(found, self._clock.now()):
                self.tell(agent, text)
            winner = found.agent
            self._queue.sort(key=lambda queued: queued.wait.agent != winner)
            self.drop([found.claim], f"{found.claim.agent} and {found.agent} waited for each other")
            found = knot([queued.wait for queued in self._queue], self._table)

    def _mention(self, claim: Claim, what: str, text: str, delivery: Delivery) -> None:
        """Tell the holder of a claim something about it, once."""
        if (claim.id, what) in self._mentioned:
            return
        self._mentioned.add((claim.id, what))
        with suppress(NotFoundError):
            self._room.send(SYSTEM, Letter(claim.agent, text, MailKind.FINDING, Priority.LOW, delivery))

    def tell(self, agent: str, text: str) -> None:
        """A letter about claims, where its reader is still there."""
        with suppress(NotFoundError):
            self._room.send(SYSTEM, Letter(agent, text, MailKind.BLOCKER, Priority.HIGH))
