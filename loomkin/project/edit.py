"""One way to change a file, whoever asks: find the place, refuse what is unsafe, write it whole."""

from collections.abc import Callable, Sequence
from pathlib import Path

from loomkin.project.edit_diff import whole_splice
from loomkin.project.edit_failure import Circumstances
from loomkin.project.edit_finish import Prepared, finish, missing, write_prepared
from loomkin.project.edit_result import Applied, Edit, Refused, RefusedKind, Target, Tier
from loomkin.project.edit_target import Loaded, Located, load, locate
from loomkin.project.edit_text import change_text, guard_new
from loomkin.project.edit_view import View, to_view, with_newlines
from loomkin.project.match import Splice
from loomkin.records.dataclass import replace

__all__ = [
    "Applied",
    "Edit",
    "Refused",
    "RefusedKind",
    "Target",
    "Tier",
    "apply_edits",
    "plan_edits",
    "plan_write",
    "write_file",
]

ChangedBy = Callable[[Path], str]


def plan_edits(
    target: Target,
    edits: Sequence[Edit],
    *,
    changed_by: ChangedBy | None = None,
    failures: int = 0,
    check_syntax: bool = True,
) -> Applied | Refused:
    """What `apply_edits` would answer now, with nothing written."""
    prepared = _prepare_edits(target, edits, changed_by, failures, check_syntax)
    return prepared if isinstance(prepared, Refused) else prepared.applied


def apply_edits(
    target: Target,
    edits: Sequence[Edit],
    *,
    changed_by: ChangedBy | None = None,
    failures: int = 0,
    check_syntax: bool = True,
    durable: bool = True,
) -> Applied | Refused:
    """Make all edits of one file, each on the result of the one before, or none.

    `changed_by` says who changed a file and when (`@tester, 12 s ago`), `failures` how many edits of this
    file by this agent were refused before. `durable` waits for the disk.
    """
    return write_prepared(
        lambda: _prepare_edits(target, edits, changed_by, failures, check_syntax), str(target.path), durable
    )


def plan_write(
    target: Target, content: str, *, changed_by: ChangedBy | None = None, check_syntax: bool = True
) -> Applied | Refused:
    """What `write_file` would answer now, with nothing written."""
    prepared = _prepare_write(target, content, changed_by, check_syntax)
    return prepared if isinstance(prepared, Refused) else prepared.applied


def write_file(
    target: Target,
    content: str,
    *,
    changed_by: ChangedBy | None = None,
    check_syntax: bool = True,
    durable: bool = True,
) -> Applied | Refused:
    """Write a whole file, making its folders; an existing one keeps encoding, BOM and newlines.

    Refused: shrinking a file that the agent never read, any change to one that changed since it was read.
    """
    return write_prepared(
        lambda: _prepare_write(target, content, changed_by, check_syntax), str(target.path), durable
    )


def _prepare_edits(
    target: Target, edits: Sequence[Edit], changed_by: ChangedBy | None, failures: int, check_syntax: bool
) -> Prepared | Refused:
    located = locate(target.path, target.roots)
    if isinstance(located, Refused):
        return located
    loaded = load(located)
    if isinstance(loaded, Refused):
        return loaded
    about = circumstances(located, loaded, target.seen, changed_by, failures)
    if loaded and target.others and target.others.sha == loaded.decoded.sha:
        about = replace(about, others=target.others)
    if loaded is None:
        return missing(located, target.seen, about.who() if target.seen else "")
    changed = change_text(about, loaded.decoded.text, edits)
    if isinstance(changed, Refused):
        return changed
    return finish(
        located,
        loaded,
        changed.after,
        changed.splices,
        tier=changed.tier,
        notes=changed.notes,
        check_syntax=check_syntax,
    )


def circumstances(
    located: Located, loaded: Loaded | None, seen: str | None, changed_by: ChangedBy | None, failures: int = 0
) -> Circumstances:
    """What is known about a file and an agent that saw the version `seen` of it."""
    changed = seen is not None and (loaded is None or loaded.decoded.sha != seen)
    return Circumstances(located.shown, located.path, changed, seen is not None, failures, changed_by)


def _prepare_write(
    target: Target, content: str, changed_by: ChangedBy | None, check_syntax: bool
) -> Prepared | Refused:
    located = locate(target.path, target.roots)
    if isinstance(located, Refused):
        return located
    loaded = load(located)
    if isinstance(loaded, Refused):
        return loaded
    before = loaded.decoded.text if loaded else ""
    refused = guard_new(located.shown, content, before, before)
    if refused is not None:
        return refused
    if loaded is None:
        splices = (Splice(0, 0, content),)
        return finish(located, None, content, splices, tier="", check_syntax=check_syntax)
    after = _dressed(before, content)
    about = circumstances(located, loaded, target.seen, changed_by)
    if after == before:
        same = "nothing changed: the file already has this text"
        return finish(located, loaded, after, (), tier="", notes=(same,))
    refused = _overwriting(about, before, after)
    if refused is not None:
        return refused
    notes: tuple[str, ...] = (
        () if about.read else ("the file existed and you had not read it; what it held is replaced",)
    )
    splices = (whole_splice(before, after),)
    return finish(located, loaded, after, splices, tier="", notes=notes, check_syntax=check_syntax)


def _dressed(before: str, content: str) -> str:
    """The new content with the newlines of the file that it replaces."""
    view, new = View(before), to_view(content.removeprefix("\ufeff"))
    return new if view.plain else with_newlines(view.text, new, before, view.common_newline)


def _overwriting(about: Circumstances, before: str, after: str) -> Refused | None:
    if about.changed:
        return Refused(
            RefusedKind.STALE,
            f"{about.shown} changed since you read it{about.who()}; writing it whole would undo that. Read "
            "it again with file_read, then change it with file_edit or write it again.",
        )
    lines, left = _line_count(before), _line_count(after)
    if not about.read and (left < lines or len(after) < len(before)):
        return Refused(
            RefusedKind.UNREAD,
            f"{about.shown} exists with {lines} lines ({len(before)} characters) and you have not read it; "
            f"the new text has only {left} lines ({len(after)} characters). Read it with file_read first, or "
            "change a part of it with file_edit.",
        )
    return None


def _line_count(text: str) -> int:
    return text.count("\n") + (text[-1:] not in ("", "\n"))
