"""The plan in memory: tasks, edges, and what tasks have published; read back from the store."""

from loomkin.records.dataclass import dataclass, field
from loomkin.records.ids import TaskId
from loomkin.records.task import Edge, Task
from loomkin.store import tasks as store
from loomkin.store.database import Database


@dataclass(frozen=True, slots=True)
class Piece:
    """A partial result; `total` is 0 where nobody knows how many come."""

    number: int
    total: int
    text: str


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of one check before the work, in words; a `broken` one cannot run as it is.

    `mark` tells one failure from another, empty where it did not fail.
    """

    command: str
    words: str
    broken: bool = False
    failed: bool = False
    mark: str = ""


@dataclass(slots=True)
class Plan:
    """All that the board knows; `notes` are the words of milestones.

    `tried` is what this process found of the checks of tasks before somebody worked on them.
    """

    tasks: dict[TaskId, Task] = field(default_factory=dict)
    edges: list[Edge] = field(default_factory=list)
    pieces: dict[TaskId, list[Piece]] = field(default_factory=dict)
    notes: dict[tuple[TaskId, str], str] = field(default_factory=dict)
    tried: dict[TaskId, list[Tried]] = field(default_factory=dict)
    _needs: dict[TaskId, list[Edge]] | None = None

    def needs(self, task: TaskId) -> list[Edge]:
        """The edges that lead to a task."""
        if self._needs is None:
            self._needs = {}
            for edge in self.edges:
                self._needs.setdefault(edge.after, []).append(edge)
        return self._needs.get(task, [])

    def rewire(self, edges: list[Edge]) -> None:
        """Put other edges in the place of all."""
        self.edges, self._needs = edges, None


def read(database: Database, session: str) -> Plan:
    """The plan of a session as it was written down."""
    plan = Plan({task.id: task for task in store.tasks(database, session)}, store.edges(database, session))
    for row in store.published(database, session):
        if row.milestone:
            plan.notes[(row.task, row.milestone)] = row.text
        else:
            plan.pieces.setdefault(row.task, []).append(Piece(row.number, row.total, row.text))
    return plan
