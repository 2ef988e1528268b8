"""Failures and fixes in a line each, as models and people read them."""

from loomkin.records.failure import FailureKind, Fix, Lesson


def result_line(lesson: Lesson) -> str:
    """What goes along with the result that repeats a failure."""
    known = f"; {_mended(lesson)}." if lesson.fix else "; no fix is known."
    return f"Seen {_times(lesson.seen)} before in this repository{known}"


def before_line(lesson: Lesson) -> str:
    """What stands in the place of a result where a command never worked."""
    failure, fix = lesson.failure, lesson.fix
    assert fix is not None
    return (
        f"Not run: this command failed {_times(lesson.seen)} before in this repository, with: "
        f"{failure.error}\n"
        f"What worked instead: {in_words(fix)}\n"
        "Call it again unchanged to run it all the same."
    )


def prompt_line(lesson: Lesson) -> str:
    """What goes along with words that speak of a failure."""
    failure = lesson.failure
    return (
        f"{_tried(lesson)} failed {_times(lesson.seen)} before in this repository with: {failure.error}; "
        f"{_mended(lesson)}."
    )


def in_words(fix: Fix) -> str:
    """What mended something."""
    steps = ", ".join(_quoted(step) for step in fix.steps)
    if not fix.how:
        return f"{steps}, then the same again" if steps else "nothing but running it again"
    return f"{_quoted(fix.how)} (after {steps})" if steps else _quoted(fix.how)


def table_line(lesson: Lesson) -> str:
    """A failure in one line: what it is called, what complained of what, how often, what mended it."""
    failure = lesson.failure
    fix = (
        f"; fixed {_times(lesson.fixed)}, last by: {in_words(lesson.fix)}"
        if lesson.fix
        else "; not fixed yet"
    )
    return f"{failure.signature} {_tried(lesson)}: {failure.error} (seen {_times(lesson.seen)}{fix})"


def _mended(lesson: Lesson) -> str:
    assert lesson.fix is not None
    often = f", which worked {_times(lesson.worked)}" if lesson.worked > 1 else ""
    return f"last fixed by: {in_words(lesson.fix)}{often}"


def _tried(lesson: Lesson) -> str:
    failure = lesson.failure
    return failure.tried if failure.kind is FailureKind.EDIT else _quoted(failure.tried)


def _quoted(text: str) -> str:
    return text if text.startswith(("an edit of ", "reading ", "file_")) else f"`{text}`"


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
