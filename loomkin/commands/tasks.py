"""/tasks: the plan, and changing it while it runs."""

from typing import TYPE_CHECKING

from loomkin.commands.command import Command, CommandResult, Context
from loomkin.commands.crew import new_team
from loomkin.errors import UsageError
from loomkin.records.mail import PERSON
from loomkin.store import tasks as store
from loomkin.workspace.plan_words import task_lines, task_text, wanted

if TYPE_CHECKING:  # a conversation of one agent loads no team
    from loomkin.team.board import Board
    from loomkin.workspace.oversight import Oversight

HINT = (
    "/tasks · /tasks ID · /tasks add TITLE · /tasks edit ID [TITLE] · /tasks cancel ID [WHY]; behind a title"
    ' role=coder priority=0…9 needs=t1,t2 check="make test" description="…" review=yes'
)


class Tasks(Command):
    """Lists tasks, shows one, adds, edits and cancels."""

    name = "tasks"
    summary = "the plan; add, edit, cancel change it while it runs"
    usage = "[ID]"
    more = HINT
    aliases = ("board",)

    async def run(self, context: Context, argument: str) -> CommandResult:
        verb, _, rest = argument.strip().partition(" ")
        if not verb or verb == "list":
            return CommandResult(await _listed(context))
        board = new_team(context).board
        if verb == "add":
            want = wanted(rest)
            task = board.add(want.draft(), want.edges())
            return CommandResult(f"{task.id} is {task.state}: {task.title}")
        if verb == "edit":
            return CommandResult(_edited(board, rest))
        if verb == "cancel":
            identity, _, why = rest.strip().partition(" ")
            return CommandResult(_cancelled(new_team(context), identity, why.strip()))
        if rest:
            raise UsageError(f"/tasks cannot do {argument!r}.", hint=HINT)
        return CommandResult(task_text(board.task(verb), board.plan.edges))

    def choices(self, context: Context) -> tuple[str, ...]:
        return ("add", "edit", "cancel")


async def _listed(context: Context) -> str:
    await context.scribe.flush()
    tasks = store.tasks(context.database, context.session.id)
    if not tasks:
        return "The plan is empty. /tasks add TITLE puts a task in."
    return "\n".join(task_lines(tasks, store.edges(context.database, context.session.id)))


def _edited(board: "Board", rest: str) -> str:
    identity, _, words = rest.strip().partition(" ")
    want = wanted(words)
    changes = want.changes()
    if not changes and not want.needs:
        raise UsageError("Nothing to change was named.", hint="/tasks edit t1 priority=9 role=tester")
    task = board.task(identity)
    if changes:
        task = board.revise(task.id, PERSON, "changed by the person", **changes)
    for edge in want.edges(task.id):
        board.connect(edge, PERSON)
    return f"Changed.\n{task_text(board.task(task.id), board.plan.edges)}"


def _cancelled(team: "Oversight", identity: str, why: str) -> str:
    if not identity:
        raise UsageError("/tasks cancel needs a task.", hint=HINT)
    task = team.cancel(identity, why)
    return f"{task.id} is {task.state}: {task.title}"


COMMAND = Tasks()
