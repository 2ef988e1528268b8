"""What an earlier task brings to a later one is said once, and later only as far as it changed."""

from loomkin.records.dataclass import replace
from loomkin.records.ids import TaskId
from loomkin.records.mail import SYSTEM
from loomkin.records.task import Edge, EdgeKind, Evidence, Handoff, Task, TaskState, Withdrawn
from loomkin.team.orders import brought, in_short, left_behind, proof_line
from loomkin.team.plan import Plan
from loomkin.team.referee import MEND, NEEDS

FIRST = Handoff("mended it", found="it added one", changed=("calc.py",), open="an empty list")
EDGE = Edge(TaskId("t1"), TaskId("t2"), EdgeKind.REQUIRES_OUTPUT)


def handed_over(handoff: Handoff) -> Plan:
    done = Task(TaskId("t1"), "mend mean", owner="coder", state=TaskState.DONE, handoff=handoff)
    return Plan({done.id: done, TaskId("t2"): Task(TaskId("t2"), "test mean")}, [EDGE])


def test_what_is_known_is_not_said_again():
    plan = handed_over(FIRST)
    told = brought(plan, EDGE)
    assert told.startswith("From t1 (mend mean, coder, done):\ndone: mended it\nchanged: calc.py\n")
    assert brought(plan, EDGE, f"Task t2: test mean\n{told}\nCreated by lead.") == ""
    assert brought(plan, EDGE, told.replace("t1", "t3")) == told


def test_of_a_task_that_was_done_again_only_the_parts_that_changed_are_said():
    told = brought(handed_over(FIRST), EDGE)
    later = handed_over(replace(FIRST, done="mended it, the empty list, too", open=""))
    assert brought(later, EDGE, told) == (
        "From t1 (mend mean, coder, done):\ndone: mended it, the empty list, too"
    )
    shorter = handed_over(replace(FIRST, done="mended"))
    assert brought(shorter, EDGE, told).endswith("\ndone: mended")


def test_a_milestone_is_said_once_whatever_became_of_its_task_meanwhile():
    edge = replace(EDGE, kind=EdgeKind.MILESTONE, name="api")
    plan = handed_over(FIRST)
    plan.notes[(TaskId("t1"), "api")] = "it is final"
    at_work = replace(plan.tasks[TaskId("t1")], milestones=("api",), state=TaskState.IN_PROGRESS)
    plan.tasks[TaskId("t1")] = at_work
    told = brought(plan, edge)
    assert told == "Milestone api of t1 (mend mean, coder, in_progress): it is final"
    plan.tasks[TaskId("t1")] = replace(at_work, state=TaskState.DONE)
    assert brought(plan, edge, told).startswith("From t1 (mend mean, coder, done):\ndone: mended it\n")
    assert "Milestone" not in brought(plan, edge, told)


def test_what_a_review_found_is_left_to_whoever_does_the_task_next():
    refused = replace(handed_over(FIRST).tasks[TaskId("t1")], state=TaskState.IN_PROGRESS, reason="no test")
    left = replace(FIRST, open="an empty list\nLast said of it: no test")
    assert left_behind(refused, "coder left", "I go.") == left
    assert left_behind(replace(refused, reason=f"{MEND}no test"), "coder left", "I go.") == left
    never = replace(refused, handoff=None)
    assert (
        left_behind(never, "coder left", "I go.").open
        == "Last said of it: no test\nNot finished: coder left."
    )


def test_an_attempt_that_nothing_was_said_of_leaves_what_its_owner_said():
    waits = replace(handed_over(FIRST).tasks[TaskId("t1")], state=TaskState.WAITING, reason=f"{NEEDS}t0")
    assert left_behind(waits, "coder left", "I go.") == Handoff(
        found="I go.", open="Not finished: coder left."
    )
    assert left_behind(waits, "coder left", "") == FIRST
    half = Handoff(open="the half")
    assert left_behind(replace(waits, handoff=half), "coder left", "I go.") == half


def test_who_reads_a_proof_second_has_it_in_a_line_with_what_is_no_plain_pass():
    runs = (("a", 0), ("b", 1), ("b", 0), ("c", 1), ("d", 0), ("e", 0))
    proofs = tuple(Evidence(name, code, "", "ada" if name == "d" else SYSTEM, 1.0) for name, code in runs)
    task = Task(TaskId("t1"), "mend", handoff=FIRST, evidence=proofs, withdrawn=(Withdrawn("e", "lead"),))
    assert in_short(task) == (
        "done: mended it\nchanged: calc.py\nopen: an empty list\n"
        "run by loomkin: 2 checks, exit 0; `c`: exit 1; `d`: exit 0 (run by ada); 1 withdrawn"
    )
    assert proof_line(replace(task, evidence=proofs[:1], withdrawn=())) == "run by loomkin:\n- `a`: exit 0"
