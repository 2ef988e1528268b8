"""`loomkin watch-files`: wait for orders in comments of the files that the person saves, and work on them."""

import asyncio
from collections.abc import AsyncGenerator
from functools import partial

from loomkin.app import Open
from loomkin.cli.ask_run import Run, Shape
from loomkin.cli.command_line import Form, Typed
from loomkin.cli.flag_table import OF_ASK, SHARED
from loomkin.cli.flags import Flags, options_from
from loomkin.config.load import load
from loomkin.errors import UsageError
from loomkin.project.root import find_root
from loomkin.project.trust import is_trusted
from loomkin.records.dataclass import replace
from loomkin.records.event import Event, NoticeGiven, TurnEnded, TurnStarted
from loomkin.records.permission import Mode
from loomkin.runtime.supervisor import Supervisor
from loomkin.ui.jsonl import follow
from loomkin.ui.plain import Detail
from loomkin.ui.terminal import Writer, hold_standard_streams, printable
from loomkin.workspace.options import Options
from loomkin.workspace.watching import TOO_WIDE, too_wide

STDOUT, STDERR = 1, 2
GRACE = 0.5
OWN = tuple(row for row in OF_ASK if row.field in ("verbose", "quiet"))
FORM = Form(
    "loomkin watch-files",
    "Wait for comments with `AI!` (do it) or `AI?` (answer it) in files that you save, and work on them.\n"
    "  Answers go to standard output, everything else to standard error. Ctrl-C ends.",
    OWN + SHARED,
)


def run(typed: Typed) -> int:
    """Work until Ctrl-C and return the exit code; raises LoomkinError."""
    given = dict(typed.values)
    own = {row.field: given.pop(row.field, None) for row in OWN}
    options = options_from(Flags(**given), attended=False)
    if too_wide(find_root(options.cwd).path):
        raise UsageError(TOO_WIDE, hint="Start it in a project, or run `git init` first.")
    hold_standard_streams()
    detail = Detail.WARNINGS if own["quiet"] else Detail.ACTIVITY
    options = _with_mode(options)
    return asyncio.run(_watch(options, detail))


def _with_mode(options: Options) -> Options:
    """Edits inside the project pass where the person has set no mode: nobody is there to be asked."""
    root = find_root(options.cwd).path
    trusted = options.trust or is_trusted(root, options.environ)
    loaded = load(root, options.environ, options.flags, options.set_options, trusted=trusted)
    said = [*loaded.provenance["permissions.mode"], *loaded.provenance["permissions.preset"]]
    if any(one.where != "built-in" for one in said):
        return options
    return replace(options, flags={**options.flags, "permissions.mode": Mode.EDITS.value})


async def _watch(options: Options, detail: Detail) -> int:
    err = Writer(STDERR)
    running = Run(Shape(detail=detail), Writer(STDOUT), err)
    async with Supervisor(partial(_crashed, err), GRACE) as supervisor:
        return await running(options, lambda opened: _orders(opened, running, supervisor, err), several=True)


async def _orders(
    opened: Open, running: Run, supervisor: Supervisor, err: Writer
) -> AsyncGenerator[str, None]:
    """The orders of the person, one after another, until Ctrl-C."""
    session = opened.session
    assert session.watching is not None
    watching = session.watching()
    watching.heed(True)
    feed = opened.house.bus.feed()
    tasks = [
        supervisor.start("watch", watching.run()),
        supervisor.start("notices", follow(feed, _Idle().line_of, err)),
    ]
    try:
        await watching.ready()
        files = f"{watching.files} file{'' if watching.files == 1 else 's'}"
        await running.say(
            f"watching {opened.house.workplace.root} ({files}) in mode {session.gate.mode}; "
            "save a comment with AI! (do it) or AI? (answer it). Ctrl-C ends."
        )
        while True:
            running.rests()
            order = await watching.next()
            await running.say(f"order: {order.headline}")
            yield order.text
    except asyncio.CancelledError:
        if not running.interrupted():
            raise
    finally:
        feed.close()
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


class _Idle:
    """Tells what happens while no turn runs; the rest is told by whoever shows the turn."""

    def __init__(self) -> None:
        self._running: set[str] = set()

    def line_of(self, event: Event) -> str:
        """The line of a notice, or nothing."""
        match event.fact:
            case TurnStarted():
                self._running.add(event.agent)
            case TurnEnded():
                self._running.discard(event.agent)
            case NoticeGiven(text) if not self._running:
                return f"loomkin: {printable(text)}\n"
        return ""


def _crashed(err: Writer, name: str, error: BaseException) -> None:
    err.write(f"loomkin: a defect ended {name}: {type(error).__name__}: {error}\n")
