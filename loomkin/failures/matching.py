"""Finding lessons by words."""

from collections.abc import Sequence

from loomkin.records.failure import Lesson
from loomkin.store.failures import Named

SHORTEST = 6
"""Characters of a command or an error line that may be found in a person's words."""


def speaking(lessons: Sequence[Lesson], words: str) -> list[Lesson]:
    """The lessons in which every word stands."""
    wanted = words.lower().split()
    return [one for one in lessons if all(word in _said(one) for word in wanted)]


def spoken_of(known: Sequence[Named], text: str) -> list[str]:
    """The signatures whose command or complaint stands in the words, in order."""
    plain = f" {' '.join(text.split())} "
    found: dict[str, None] = {}
    for one in known:
        typed = one.command.partition("$ ")[2]
        if any(
            len(part) >= SHORTEST and part in plain and _stands(part, plain) for part in (typed, one.error)
        ):
            found[one.signature] = None
    return list(found)


def _stands(part: str, text: str) -> bool:
    """Whether the part stands in the text and is not the beginning or end of longer words."""
    at = text.find(part)
    while at >= 0:
        before, behind = text[at - 1 : at], text[at + len(part) : at + len(part) + 1]
        if not (before.isalnum() or behind.isalnum() or behind in ("-", "/", "_")):
            return True
        at = text.find(part, at + 1)
    return False


def _said(lesson: Lesson) -> str:
    failure, fix = lesson.failure, lesson.fix
    words = [failure.signature, failure.tool, failure.error, failure.path, failure.tried, failure.kind]
    return " ".join([*words, *((*fix.steps, fix.how) if fix else ())]).lower()
