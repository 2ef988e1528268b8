"""Words that say the same in what agents, tools and people write to each other."""

from collections.abc import Iterable

from loomkin.store.ranking import forms

_GROUPS = (
    ("refused", "rejected", "declined", "denied", "forbidden", "not accepted", "not allowed"),
    ("accepted", "approved", "agreed"),
    ("allowed", "permitted", "may"),
    ("handed in", "handed over", "handoff", "task_complete", "completed", "finished"),
    ("cut", "truncated", "shortened", "clipped"),
    ("heredoc", "here-document"),
    ("tested", "checked", "verified", "tried", "run"),
    ("mended", "fixed", "repaired", "corrected"),
    ("deleted", "removed", "erased", "dropped"),
    ("fault", "bug", "defect", "error", "mistake"),
    ("left out", "skipped", "omitted", "excluded", "deselected"),
    ("changed", "edited", "modified", "touched"),
    ("stopped", "killed", "cancelled", "aborted"),
    ("anything", "nothing", "something"),
    ("anybody", "nobody", "somebody"),
    ("must", "need", "required"),
    ("limit", "bound", "at most"),
)


def equals(words: Iterable[str]) -> dict[str, str]:
    """What says the same as some words in a row, each with the word that it stands for.

    A word is known in each of its forms. For an expression stands the last of its words.
    """
    asked = list(words)
    said = {form: word for word in asked for form in forms(word)}
    row = f" {' '.join(asked)} "
    found: dict[str, str] = {}
    for group in _GROUPS:
        for one in group:
            word = row.partition(f" {one} ")[1].split()[-1:] if " " in one else [said.get(one, "")]
            for other in group if word and word[0] else ():
                if other != one:
                    found.setdefault(other, word[0])
    return found
