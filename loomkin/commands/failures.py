"""/failures: what failed in this repository before, what mended it; and what is to be forgotten."""

from loomkin.commands.command import Command, CommandResult, Context
from loomkin.errors import UsageError
from loomkin.failures.known import MOST_TIMES, find, in_full
from loomkin.failures.lines import table_line
from loomkin.records.failure import Lesson
from loomkin.records.failure_event import FailureForgotten
from loomkin.records.ids import SessionId
from loomkin.store import failures as store

HINT = "/failures · /failures ID · /failures forget ID"
MOST = 30


class Failures(Command):
    """Lists what failed, seen last first; shows one; forgets one."""

    name = "failures"
    summary = "what failed here before and what mended it; one of them; forget ID"
    usage = "[ID]"
    more = HINT

    async def run(self, context: Context, argument: str) -> CommandResult:
        word, _, rest = argument.strip().partition(" ")
        await context.scribe.flush()
        if word == "forget" and rest:
            return CommandResult(await _forget(context, rest.strip()))
        if word == "forget":
            raise UsageError("Name the failure to forget.", hint=HINT)
        if rest:
            raise UsageError(f"/failures cannot do {argument.strip()!r}.", hint=HINT)
        if not word:
            return CommandResult(_listed(store.lessons(context.database)))
        lesson = _find(context, word)
        times = store.occurrences(context.database, lesson.failure.signature, MOST_TIMES)
        return CommandResult(in_full(lesson, times))

    def choices(self, context: Context) -> tuple[str, ...]:
        known = store.lessons(context.database, limit=MOST)
        return ("forget", *(lesson.failure.signature for lesson in known))


def _listed(known: list[Lesson]) -> str:
    if not known:
        return "Nothing is known to have failed here."
    more = [f"… {len(known) - MOST} older: loomkin failures list"] if len(known) > MOST else []
    return "\n".join([*map(table_line, known[:MOST]), *more])


async def _forget(context: Context, word: str) -> str:
    lesson = _find(context, word)
    # of no session: what the person wants forgotten stays so when a session is deleted
    context.scribe.recorder.record(FailureForgotten(lesson.failure.signature), SessionId(""))
    await context.scribe.flush()
    return f"Forgotten: {lesson.failure.signature} ({lesson.failure.error})"


def _find(context: Context, word: str) -> Lesson:
    return find(store.lessons(context.database), word, "/failures")


COMMAND = Failures()
