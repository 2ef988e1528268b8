"""The plan in words: a line for each task, all of one task, and tasks out of what a person typed."""

import shlex
from collections.abc import Iterable, Sequence

from loomkin.errors import UsageError
from loomkin.records.dataclass import dataclass
from loomkin.records.ids import TaskId
from loomkin.records.mail import PERSON
from loomkin.records.task import ENDED, Edge, EdgeKind, Task

FIELDS = ("title", "description", "role", "priority", "check", "needs", "review")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a person wants of a task; None leaves a field as it is."""

    title: str | None = None
    description: str | None = None
    role: str | None = None
    priority: int | None = None
    checks: tuple[str, ...] | None = None
    needs: tuple[str, ...] = ()
    review: bool | None = None

    def draft(self) -> Task:
        """A new task; raises UsageError where it has no title."""
        if not (self.title or "").strip():
            raise UsageError("A task needs a title.", hint="Say in a few words what is to be done.")
        return Task(
            TaskId(""),
            (self.title or "").strip(),
            self.description or "",
            PERSON,
            self.checks or (),
            self.role or "",
            priority=5 if self.priority is None else self.priority,
            needs_review=bool(self.review),
        )

    def edges(self, after: str = "") -> list[Edge]:
        """What it needs, with the output of what it needs."""
        return [Edge(TaskId(one), TaskId(after), EdgeKind.REQUIRES_OUTPUT) for one in self.needs]

    def changes(self) -> dict[str, object]:
        """The fields of a task that change."""
        known = {
            "title": self.title,
            "description": self.description,
            "role": self.role,
            "priority": self.priority,
            "checks": self.checks,
            "needs_review": self.review,
        }
        return {name: value for name, value in known.items() if value is not None}


def wanted(text: str) -> Wanted:
    """Read `The title role=coder priority=7 check="pytest -q" needs=t1,t2 review=yes`; raises UsageError."""
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise UsageError(f"A quotation mark is not closed in: {text}") from error
    fields: dict[str, list[str]] = {}
    title = []
    for word in words:
        name, equals, value = word.partition("=")
        if equals and name in FIELDS:
            fields.setdefault(name, []).append(value)
        else:
            title.append(word)
    said = {name: values[-1] for name, values in fields.items()}
    return Wanted(
        said.get("title") or " ".join(title) or None,
        said.get("description"),
        said.get("role"),
        priority_of(said["priority"]) if "priority" in said else None,
        tuple(fields["check"]) if "check" in fields else None,
        tuple(one for one in said.get("needs", "").split(",") if one),
        said["review"].lower() in ("yes", "true", "1") if "review" in said else None,
    )


def priority_of(text: str) -> int:
    """A priority from 0 (someday) to 9 (now); raises UsageError."""
    if len(text) != 1 or text not in "0123456789":
        raise UsageError(f"{text!r} is no priority.", hint="0 is someday, 5 is usual, 9 is now.")
    return int(text)


def state_of(task: Task) -> str:
    """Where it stands, as a person reads it."""
    return "done (claimed)" if task.claimed else task.state.value.replace("_", " ")


def task_lines(tasks: Sequence[Task], edges: Iterable[Edge]) -> list[str]:
    """A line for each task: open ones first, the most urgent before others."""
    known = list(edges)
    order = sorted(tasks, key=lambda task: (task.state in ENDED, -task.priority))
    width = max((len(state_of(task)) for task in tasks), default=0)
    lines = []
    for task in order:
        needs = [edge.before for edge in known if edge.after == task.id]
        more = [
            task.owner or (f"for a {task.role}" if task.role else ""),
            f"needs {', '.join(needs)}" if needs else "",
            f"priority {task.priority}" if task.priority != 5 else "",
            " ".join(task.reason.split())[:80],
        ]
        about = " · ".join(part for part in more if part)
        lines.append(
            f"{task.id:<4} {state_of(task):<{width}}  {task.title}" + (f"  ({about})" if about else "")
        )
    return lines


def task_text(task: Task, edges: Iterable[Edge]) -> str:
    """All that is known of a task."""
    known = list(edges)
    before = [f"{edge.before} ({edge.kind})" for edge in known if edge.after == task.id]
    after = [edge.after for edge in known if edge.before == task.id]
    rows = [
        ("state", state_of(task) + (f": {task.reason}" if task.reason else "")),
        ("owner", task.owner),
        ("role", task.role),
        ("from", task.creator),
        ("goal", task.goal),
        ("priority", str(task.priority)),
        ("needs", ", ".join(before)),
        ("needed by", ", ".join(after)),
        ("means to change", ", ".join(task.regions)),
        ("checks", "; ".join(task.checks)),
        ("attempts", str(task.attempts) if task.attempts else ""),
        ("milestones", ", ".join(task.milestones)),
        ("partial results", str(len(task.partials)) if task.partials else ""),
    ]
    lines = [f"{task.id} {task.title}", *(f"  {name}: {value}" for name, value in rows if value)]
    lines += [task.description] if task.description else []
    lines += [f"  ran: {one.command} -> exit {one.exit_code} ({one.by})" for one in task.proofs]
    lines += [f"  withdrawn by {one.by}: {one.command}" for one in task.withdrawn]
    if task.handoff is not None:
        left = task.handoff
        parts = [
            ("done", left.done), ("found", left.found), ("changed", ", ".join(left.changed)),
            ("decided", left.decided), ("open", left.open), ("evidence", left.evidence),
        ]  # fmt: skip
        lines += [f"  handoff, {name}: {value}" for name, value in parts if value]
    return "\n".join(lines)
