"""Edits applied to a text in memory: all of them, or a refusal that says why."""

from collections.abc import Sequence

from loomkin.project.edit_diff import compose
from loomkin.project.edit_failure import Circumstances, already_there, ambiguous, not_found, stale
from loomkin.project.edit_guard import placeholder, redaction
from loomkin.project.edit_result import Edit, Refused, RefusedKind, Tier
from loomkin.project.match import Ambiguous, Found, Splice, find, splice
from loomkin.project.text import line_mark
from loomkin.records.dataclass import dataclass

STRICT = (Tier.EXACT, Tier.NEWLINES)
"""The tiers that may change a file which is not as the agent saw it."""

_ORDER = list(Tier)
_SPANS = 12


@dataclass(frozen=True, slots=True)
class Changed:
    """The new text, the splices of the old one that make it, the most tolerant tier, and notes."""

    after: str
    splices: tuple[Splice, ...]
    tier: Tier
    notes: tuple[str, ...]


def change_text(about: Circumstances, text: str, edits: Sequence[Edit]) -> Changed | Refused:
    """Apply every edit to the result of the one before; the first that cannot be is the answer."""
    if not edits:
        return Refused(RefusedKind.MALFORMED, f"No edit of {about.shown} was given. Send old and new text.")
    splices: tuple[Splice, ...] = ()
    tier = Tier.EXACT
    notes: list[str] = []
    now = text
    for index, edit in enumerate(edits, 1):
        number = f" of edit {index}" if len(edits) > 1 else ""
        refused = guard(about, edit, now, number)
        if refused is not None:
            return refused
        found = find(now, edit)
        if found is None:
            line = already_there(now, edit.old, edit.new)
            if not line:
                return not_found(about, now, edit.old, edit.new, number)
            notes.append(
                f"nothing to do{number and ' for edit ' + str(index)}: "
                f"the new text is already there, at line {line}"
            )
            continue
        if isinstance(found, Ambiguous):
            return ambiguous(about, now, found, edit.new, number)
        refused = None if _is_elsewhere(about, text, now, found) else check_stale(about, found, number)
        if refused is not None:
            return refused
        if found.unwrapped:
            notes.append(f"the pasted {found.unwrapped} in the old text{number} was ignored")
        tier = max(tier, found.tier, key=_ORDER.index)
        before, now = now, splice(now, found.splices)
        if now == before:
            notes.append(
                f"nothing changed{number and ' by edit ' + str(index)}: the new text is already there"
            )
            continue
        splices = found.splices if not splices else _composed(splices, found.splices)
    if about.changed and now != text:
        notes.append(_elsewhere(about))
    return Changed(now, splices, tier, tuple(notes))


def guard(about: Circumstances, edit: Edit, text: str, number: str = "") -> Refused | None:
    """Refuse a blank old text, elided code and marks of hidden secrets."""
    if not edit.old.strip():
        return Refused(
            RefusedKind.BLANK_OLD,
            f"The old text{number} is empty or blank, so it names no place in {about.shown}. Give the lines "
            "to replace; to insert, repeat a neighbouring line in old and new; to create a file, use "
            "file_write.",
        )
    return guard_new(about.shown, edit.new, edit.old, text)


def guard_new(shown: str, new: str, old: str, text: str) -> Refused | None:
    """Refuse a new text that elides code which `old` has not elided, or hides what `text` has not hidden."""
    gap = placeholder(new, old)
    if gap is not None:
        return Refused(
            RefusedKind.PLACEHOLDER,
            f"The new text for {shown} has the placeholder {gap!r} in the place of code; it would be written "
            "as it is. Send the complete text, or make a smaller edit around what changes.",
        )
    mark = redaction(new, text)
    if mark is not None:
        return Refused(
            RefusedKind.REDACTED,
            f"The new text for {shown} has {mark}, which stands for a secret that you were not shown; "
            "writing it would destroy the secret. Leave that line out of the edit.",
        )
    return None


def check_stale(about: Circumstances, found: Found, number: str = "") -> Refused | None:
    """Refuse a tolerant or a multiple match in a file that is not as the agent saw it."""
    if about.read and not about.changed:
        return None
    if found.tier not in STRICT:
        return stale(about, f"only by {found.tier}", number)
    if len(found.splices) > 1:
        return stale(about, f"{len(found.splices)} times", number)
    return None


def _is_elsewhere(about: Circumstances, text: str, now: str, found: Found) -> bool:
    """Whether all that others changed since the agent read the file lies outside of what it changes."""
    if about.others is None or now is not text:
        return False
    mark = line_mark(text)
    return all(
        about.others.free(
            text.count(mark, 0, one.start) + 1, text.count(mark, 0, max(one.start, one.end - 1)) + 1
        )
        for one in found.splices
    )


def _elsewhere(about: Circumstances) -> str:
    """That the file is not as the agent saw it, and where, if that is known."""
    if about.others is None:
        return f"the file changed since you read it{about.who()}; the old text still matched exactly once"
    spans = sorted(about.others.lines)
    shown = [f"{first}-{last}" if last > first else str(first) for first, last in spans[:_SPANS]]
    more = ", ..." if len(spans) > _SPANS else ""
    return (
        f"the file changed elsewhere since you read it{about.who()}: lines {', '.join(shown)}{more} before "
        "this edit; read them before you rely on them"
    )


def _composed(splices: tuple[Splice, ...], later: Sequence[Splice]) -> tuple[Splice, ...]:
    # from the right, so that each leaves the offsets of those before it alone
    for one in reversed(later):
        splices = compose(splices, one)
    return splices
