"""Patches over several files: everything is prepared in memory and written together, or nothing is."""

import re
from pathlib import Path

from loomkin.project.edit_finish import ATTEMPTS, keeps_changing, refuse
from loomkin.project.edit_grammar import parse_patch
from loomkin.project.edit_patch import ChangedBy, FileChange, PatchedFile, PatchWork, SeenOf
from loomkin.project.edit_result import Refused
from loomkin.project.writing import FailureKind, commit
from loomkin.records.dataclass import dataclass
from loomkin.records.regex import pattern

__all__ = [
    "FileChange",
    "PatchApplied",
    "PatchedFile",
    "apply_patch",
    "find_patch_in_command",
    "patch_paths",
    "plan_patch",
]

_HEREDOC = pattern(
    r"\s*(?:cd\s+(?P<folder>'[^']+'|\"[^\"$`\\]+\"|[^\s;&|$`*?\\'\"]+)\s*&&\s*)?(?:apply_patch|applypatch)\s*"
    r"<<-?\s*(['\"]?)(?P<mark>\w+)\2[ \t]*\n(?P<patch>.*?)\n[ \t]*(?P=mark)\s*",
    re.DOTALL,
)
_ARGUMENT = pattern(
    r"\s*(?:cd\s+(?P<folder>'[^']+'|\"[^\"$`\\]+\"|[^\s;&|$`*?\\'\"]+)\s*&&\s*)?(?:apply_patch|applypatch)\s+"
    r"(?P<quote>['\"])(?P<patch>\s*\*\*\* Begin Patch\n.*?)(?P=quote)\s*",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class PatchApplied:
    """A patch that was made, or that would be made when it was only planned; in the patch's order."""

    files: tuple[PatchedFile, ...]


def patch_paths(text: str) -> tuple[str, ...]:
    """Every path that a patch names, as written, new places of moved files too; none if it is malformed."""
    sections = parse_patch(text)
    if isinstance(sections, str):
        return ()
    named = (path for section in sections for path in (section.path, section.move_to) if path)
    return tuple(dict.fromkeys(named))


def plan_patch(
    text: str,
    root: Path,
    roots: tuple[Path, ...],
    seen_of: SeenOf,
    *,
    changed_by: ChangedBy | None = None,
    check_syntax: bool = True,
) -> PatchApplied | Refused:
    """What `apply_patch` would answer now, with nothing written."""
    work = PatchWork(root, roots, seen_of, changed_by, check_syntax)
    refused = work.run(text)
    return refused or PatchApplied(tuple(work.files))


def apply_patch(
    text: str,
    root: Path,
    roots: tuple[Path, ...],
    seen_of: SeenOf,
    *,
    changed_by: ChangedBy | None = None,
    check_syntax: bool = True,
    durable: bool = True,
) -> PatchApplied | Refused:
    """Apply all sections of a patch, or none.

    Relative paths start at `root`; `roots` are the folders outside of which nothing is touched. `seen_of`
    gives the hash that the agent last saw of a (resolved) path, None if it never read it.
    """
    for _ in range(ATTEMPTS):
        work = PatchWork(root, roots, seen_of, changed_by, check_syntax)
        refused = work.run(text)
        if refused is not None:
            return refused
        failure = commit(work.changes(), durable=durable)
        if failure is None:
            return PatchApplied(tuple(work.files))
        if failure.kind is not FailureKind.CHANGED:
            return refuse(failure, "The patch")
    return keeps_changing("A file of the patch")


def find_patch_in_command(command: str) -> tuple[str, str] | None:
    """The patch of an `apply_patch <<'EOF'` command typed into a shell, and the folder it is applied in.

    None for any other command: nothing may follow the patch, and only a `cd folder &&` stand before it.
    """
    found = _HEREDOC.fullmatch(command) or _ARGUMENT.fullmatch(command)
    if found is None:
        return None
    return found["patch"], (found["folder"] or ".").strip("'\"")
