"""`loomkin failures`: what failed in this repository, what mended it; and what is to be forgotten."""

from typing import Annotated

import typer

from loomkin.cli.place import AsJson, Folder, Place, at_least_one, group, look, say
from loomkin.cli.tables import flat, table, to_json, when
from loomkin.failures.known import MOST_TIMES, find, in_full
from loomkin.failures.lines import in_words
from loomkin.failures.matching import speaking
from loomkin.records.codec import to_plain
from loomkin.records.event import Event
from loomkin.records.failure import Lesson
from loomkin.records.failure_event import FailureForgotten
from loomkin.records.ids import SessionId
from loomkin.runtime.clock import SystemClock
from loomkin.store import failures as store
from loomkin.store.database import Database
from loomkin.store.journal import write

app = group("What failed in this repository, and what mended it.")
Signature = Annotated[str, typer.Argument(metavar="ID", help="As listed; its beginning will do.")]
_LONGEST = 60


@app.command("list")
def list_failures(
    context: typer.Context,
    words: Annotated[
        str, typer.Argument(metavar="[WORDS]", help="Only those in which all of them stand.")
    ] = "",
    limit: Annotated[int, typer.Option(metavar="N", callback=at_least_one, help="The last so many.")] = 50,
    as_json: AsJson = False,
    folder: Folder = None,
) -> None:
    """Show what failed, seen last first, with what mended it last."""
    place = look(folder, context)
    with place.database() as database:
        known = speaking(store.lessons(database), words)[:limit] if database else []
    if as_json:
        say(to_json([_plain(lesson) for lesson in known]))
    elif not known:
        say(f"Nothing {'like that ' if words else ''}is known to have failed in {place.root}.")
    else:
        say(
            table(
                ("ID", "SEEN", "FIXED", "LAST", "TRIED", "ERROR", "FIX"),
                map(_line, known),
                ("SEEN", "FIXED"),
                fit=True,
            )
        )


@app.command("show")
def show_failure(
    context: typer.Context, failure: Signature, as_json: AsJson = False, folder: Folder = None
) -> None:
    """Show all that is known of one failure: each time that it was seen, and what mended it."""
    with look(folder, context).database() as database:
        lesson = _find(database, failure)
        assert database is not None
        times = store.occurrences(database, lesson.failure.signature, MOST_TIMES)
    seen = [
        {"session": session, "agent": agent, "at": at, "tried": one.tried, "code": one.code}
        for session, agent, at, one in times
    ]
    if as_json:
        say(to_json({**_plain(lesson), "times": seen}))
    else:
        say(in_full(lesson, times))


@app.command("forget")
def forget_failure(context: typer.Context, failure: Signature, folder: Folder = None) -> None:
    """Tell no agent of a failure any more, unless it is seen again."""
    place = look(folder, context)
    _forget(place, failure)


def _forget(place: Place, word: str) -> None:
    with place.database() as database:
        lesson = _find(database, word)
        assert database is not None
        # of no session: what the person wants forgotten stays so when a session is deleted
        fact = FailureForgotten(lesson.failure.signature)
        write(database, [Event(0, SystemClock().now(), SessionId(""), "", "", fact)])
    say(f"Forgotten: {lesson.failure.signature} ({flat(lesson.failure.error, _LONGEST)})")


def _find(database: Database | None, word: str) -> Lesson:
    return find(store.lessons(database) if database else [], word, "loomkin failures list")


def _plain(lesson: Lesson) -> dict[str, object]:
    plain = to_plain(lesson)
    assert isinstance(plain, dict)
    failure, fix = plain.pop("failure"), plain.pop("fix")
    words = in_words(lesson.fix) if lesson.fix else ""
    whole = {**failure, **plain, "fix": {**fix, "words": words} if fix else None}
    for part in (whole, whole["fix"] or {}):
        part.pop("_", None)
    return whole


def _line(lesson: Lesson) -> tuple[object, ...]:
    failure = lesson.failure
    fix = flat(in_words(lesson.fix), _LONGEST) if lesson.fix else ""
    tried, error = flat(failure.tried, 40), flat(failure.error, _LONGEST)
    return failure.signature, lesson.seen, lesson.fixed, when(lesson.last), tried, error, fix
