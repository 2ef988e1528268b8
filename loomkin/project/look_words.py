"""What an agent is told of files that others changed: who, when, and which lines, in few words."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from loomkin.project.edit_brief import brief
from loomkin.project.edit_diff import describe, whole_splice
from loomkin.project.look import LINK
from loomkin.project.moved import Moved
from loomkin.project.sight import News, Sight
from loomkin.project.trail import Step

MOST_FILES = 6
"""Files that are told one by one; more of them at once are named only."""
MOST_NAMES = 12
MOST_LINES = 24
"""Lines of a diff that are shown; of a longer one only the numbers."""
OUTSIDE = "by the person or a program outside of loomkin"
HEAD = "Changed since you read it, not by you; what you remember of it is old:"
MANY = "{number} files that you read were changed since, not by you{git}: {names}. {advice}"
AGAIN = "Read again what you still need."


def told(news: Sequence[News], sight: Sight, root: Path, shown: Callable[[Path], str], git: str) -> str:
    """The words for all that is new; `git` says what git did meanwhile, if it did. Blocks."""
    if len(news) > MOST_FILES:
        names = [shown(one.path) for one in news[:MOST_NAMES]]
        more = f" and {len(news) - MOST_NAMES} more" if len(news) > MOST_NAMES else ""
        where = f", {git}" if git else ""
        return MANY.format(number=len(news), git=where, names=", ".join(names) + more, advice=AGAIN)
    rows, moved = [HEAD], Moved(root, sight, shown)
    for one in news:
        who = git if git and not any(step.by for step in one.steps) else made_by(one.steps)
        rows.append(f"- {shown(one.path)}, {who}{_ago(one.steps[-1].at)}: {_what(one, sight, moved)}")
    return "\n".join(rows)


def made_by(steps: Sequence[Step]) -> str:
    """Who made some versions of a file."""
    found: dict[str, None] = {}
    for step in steps:
        if not step.by:
            found[f"{OUTSIDE}, or by `{step.command}` in the background" if step.command else OUTSIDE] = None
        elif step.command:
            found[f"while {step.by} ran `{step.command}`"] = None
        else:
            found[f"by {step.by}"] = None
    return " and ".join(found)


def _ago(at: float) -> str:
    seconds = max(0.0, time.time() - at)
    return (
        "" if seconds < 5 else f", {seconds:.0f} s ago" if seconds < 120 else f", {seconds / 60:.0f} min ago"
    )


def _what(one: News, sight: Sight, moved: Moved) -> str:
    if not one.now:
        to = moved(one.path)
        return f"it was moved to {to}." if to else "it was deleted."
    if one.now == LINK:
        return "a link stands there now, which leads to another file."
    parts = [lines_between(sight, before, after) for before, after in one.runs]
    return "\n".join(parts) if all(parts) else f"read it again before you rely on it (hash {one.now})."


def lines_between(sight: Sight, before: str, after: str) -> str:
    """The lines that make one version the other; nothing where a text is not known."""
    old, new = sight.texts.get(before), sight.texts.get(after)
    if not before or old is None or new is None:
        return ""
    made = describe(old, (whole_splice(old, new),))
    size = f"+{made.added} -{made.removed}"
    rows = brief(made.diff)
    if rows.count("\n") < MOST_LINES and made.added + made.removed <= MOST_LINES:
        return f"{size} (hash {after})\n{rows}"
    first, last = made.line_start, made.line_end
    return f"{size} between lines {first} and {last} (hash {after}); read it again before you edit there."
