"""`loomkin tasks`: the plan of a session: list, show, add, edit, cancel."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from loomkin.cli.place import SESSION_HELP, AsJson, Folder, Place, group, look, say
from loomkin.cli.tables import to_json
from loomkin.errors import NotFoundError, UsageError
from loomkin.records.codec import to_plain
from loomkin.records.event import Event, Fact
from loomkin.records.ids import SessionId
from loomkin.records.mail import PERSON
from loomkin.records.task import Task, TaskState
from loomkin.runtime.clock import SystemClock
from loomkin.runtime.recorder import Scribe
from loomkin.store import sessions
from loomkin.store import tasks as store
from loomkin.store.database import Database
from loomkin.store.journal import write
from loomkin.store.lock import SessionLock, holder
from loomkin.store.sessions import SessionRow
from loomkin.team.board import Board
from loomkin.team.plan import read
from loomkin.team.transitions import Verb
from loomkin.workspace.plan_words import Wanted, priority_of, task_lines, task_text

app = group("The plan of a session.")
Session = Annotated[str, typer.Option("--session", metavar="ID", help=f"That session. {SESSION_HELP}")]
TaskArgument = Annotated[str, typer.Argument(metavar="TASK", help="Its id, such as t1, or its title.")]
Role = Annotated[str | None, typer.Option(metavar="NAME", help="Who should do it.")]
Priority = Annotated[str | None, typer.Option(metavar="0-9", help="0 is someday, 5 is usual, 9 is now.")]
Description = Annotated[str | None, typer.Option(metavar="TEXT", help="What it is about, in full.")]
Check = Annotated[list[str] | None, typer.Option(metavar="COMMAND", help="Must succeed; repeatable.")]
Needs = Annotated[list[str] | None, typer.Option(metavar="TASK", help="Waits for that one; repeatable.")]
States = Annotated[
    list[TaskState] | None,
    typer.Option("--state", metavar="STATE", help="Only tasks in it, such as ready; repeatable."),
]


@app.command("list")
def list_tasks(
    context: typer.Context,
    states: States = None,
    session: Session = "",
    as_json: AsJson = False,
    folder: Folder = None,
) -> None:
    """Show the tasks of the session used last: open ones first, the most urgent before others."""
    place = look(folder, context)
    with place.database() as database:
        row = _row(database, session) if database else None
        tasks = store.tasks(database, row.id) if database and row else []
        edges = store.edges(database, row.id) if database and row else []
    if states:
        tasks = [task for task in tasks if task.state in states]
    if as_json:
        say(to_json([_plain(task) for task in tasks]))
    elif row is None:
        say(f"There are no sessions in {place.root} yet.")
    elif not tasks:
        asked = " or ".join(dict.fromkeys(state.value.replace("_", " ") for state in states or ()))
        say(f"No task of {row.id} is {asked}." if asked else f"The plan of {row.id} is empty.")
    else:
        say("\n".join(task_lines(tasks, edges)))


@app.command("show")
def show_task(
    context: typer.Context,
    task: TaskArgument,
    session: Session = "",
    as_json: AsJson = False,
    folder: Folder = None,
) -> None:
    """Show all that is known of one task."""
    with look(folder, context).sessions() as database:
        row = _must(database, session)
        plan = read(database, row.id)
        found = Board(Scribe(_Collected(), row.id), plan).task(task)
        say(to_json(_plain(found)) if as_json else task_text(found, plan.edges))


@app.command("add")
def add_task(
    context: typer.Context,
    title: Annotated[str, typer.Argument(metavar="TITLE", help="What is to be done, in a few words.")],
    role: Role = None,
    priority: Priority = None,
    description: Description = None,
    check: Check = None,
    needs: Needs = None,
    session: Session = "",
    folder: Folder = None,
) -> None:
    """Put a task into the plan of a session that no process works in; it is taken up when that goes on."""
    want = _wanted(title, role, priority, description, check, needs)
    with _board(look(folder, context), session) as board:
        task = board.add(want.draft(), want.edges())
    say(f"{task.id} is {task.state}: {task.title}")


@app.command("edit")
def edit_task(
    context: typer.Context,
    task: TaskArgument,
    title: Annotated[str | None, typer.Option(metavar="TEXT", help="Another title.")] = None,
    role: Role = None,
    priority: Priority = None,
    description: Description = None,
    check: Check = None,
    needs: Needs = None,
    session: Session = "",
    folder: Folder = None,
) -> None:
    """Change a task of a session that no process works in."""
    want = _wanted(title, role, priority, description, check, needs)
    changes = want.changes()
    if not changes and not want.needs:
        raise UsageError("Nothing to change was named.", hint="For example --priority 9.")
    with _board(look(folder, context), session) as board:
        found = board.task(task)
        if changes:
            board.revise(found.id, PERSON, "changed by the person", **changes)
        for edge in want.edges(found.id):
            board.connect(edge, PERSON)
        text = task_text(board.task(found.id), board.plan.edges)
    say(text)


@app.command("cancel")
def cancel_task(
    context: typer.Context,
    task: TaskArgument,
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why.")] = "cancelled by the person",
    session: Session = "",
    folder: Folder = None,
) -> None:
    """Take a task out of the plan of a session that no process works in."""
    with _board(look(folder, context), session) as board:
        gone = board.move(task, Verb.CANCEL, PERSON, reason)
    say(f"{gone.id} is {gone.state}: {gone.title}")


class _Collected:
    """A recorder that keeps events until they are written together."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def record(self, fact: Fact, session: SessionId, agent: str = "", task: str = "") -> None:
        self.events.append(Event(0, SystemClock().now(), session, agent, task, fact))

    async def flush(self) -> None:
        return


@contextmanager
def _board(place: Place, session: str) -> Iterator[Board]:
    """The plan to change; what was done to it is written at the end. Raises UsageError where it is in use."""
    with place.sessions() as database:
        row = _must(database, session)
        process = holder(place.state, row.id)
        if process is not None:
            raise UsageError(
                f"Process {process} works in session {row.id}: its plan is changed there.",
                hint="Type /tasks in that conversation; `loomkin ps` shows what it does.",
            )
        lock = SessionLock(place.state, row.id)
        try:
            collected = _Collected()
            yield Board(Scribe(collected, row.id), read(database, row.id))
            write(database, collected.events)
        finally:
            lock.release()


def _row(database: Database, session: str) -> SessionRow | None:
    return sessions.find(database, session) if session else sessions.latest(database)


def _must(database: Database, session: str) -> SessionRow:
    row = _row(database, session)
    if row is None:
        raise NotFoundError("There is no session with a plan here yet.", hint="`loomkin` begins one.")
    return row


def _wanted(
    title: str | None,
    role: str | None,
    priority: str | None,
    description: str | None,
    check: list[str] | None,
    needs: list[str] | None,
) -> Wanted:
    number = None if priority is None else priority_of(priority)
    return Wanted(title, description, role, number, tuple(check) if check else None, tuple(needs or ()))


def _plain(task: Task) -> dict[str, object]:
    plain = to_plain(task)
    assert isinstance(plain, dict)
    return {**plain, "claimed": task.claimed}
