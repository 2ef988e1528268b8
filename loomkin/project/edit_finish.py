"""From a new text to a change that can be written, and to the answer that describes it."""

import os
from collections.abc import Callable, Sequence
from difflib import get_close_matches

from loomkin.project.edit_diff import describe
from loomkin.project.edit_result import Applied, Refused, RefusedKind
from loomkin.project.edit_target import Loaded, Located, too_large
from loomkin.project.match import Splice
from loomkin.project.syntax import syntax_error
from loomkin.project.text import EDIT_LIMIT, Decoded, encode, sha_of
from loomkin.project.writing import Change, Failure, FailureKind, commit, is_writable
from loomkin.records.dataclass import dataclass

ATTEMPTS = 8
"""How often an edit is prepared anew because another writer was faster."""

_UTF8 = Decoded("", "utf-8", b"", "")


@dataclass(frozen=True, slots=True)
class Prepared:
    """A change that is ready to be written; `change` is None where nothing changes."""

    applied: Applied
    change: Change | None


def finish(
    located: Located,
    loaded: Loaded | None,
    after: str,
    splices: Sequence[Splice],
    *,
    tier: str,
    notes: Sequence[str] = (),
    check_syntax: bool = True,
) -> Prepared | Refused:
    """Encode the new text of a file and describe the change; refuses what the file cannot hold."""
    decoded = loaded.decoded if loaded else _UTF8
    before = decoded.text
    remarks = list(notes)
    change: Change | None = None
    sha = decoded.sha
    if loaded is None or after != before:
        data = _encoded(located.shown, after, decoded)
        if isinstance(data, Refused):
            return data
        if loaded is not None and not is_writable(located.path):
            return read_only(located.shown)
        change, sha = Change(located.path, loaded.data if loaded else None, data), sha_of(data)
        if decoded.guessed and not "".join(one.text for one in splices).isascii():
            remarks.append(f"the encoding of the file was guessed to be {decoded.encoding}")
        wrong = syntax_error(located.path, after) if check_syntax else None
        if wrong and (loaded is None or syntax_error(located.path, before) is None):
            remarks.append(f"syntax error at line {wrong[0]}: {wrong[1]}")
    made = describe(before, splices if change else ())
    applied = Applied(
        path=located.path,
        created=loaded is None,
        diff=made.diff,
        tier=tier,
        sha=sha,
        line_start=made.line_start,
        line_end=made.line_end,
        added=made.added,
        removed=made.removed,
        notes=tuple(remarks),
        before=before,
        after=after,
        line_changes=made.line_changes,
        sha_before=decoded.sha if loaded else "",
    )
    return Prepared(applied, change)


def write_prepared(prepare: Callable[[], Prepared | Refused], shown: str, durable: bool) -> Applied | Refused:
    """Prepare and write; again from the start when another writer was faster."""
    for _ in range(ATTEMPTS):
        prepared = prepare()
        if isinstance(prepared, Refused):
            return prepared
        if prepared.change is None:
            return prepared.applied
        failure = commit((prepared.change,), durable=durable)
        if failure is None:
            return prepared.applied
        if failure.kind is not FailureKind.CHANGED:
            return refuse(failure, shown)
    return keeps_changing(shown)


def refuse(failure: Failure, shown: str) -> Refused:
    """What a model is told when the system would not write."""
    if failure.kind is FailureKind.READ_ONLY:
        return read_only(shown)
    return Refused(
        RefusedKind.FAILED,
        f"{shown} was not written: {failure.reason} ({failure.path}). Nothing was changed. Tell the person "
        "if it cannot be helped by another path.",
    )


def read_only(shown: str) -> Refused:
    """The refusal of a file without write permission."""
    return Refused(
        RefusedKind.READ_ONLY,
        f"{shown} is read-only. Nothing was changed. Ask the person before changing its permissions.",
    )


def keeps_changing(shown: str) -> Refused:
    """The refusal after another writer was faster every time."""
    return Refused(
        RefusedKind.FAILED,
        f"{shown} changed each of the {ATTEMPTS} times that it was about to be written. Nothing was changed "
        "by you. Wait for the program that writes it, read the file again, then repeat the edit.",
    )


def missing(located: Located, seen: str | None, who: str) -> Refused:
    """The refusal of an edit of a file that is not there; names files of like names."""
    folder, name = os.path.split(located.path)
    try:
        names = os.listdir(folder)
    except OSError:
        names = []
    like = get_close_matches(name, names, 3, 0.6)
    first = f"{located.shown} does not exist."
    if seen is not None:
        first = f"{located.shown} does not exist any more: it was moved or deleted since you read it{who}."
    there = f" In that folder there is {', '.join(like)}." if like else ""
    return Refused(RefusedKind.MISSING, f"{first}{there} Check the path, or create it with file_write.")


def _encoded(shown: str, text: str, decoded: Decoded) -> bytes | Refused:
    try:
        data = encode(text, decoded)
        if decoded.encoding != "utf-8" and data[len(decoded.bom) :].decode(decoded.encoding) != text:
            raise UnicodeEncodeError(decoded.encoding, text, 0, len(text), "not reversible")
    except UnicodeEncodeError:
        strange = _strange(text, decoded.encoding)
        if decoded.encoding == "utf-8":
            return Refused(
                RefusedKind.UNENCODABLE,
                f"The new text for {shown} has half characters that no file can hold: {strange}. Nothing was "
                "changed. Send the whole characters.",
            )
        return Refused(
            RefusedKind.UNENCODABLE,
            f"{shown} is in {decoded.encoding}, which has no {strange}. Nothing was "
            "changed. Use characters of that encoding, or ask the person to convert the file to UTF-8.",
        )
    return too_large(shown, len(data)) if len(data) > EDIT_LIMIT else data


def _strange(text: str, encoding: str) -> str:
    """The characters that an encoding cannot hold, at most ten."""
    found: list[str] = []
    for character in dict.fromkeys(text):
        try:
            kept = character.encode(encoding).decode(encoding) == character
        except UnicodeError:
            kept = False
        if not kept:
            found.append(f"{character!r} (U+{ord(character):04X})")
    return ", ".join(found[:10]) + (", ..." if len(found) > 10 else "")
