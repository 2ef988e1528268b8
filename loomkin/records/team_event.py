"""What happens in a team: agents come and go, letters travel, the plan changes, regions are claimed."""

from loomkin.records.dataclass import dataclass
from loomkin.records.event import Fact
from loomkin.records.ids import MailId, TaskId
from loomkin.records.mail import Mail
from loomkin.records.region import Claim
from loomkin.records.role import Tier
from loomkin.records.task import Edge, Evidence, Handoff, Task, TaskState


@dataclass(frozen=True, slots=True)
class AgentJoined(Fact):
    """An agent was spawned; `spawner` is who asked for it, `purpose` what for, `budget` in picodollars.

    `tier` is the one it was hired with, which may be another than its role's.
    """

    name: str
    role: str
    team: str
    spawner: str
    model: str
    purpose: str
    budget: int | None = None
    depth: int = 0
    tier: Tier | None = None


@dataclass(frozen=True, slots=True)
class AgentMoved(Fact):
    """An agent's lasting state changed: working, idle, paused, stalled, crashed, stopped or done."""

    name: str
    state: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class AgentReported(Fact):
    """An agent's last words, for whoever asked for them."""

    name: str
    to: str
    text: str
    outcome: str


@dataclass(frozen=True, slots=True)
class ModelEscalated(Fact):
    """An agent goes on with another tier of model, up after failures or down again."""

    name: str
    tier: str
    model: str
    reason: str


@dataclass(frozen=True, slots=True)
class MailSent(Fact):
    """A letter was put into a queue."""

    mail: Mail


@dataclass(frozen=True, slots=True)
class MailMoved(Fact):
    """A letter reached another state; `reason` says why where that is not plain."""

    mail: MailId
    state: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class MailEdited(Fact):
    """The person changed a letter that waits: its words, its place, or when it may go."""

    mail: MailId
    text: str
    rank: int
    not_before: float


@dataclass(frozen=True, slots=True)
class TaskAdded(Fact):
    """The plan has one more task."""

    task: Task


@dataclass(frozen=True, slots=True)
class TaskRevised(Fact):
    """A task's words, checks, owner, priority or budget changed; its state did not."""

    task: Task
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class TaskMoved(Fact):
    """A task went from one state to another."""

    task: TaskId
    before: TaskState
    after: TaskState
    actor: str
    owner: str
    reason: str
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class EdgeAdded(Fact):
    """A task now needs another one."""

    edge: Edge
    by: str


@dataclass(frozen=True, slots=True)
class EdgeRemoved(Fact):
    """A task needs another one no more."""

    edge: Edge
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class HandedOff(Fact):
    """What the owner of a task leaves behind, also when it stops half-way."""

    task: TaskId
    handoff: Handoff


@dataclass(frozen=True, slots=True)
class EvidenceGathered(Fact):
    """A command was run to prove a task."""

    task: TaskId
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class MilestoneReached(Fact):
    """A task reached a named point on its way."""

    task: TaskId
    name: str
    note: str


@dataclass(frozen=True, slots=True)
class PartialPublished(Fact):
    """A task has one more piece of its result ready; `total` is 0 where nobody knows how many come."""

    task: TaskId
    number: int
    total: int
    text: str


@dataclass(frozen=True, slots=True)
class RendezvousChanged(Fact):
    """A named meeting point: who is awaited, who is there, how it ended (open, met, timed_out), what then."""

    name: str
    awaited: tuple[str, ...]
    present: tuple[str, ...]
    state: str
    until: float
    text: str = ""


@dataclass(frozen=True, slots=True)
class RegionClaimed(Fact):
    """An agent holds a region, or holds it longer, or its lines moved."""

    claim: Claim


@dataclass(frozen=True, slots=True)
class RegionReleased(Fact):
    """A claim ended."""

    claim: str
    reason: str


@dataclass(frozen=True, slots=True)
class RegionContested(Fact):
    """An agent wanted a region that another one holds; it was told the holder and the intent."""

    region: str
    agent: str
    holder: str
    intent: str


@dataclass(frozen=True, slots=True)
class ProjectSurveyed(Fact):
    """What the orienter found out about the repository, for every later agent; `tree` names its state."""

    tree: str
    text: str
