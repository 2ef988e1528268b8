"""What differs between two versions of a task, in words."""

from collections.abc import Iterable, Iterator

from loomkin.records.task import Task

TOLD = ("title", "description", "checks", "role", "tier", "priority", "regions", "needs_review", "budget")


def changes(before: Task, after: Task) -> Iterator[str]:
    """What differs between two versions of a task, a line for each field."""
    for name in TOLD:
        old, new = getattr(before, name), getattr(after, name)
        if old == new:
            continue
        if isinstance(new, tuple):
            gone, more = [one for one in old if one not in new], [one for one in new if one not in old]
            parts = [f"without {_quoted(gone)}" if gone else "", f"also {_quoted(more)}" if more else ""]
            yield f"- {name}: {', '.join(part for part in parts if part) or f'in this order: {_quoted(new)}'}"
        elif name == "description":
            yield f"- {name}: {_edited(old, new)}"
        else:
            yield f"- {name}: {_shown(old)} -> {_shown(new)}"


def _quoted(values: Iterable[str]) -> str:
    return ", ".join(f"`{value}`" for value in values)


def _shown(value: object) -> str:
    return "none" if value in (None, "") else str(value)


def _edited(old: str, new: str) -> str:
    """A new description as lines taken out and put in, or whole where that is shorter."""
    from difflib import unified_diff  # heavy: late on purpose

    lines = list(unified_diff(old.splitlines(), new.splitlines(), n=0, lineterm=""))[2:]
    edited = "\n".join(line for line in lines if not line.startswith("@@"))
    return edited and f"lines out (-) and in (+)\n{edited}" if len(edited) < len(new) else f"it is now: {new}"
