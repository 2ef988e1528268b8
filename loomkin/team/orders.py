"""A task in words: the order that its owner reads first, and what others are told of its end."""

from collections.abc import Iterable, Iterator

from loomkin.records.dataclass import replace
from loomkin.records.mail import SYSTEM
from loomkin.records.task import Edge, EdgeKind, Handoff, Task, TaskState
from loomkin.team.board import Board
from loomkin.team.edges import satisfied
from loomkin.team.plan import Plan, Tried
from loomkin.team.referee import ASIDE, MEND, NEEDS

PARTS = ("done", "found", "decided", "open", "evidence")


def order(board: Board, task: Task) -> str:
    """All that the owner of a task must know to begin."""
    return "\n".join(_order(board, task))


def in_words(handoff: Handoff) -> str:
    """A handoff, a line for each of its parts that says something."""
    return "\n".join(_parts(handoff))


def _parts(handoff: Handoff) -> list[str]:
    parts = [f"{part}: {text}" for part in PARTS if (text := str(getattr(handoff, part)).strip())]
    if handoff.changed:
        parts.insert(1, f"changed: {', '.join(handoff.changed)}")
    return parts


def left_behind(task: Task, why: str, said: str) -> Handoff:
    """What an attempt that ends undone leaves to the next one, with what was last said of the task."""
    last = "" if task.reason.startswith((NEEDS, ASIDE)) else task.reason.removeprefix(MEND)
    told = f"Last said of it: {last}" if last else ""
    if task.handoff is None or (task.handoff.done and said and not last):
        return Handoff(found=said, open="\n".join(filter(None, (told, f"Not finished: {why}."))))
    return replace(task.handoff, open="\n".join(filter(None, (task.handoff.open, told))))


def proof_words(task: Task) -> str:
    """What loomkin ran for a task, the last run of each command in a line; says so where that is nothing."""
    runs = {proof.command: proof for proof in task.proofs}
    lines = [
        f"- `{one.command}`: exit {one.exit_code}{', flaky: it failed once' if one.flaky else ''}"
        f"{f' (run by {one.by})' if one.by != SYSTEM else ''}"
        for one in runs.values()
    ]
    head = "run by loomkin:" if lines else "run by loomkin: nothing; it is a claim"
    lines += [f"- `{one.command}`: withdrawn by {one.by}" for one in task.withdrawn]
    return "\n".join([head, *lines])


def proof_line(task: Task) -> str:
    """The same in a line, for whoever is not the first to read it: what is not a plain pass is named."""
    runs = {proof.command: proof for proof in task.proofs}
    plain = {name for name, one in runs.items() if (one.exit_code, one.flaky, one.by) == (0, False, SYSTEM)}
    if len(plain) < 2 and not task.withdrawn:
        return proof_words(task)
    other = proof_words(
        replace(task, evidence=tuple(one for one in task.evidence if one.command not in plain))
    )
    named = [line.removeprefix("- ") for line in other.splitlines() if line.startswith("- ")]
    named = named[: len(runs) - len(plain)]
    told = [f"{len(plain)} checks, exit 0"] * bool(plain) + named
    told += [f"{len(task.withdrawn)} withdrawn"] * bool(task.withdrawn)
    return f"run by loomkin: {'; '.join(told)}"


def in_short(task: Task) -> str:
    """What was done, where, what is open, and the proof in a line."""
    whole = task.handoff or Handoff()
    return "\n".join([*_parts(Handoff(whole.done, "", whole.changed, "", whole.open)), proof_line(task)])


def failing_words(task: Task, tried: Iterable[Tried]) -> str:
    """Which checks of a task failed when they were tried before the work; empty where none did."""
    lines = [f"- `{one.command}` {one.words}." for one in tried if one.failed and one.command in task.checks]
    return "\n".join(["Tried once before the work:", *lines]) if lines else ""


def brought(plan: Plan, edge: Edge, known: str = "") -> str:
    """What the earlier task of an edge brings to the later one, as far as it is there and not `known`."""
    lines = []
    for mark, head, parts in _brought(plan, edge):
        told = f"\n{mark}" in f"\n{known}"
        fresh = [part for part in parts if not (told and f"\n{part}\n" in f"{known}\n")]
        lines += [head, *fresh] if fresh or not told else []
    return "\n".join(lines)


def _order(board: Board, task: Task) -> Iterator[str]:
    plan = board.plan
    yield f"Task {task.id}: {task.title}"
    if task.description:
        yield task.description
    if task.checks:
        yield "Checks that loomkin runs when you hand it in: " + "; ".join(f"`{one}`" for one in task.checks)
    if told := failing_words(task, plan.tried.get(task.id, [])):
        yield told
    if task.regions:
        yield f"Means to change: {', '.join(task.regions)}"
    if task.parent:
        yield f"Part of {task.parent}: {plan.tasks[task.parent].title}"
    if task.handoff is not None:
        yield f"An earlier attempt left this:\n{in_words(task.handoff)}"
    if task.partials:
        yield f"It has published {len(task.partials)} partial results before; go on with the next."
    for edge in plan.edges:
        if edge.after == task.id and satisfied(edge, plan.tasks[edge.before]):
            yield brought(plan, edge)
    waiting = [one for one in plan.edges if one.before == task.id and one.kind is EdgeKind.MILESTONE]
    for edge in waiting:
        yield f"{edge.after} waits for the milestone `{edge.name}` of this task: say so with task_milestone."
    if any(one.before == task.id and one.kind is EdgeKind.PARTIAL for one in plan.edges):
        yield "Another task starts on partial results of this one: publish each with task_partial."
    yield (
        f"Created by {task.creator}. It is yours unless your first step declines it (task_decline). When all "
        f"of it is done, call task_complete for {task.id}: that is the report, and words in mail do not "
        "finish it. If something is in the way, task_block."
    )


def _brought(plan: Plan, edge: Edge) -> Iterator[tuple[str, str, list[str]]]:
    """Each thing as the words by which it is found again, its first line, and its parts."""
    before = plan.tasks[edge.before]
    what = f"{before.id} ({before.title}, {before.owner or 'nobody'}, {before.state})"
    if edge.kind is EdgeKind.MILESTONE and edge.name in before.milestones:
        note = plan.notes.get((before.id, edge.name), "")
        yield f"Milestone {edge.name} of {before.id} (", f"Milestone {edge.name} of {what}: {note}", []
    elif edge.kind is EdgeKind.MILESTONE and before.state is TaskState.DONE:
        never = f"{what} never reached the milestone {edge.name}; judge by what it handed over."
        yield never, never, []
    if edge.kind is EdgeKind.PARTIAL:
        for piece in plan.pieces.get(before.id, ()):
            words = piece_words(before, piece.number, piece.total, piece.text)
            yield words, words, []
    if before.state is TaskState.DONE and before.handoff is not None and edge.kind is not EdgeKind.BLOCKS:
        yield f"From {before.id} (", f"From {what}:", [*_parts(before.handoff), proof_line(before)]


def piece_words(task: Task, number: int, total: int, text: str) -> str:
    """One partial result, with its place among all."""
    return f"Part {number}{f' of {total}' if total else ''} of {task.id} ({task.title}): {text}"
