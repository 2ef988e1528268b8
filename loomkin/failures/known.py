"""Known failures as a person asks for them: one by its beginning, and all that is known of it."""

import time
from collections.abc import Sequence

from loomkin.errors import NotFoundError
from loomkin.failures.lines import in_words
from loomkin.records.failure import Failure, Lesson

MOST_TIMES = 20
"""Of how many times that it was seen is told."""


def find(known: Sequence[Lesson], word: str, listing: str) -> Lesson:
    """The one whose signature begins so; raises NotFoundError that names the command which lists them."""
    found = [one for one in known if word and one.failure.signature.startswith(word)]
    if len(found) != 1:
        raise NotFoundError(f"{len(found) or 'No'} failures fit {word!r}.", hint=f"`{listing}` shows them.")
    return found[0]


def in_full(lesson: Lesson, times: Sequence[tuple[str, str, float, Failure]]) -> str:
    """All that is known of one: what it is, how often it was seen, what mended it, and each time."""
    known = lesson.failure
    lines = [
        f"{known.signature}: {known.error}",
        f"tool: {known.tool}" + (f", file: {known.path}" if known.path else ""),
        f"seen {lesson.seen}, fixed {lesson.fixed}, first {_when(lesson.first)}, last {_when(lesson.last)}",
        f"last fixed by: {in_words(lesson.fix)} ({_when(lesson.fixed_at)})"
        if lesson.fix
        else "no fix is known",
    ]
    lines += [f"  {_when(at)} {session} {agent}: {one.tried}" for session, agent, at, one in times]
    return "\n".join(lines)


def _when(at: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(at))
