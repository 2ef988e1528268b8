"""What belongs to an imported session under the numbers and names that are free here."""

from collections.abc import Iterable
from sqlite3 import Connection

from loomkin.records.dataclass import replace
from loomkin.records.decision import Node, Wording
from loomkin.records.decision_event import (
    DecisionLinked,
    DecisionLogged,
    DecisionRemoved,
    DecisionRevised,
    DecisionUnlinked,
    DoubtCleared,
    DoubtRaised,
    DoubtTold,
)
from loomkin.records.event import CallFinished, Fact
from loomkin.records.ids import DecisionId, KeeperId, SessionId
from loomkin.records.keeper_event import KeeperMade, KeeperMoved, KeeperRevised, KeeperUsed
from loomkin.records.regex import pattern
from loomkin.records.session_event import Renamed
from loomkin.records.task import Task
from loomkin.records.team_event import EvidenceGathered, TaskAdded, TaskRevised
from loomkin.store import decisions, event_log, keepers
from loomkin.store.decisions import as_list
from loomkin.store.numbers import next_number, take_number, use_numbers_up_to
from loomkin.store.outputs import FOLDER
from loomkin.store.transfer_read import STAGED, Staged

_NUMBER = pattern(r"[kd]\d+")
_DIGITS = 9


class Renumbering:
    """Gives numbers to the keepers and decisions of a session; decisions that are here already keep theirs.

    Within the transaction that writes the session. Numbers stay where this repository has not come so far.
    """

    def __init__(
        self, connection: Connection, staged: Staged, session: SessionId, outputs: dict[str, str]
    ) -> None:
        self._session = session
        self._original = staged.session
        self._outputs = {FOLDER + before: FOLDER + now for before, now in outputs.items()}
        made = event_log.facts(staged.database, STAGED, KeeperMade)
        self._keepers = _chosen(connection, keepers.NUMBERS, "k", (fact.keeper.id for fact in made))
        logged = event_log.facts(staged.database, STAGED, DecisionLogged)
        numbers = {fact.node.change_id: str(fact.node.id) for fact in logged}
        self._here = {
            str(change): str(identity)
            for change, identity in connection.execute(
                "SELECT change_id, id FROM decisions WHERE change_id IN (SELECT value FROM json_each(?))",
                (as_list(numbers),),
            )
        }
        new = [identity for change, identity in numbers.items() if change not in self._here]
        fresh = _chosen(connection, decisions.NUMBERS, "d", new)
        self._decisions = {
            change: self._here.get(change) or fresh[identity] for change, identity in numbers.items()
        }
        self._by_number = {identity: self._decisions[change] for change, identity in numbers.items()}

    def renamed(self) -> tuple[Renamed, ...]:
        """What is called otherwise here than in the words of the session."""
        pairs = (*self._keepers.items(), *self._by_number.items(), *self._outputs.items())
        return tuple(Renamed(before, now) for before, now in pairs if before != now)

    def fact(self, fact: Fact) -> Fact | None:
        """The fact as it is written here, itself where nothing changes; None for what is here already."""
        match fact:
            case KeeperMade(keeper):
                identity = KeeperId(self._keeper(keeper.id))
                return replace(fact, keeper=replace(keeper, id=identity, session=self._session))
            case KeeperMoved(keeper) | KeeperRevised(keeper) | KeeperUsed(keeper):
                known = self._keeper(keeper)
                return self._same(fact, keeper=known) if known else None
            case TaskAdded(task) | TaskRevised(task):
                return self._same(fact, task=self._task(task))
            case CallFinished(output_id=output) if output in self._outputs:
                return self._same(fact, output_id=self._outputs[output])
            case EvidenceGathered(_, evidence) if evidence.output_id in self._outputs:
                moved = replace(evidence, output_id=self._outputs[evidence.output_id])
                return self._same(fact, evidence=moved)
        return self._of_graph(fact)

    def _of_graph(self, fact: Fact) -> Fact | None:
        match fact:
            case DecisionLogged(node) | DecisionRemoved(node):
                if node.change_id in self._here:
                    return None
                return replace(fact, node=self._node(node))
            case DecisionRevised(change_id=change, before=before, after=after):
                if change in self._here:
                    return None
                identity = DecisionId(self._decisions.get(change, fact.id))
                return replace(fact, id=identity, before=self._wording(before), after=self._wording(after))
            case DecisionLinked(edge) | DecisionUnlinked(edge):
                return None if edge.start in self._here and edge.end in self._here else fact
            case DoubtRaised(node) | DoubtTold(node) | DoubtCleared(node) if node in self._here:
                return None
            case DoubtRaised():
                return replace(fact, session=self._session)
        return fact

    @staticmethod
    def _same(fact: Fact, **changed: object) -> Fact:
        """The fact itself where it has these values already."""
        same = all(getattr(fact, name) == value for name, value in changed.items())
        return fact if same else replace(fact, **changed)  # type: ignore[type-var]

    def _keeper(self, identity: str) -> str:
        """What the keeper is called here; nothing for one that did not come along."""
        return self._keepers.get(identity, "" if _NUMBER.fullmatch(identity) else identity)

    def _task(self, task: Task) -> Task:
        foreign = "" if _NUMBER.fullmatch(task.goal) else task.goal
        goal = self._by_number.get(task.goal, foreign)
        return task if goal == task.goal else replace(task, goal=goal)

    def _node(self, node: Node) -> Node:
        """A node that another session made came along as a neighbour; that session is not here."""
        own = node.origin.session in (self._original, STAGED)
        origin = replace(node.origin, session=self._session if own else SessionId(""))
        identity = DecisionId(self._decisions.get(node.change_id, node.id))
        return replace(node, id=identity, origin=origin, wording=self._wording(node.wording))

    def _wording(self, wording: Wording) -> Wording:
        return replace(wording, keepers=tuple(filter(None, map(self._keeper, wording.keepers))))


def _chosen(connection: Connection, name: str, letter: str, wanted: Iterable[str]) -> dict[str, str]:
    """Their own numbers where none of them was ever given here, else new ones for all."""
    old = list(dict.fromkeys(wanted))
    numbers = [
        int(one[1:]) for one in old if one[:1] == letter and one[1:].isdecimal() and len(one) <= 1 + _DIGITS
    ]
    plain = all(f"{letter}{number}" == one for number, one in zip(numbers, old, strict=False))
    if len(numbers) == len(old) and plain and next_number(connection, name) <= min(numbers, default=0):
        use_numbers_up_to(connection, name, max(numbers))
        return {one: one for one in old}
    return {one: f"{letter}{take_number(connection, name)}" for one in old}
