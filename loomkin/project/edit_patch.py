"""A patch on its way to the disk: each section changes the state that the next one sees."""

import os
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path

from loomkin.project.edit_diff import describe, whole_splice
from loomkin.project.edit_failure import Circumstances
from loomkin.project.edit_finish import finish, missing
from loomkin.project.edit_grammar import Section, SectionKind, parse_patch
from loomkin.project.edit_hunks import change_by_hunks
from loomkin.project.edit_result import Applied, Refused, RefusedKind
from loomkin.project.edit_target import Loaded, Located, load, locate, read_bytes
from loomkin.project.edit_text import guard_new
from loomkin.project.match import Splice
from loomkin.project.meant_path import meant_path
from loomkin.project.text import NotText, decode, sha_of
from loomkin.project.writing import Change
from loomkin.records.dataclass import dataclass, replace

SeenOf = Callable[[Path], str | None]
ChangedBy = Callable[[Path], str]

_FORM = (
    "Write '*** Begin Patch', then for each file '*** Update File: path' (or Add, Delete) with lines that "
    "begin with a blank, + or -, then '*** End Patch'."
)


class FileChange(StrEnum):
    """What a patch did to one file."""

    ADDED = "added"
    UPDATED = "updated"
    MOVED = "moved"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class PatchedFile:
    """One file of a patch; `applied.path` is where it is now, `moved_from` where it was before a move.

    A deleted file has an empty `applied.sha` and `applied.after`.
    """

    change: FileChange
    applied: Applied
    moved_from: Path | None = None


@dataclass(slots=True)
class _File:
    """The bytes of a file on disk and as the patch leaves them, None where there is no file."""

    original: bytes | None
    now: bytes | None
    mode: int | None = None


class PatchWork:
    """A patch being prepared: the state of its files so far, and the answers."""

    def __init__(
        self,
        root: Path,
        roots: tuple[Path, ...],
        seen_of: SeenOf,
        changed_by: ChangedBy | None,
        check_syntax: bool,
    ) -> None:
        self.roots = roots
        self.root = root
        self.seen_of = seen_of
        self.changed_by = changed_by
        self.check_syntax = check_syntax
        self.state: dict[Path, _File] = {}
        self.files: list[PatchedFile] = []

    def run(self, text: str) -> Refused | None:
        """Prepare every section; the first refusal is the answer."""
        sections = parse_patch(text)
        if isinstance(sections, str):
            return Refused(
                RefusedKind.MALFORMED,
                f"The patch cannot be read: {sections}. {_FORM}",
            )
        for section in sections:
            refused = self._section(section)
            if refused is not None:
                none = "\nNo file of the patch was changed." if len(sections) > 1 else ""
                return Refused(refused.kind, f"{refused.message}{none}")
        return None

    def changes(self) -> list[Change]:
        """What is to be written."""
        return [
            Change(path, file.original, file.now, file.mode)
            for path, file in self.state.items()
            if file.original != file.now
        ]

    def _section(self, section: Section) -> Refused | None:
        located = self._locate(section.path)
        if isinstance(located, Refused):
            return located
        if section.kind is SectionKind.DELETE or section.move_to:
            refused = self._is_link(located, section.path)
            if refused is not None:
                return refused
        if section.kind is SectionKind.UPDATE and section.move_to and not section.hunks:
            return self._move(located, section, None)
        loaded = self._load(located)
        if isinstance(loaded, Refused):
            return loaded
        if section.kind is SectionKind.ADD:
            return self._add(located, loaded, section)
        seen = self._seen(located)
        changed = seen is not None and (loaded is None or loaded.decoded.sha != seen)
        about = Circumstances(located.shown, located.path, changed, seen is not None, 0, self.changed_by)
        if loaded is None:
            return missing(located, seen, about.who() if changed else "")
        if section.kind is SectionKind.DELETE:
            return self._delete(located, loaded, about)
        return self._update(located, loaded, about, section)

    def _meant(self, path: str) -> Path:
        return meant_path(self.root, path.strip() or ".", self.roots[0])

    def _locate(self, path: str) -> Located | Refused:
        return locate(self._meant(path), self.roots)

    def _is_link(self, located: Located, path: str) -> Refused | None:
        """Deleting or moving what a link leads to would leave the link behind, leading nowhere."""
        if not os.path.islink(self._meant(path)):
            return None
        return Refused(
            RefusedKind.NOT_A_FILE,
            f"{located.shown} is a link to {located.path}. Name that file, or delete or move the link with "
            "the shell.",
        )

    def _seen(self, located: Located) -> str | None:
        """What the agent saw; its own earlier section of this patch counts."""
        file = self.state.get(located.path)
        if file is not None and file.now is not None and file.now != file.original:
            return sha_of(file.now)
        return self.seen_of(located.path)

    def _load(self, located: Located) -> Loaded | Refused | None:
        """The file as the patch so far leaves it."""
        file = self.state.get(located.path)
        if file is None:
            loaded = load(located)
            if not isinstance(loaded, Refused):
                self.state[located.path] = _File(
                    loaded.data if loaded else None, loaded.data if loaded else None
                )
            return loaded
        if file.now is None:
            return None
        decoded = decode(file.now)
        if isinstance(decoded, NotText):
            return Refused(RefusedKind.NOT_TEXT, f"{located.shown} is not a text file: {decoded.reason}.")
        return Loaded(file.now, decoded)

    def _add(self, located: Located, loaded: Loaded | None, section: Section) -> Refused | None:
        if loaded is not None and loaded.decoded.text != section.text:
            return Refused(
                RefusedKind.EXISTS,
                f"{located.shown} exists already. Change it with Update File, or delete it first in the "
                "patch.",
            )
        refused = guard_new(located.shown, section.text, "", loaded.decoded.text if loaded else "")
        if refused is not None:
            return refused
        notes = () if loaded is None else ("nothing changed: the file already has this text",)
        splices = () if loaded else (Splice(0, 0, section.text),)
        prepared = finish(
            located, loaded, section.text, splices, tier="", notes=notes, check_syntax=self.check_syntax
        )
        if isinstance(prepared, Refused):
            return prepared
        if prepared.change is not None:
            self.state[located.path].now = prepared.change.after
        self.files.append(PatchedFile(FileChange.ADDED, prepared.applied))
        return None

    def _delete(self, located: Located, loaded: Loaded, about: Circumstances) -> Refused | None:
        if about.changed:
            return Refused(
                RefusedKind.STALE,
                f"{located.shown} changed since you read it{about.who()}. Read it again with file_read "
                "before you delete it.",
            )
        self.state[located.path].now = None
        before = loaded.decoded.text
        gone = describe(before, (whole_splice(before, ""),) if before else ())
        applied = Applied(
            located.path,
            False,
            gone.diff,
            "",
            "",
            1,
            1,
            gone.added,
            gone.removed,
            (),
            before,
            "",
            gone.line_changes,
        )
        self.files.append(PatchedFile(FileChange.DELETED, applied))
        return None

    def _update(
        self, located: Located, loaded: Loaded, about: Circumstances, section: Section
    ) -> Refused | None:
        changed = change_by_hunks(about, loaded.decoded.text, section.hunks)
        if isinstance(changed, Refused):
            return changed
        prepared = finish(
            located,
            loaded,
            changed.after,
            changed.splices,
            tier=changed.tier,
            notes=changed.notes,
            check_syntax=self.check_syntax,
        )
        if isinstance(prepared, Refused):
            return prepared
        if prepared.change is not None:
            self.state[located.path].now = prepared.change.after
        if section.move_to:
            return self._move(located, section, prepared.applied)
        self.files.append(PatchedFile(FileChange.UPDATED, prepared.applied))
        return None

    def _move(self, located: Located, section: Section, applied: Applied | None) -> Refused | None:
        """Move a file, after its update or, without one, whatever its bytes are."""
        goal = self._locate(section.move_to)
        if isinstance(goal, Refused):
            return goal
        file = self.state.get(located.path)
        if file is None:
            data = read_bytes(located)
            if isinstance(data, Refused):
                return data
            file = self.state[located.path] = _File(data, data)
        if file.now is None:
            return missing(located, self.seen_of(located.path), "")
        known = self.state.get(goal.path)
        if goal.path != located.path and (known.now is not None if known else os.path.lexists(goal.path)):
            return Refused(
                RefusedKind.EXISTS,
                f"{goal.shown} exists already, so {located.shown} cannot be moved there. Choose another "
                "name, or delete it first in the patch.",
            )
        if goal.path != located.path:
            mode = os.stat(located.path).st_mode if file.original is not None else None
            self.state[goal.path] = _File(known.original if known else None, file.now, mode)
            file.now = None
        data = self.state[goal.path].now or b""
        if applied is None:
            decoded = decode(data)
            text = "" if isinstance(decoded, NotText) else decoded.text
            applied = Applied(goal.path, False, "", "", sha_of(data), 1, 1, 0, 0, (), text, text)
        moved = replace(applied, path=goal.path)
        self.files.append(PatchedFile(FileChange.MOVED, moved, located.path))
        return None
