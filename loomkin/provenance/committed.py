"""Commits that agents make: which decisions they carry, and what was committed."""

from collections.abc import Sequence
from pathlib import Path

from loomkin.project.git import run_git
from loomkin.project.root import find_root
from loomkin.provenance import behind, trailers
from loomkin.records.dataclass import dataclass
from loomkin.records.regex import pattern
from loomkin.store.database import Database

MOST = 20
_ID = pattern(r"[0-9a-f]{40,64}")
_SKIPPED = ("--dry-run",)


@dataclass(frozen=True, slots=True)
class Made:
    """A commit as it was made."""

    id: str
    subject: str
    files: tuple[str, ...]


async def with_trailers(db: Database, session: str, argv: Sequence[str], cwd: Path) -> list[str]:
    """Arguments of a commit that name the session's decisions on what it will commit; a merge stays as is."""
    root = find_root(cwd)
    if root.git_dir is None or any(word in argv for word in _SKIPPED):
        return list(argv)
    if (root.git_dir / "MERGE_HEAD").exists() or not behind.any_active(db, session):
        return list(argv)
    tried = await run_git([argv[0], "--dry-run", "--porcelain", "-z", *argv[1:]], cwd, read=False)
    nodes = behind.for_files(db, session, _staged(tried.out))
    return [*trailers.options(nodes), *argv[1:]]


def _staged(status: str) -> list[str]:
    """The files that a commit takes, of `git commit --dry-run --porcelain -z`."""
    found, records = [], iter(status.split("\0"))
    for record in records:
        if record[:1] not in ("", " ", "?", "!"):
            found.append(record[3:])
            if record[0] in "RC":
                found.append(next(records, ""))
    return found


async def since(root: Path, begun: float, ended: float, head: str = "") -> tuple[str, list[Made]]:
    """The branch, and the commits at its head that were made between two moments, oldest first.

    What `head`, the commit before, stands on is none of them: in one second several may be made.
    """
    form = "--format=%x1e%H%x1f%ct%x1f%s%x1f"
    known = [f"^{head}"] if _ID.fullmatch(head) else []
    log = await run_git(["log", f"-{MOST}", "--name-only", "--no-renames", "-z", form, "HEAD", *known], root)
    branch = await run_git(["symbolic-ref", "--short", "-q", "HEAD"], root)
    made = []
    for record in log.out.split("\x1e")[1:]:
        commit, at, subject, files = record.split("\x1f", 3)
        # git counts whole seconds
        if int(begun) <= int(at) <= ended + 1:
            names = tuple(name for one in files.split("\0") if (name := one.strip("\n")))
            made.append(Made(commit, subject, names))
    return branch.out.strip(), made[::-1]
