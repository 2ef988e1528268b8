"""Who should do a task: by capability, load and record."""

from collections.abc import Collection, Iterable, Mapping

from loomkin.records.dataclass import dataclass
from loomkin.records.role import Role
from loomkin.records.task import Task
from loomkin.store.tasks import TrackRecord

CHANGES = frozenset(("file_edit", "file_write", "file_patch"))
RUNS = frozenset(("shell",))
LOAD, FAMILIAR = 0.5, 0.2
USUAL = "coder"


@dataclass(frozen=True, slots=True)
class Candidate:
    """An agent that might do a task.

    `load` is how many tasks it has; `knows` says that it did one which the task builds on.
    """

    name: str
    role: Role
    model: str
    load: int
    knows: bool = False


@dataclass(frozen=True, slots=True)
class Match:
    """How well an agent fits a task, and why, in words."""

    name: str
    score: float
    why: str


def changes_files(role: Role) -> bool:
    """Whether a role has a tool that changes files, at once or after looking for it."""
    return not CHANGES.isdisjoint(role.all_tools)


def fits(task: Task, role: Role) -> bool:
    """Whether a role can do a task: it is the one named, or has the tools where none is named."""
    if task.role:
        return role.name == task.role
    tools = {*role.tools, *role.team_tools, *role.plan_tools}
    return bool({"task_complete"} & tools and tools & CHANGES) and (not task.checks or bool(tools & RUNS))


def success(role: str, model: str, records: Iterable[TrackRecord]) -> tuple[float, int]:
    """The share of tasks that a role did well with a model, 0.5 without any, and how many there were.

    Laplace's rule of succession, so that one lucky task does not outweigh nine good ones of ten. An empty
    model counts all models.
    """
    done = failed = 0
    for record in records:
        if record.role == role and model in ("", record.model):
            done, failed = done + record.done, failed + record.failed
    return (done + 1) / (done + failed + 2), done + failed


def rank(task: Task, candidates: Iterable[Candidate], records: Collection[TrackRecord]) -> list[Match]:
    """Those who fit, the best first."""
    found = []
    for one in candidates:
        if not fits(task, one.role):
            continue
        share, tried = success(one.role.name, one.model, records)
        score = share - LOAD * one.load + FAMILIAR * one.knows
        record = f"{share:.0%} of {tried} tasks went well" if tried else "no task of its kind has ended yet"
        why = f"{one.role.name}, {one.load} tasks in hand, {record}"
        found.append(Match(one.name, score, why + (", knows what it builds on" if one.knows else "")))
    return sorted(found, key=lambda match: (-match.score, match.name))


def role_for(task: Task, roles: Mapping[str, Role], records: Collection[TrackRecord]) -> Role | None:
    """The role to hire for a task: the one named, else of those that can do it the one that did best."""
    able = [role for role in roles.values() if fits(task, role)]
    return max(able, key=lambda role: (success(role.name, "", records)[0], role.name == USUAL), default=None)
