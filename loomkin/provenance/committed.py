"""Commits that agents make: which decisions they carry, and what was committed."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from loomkin.config.settings import GitSettings
from loomkin.project.git import run_git
from loomkin.provenance.reasons import decided_for
from loomkin.provenance.trailers import attribution, lines
from loomkin.records.dataclass import dataclass
from loomkin.records.regex import pattern
from loomkin.store import helped
from loomkin.store.database import Database

MOST = 20
MOST_LOOKED_AT = 500
_ID = pattern(r"[0-9a-f]{40,64}")


@dataclass(frozen=True, slots=True)
class Made:
    """A commit as it was made."""

    id: str
    subject: str
    files: tuple[str, ...]


async def trailers_for(
    db: Database,
    root: Path,
    paths: Sequence[str],
    settings: GitSettings,
    session: str = "",
    agent: str = "",
    models: Sequence[str] = (),
) -> tuple[str, ...]:
    """The lines that a commit of these files carries: the models that helped, the decisions that led to it.

    Those of the named session and agent count, and of all others that changed the files since they were
    committed last; `models` helped besides.
    """
    before = await last_commits(root, paths)
    return await asyncio.to_thread(carried, db, before, settings, (session, agent), models)


async def last_commits(root: Path, paths: Sequence[str]) -> dict[str, float]:
    """When each of these files was committed last, 0 for never or long ago."""
    found = dict.fromkeys(paths, 0.0)
    if not paths:
        return found
    words = ["log", f"-{MOST_LOOKED_AT}", "--name-only", "--no-renames", "-z", "--format=%x1e%ct%x1f", "--"]
    log = await run_git([*words, *(f":(literal){path}" for path in paths)], root)
    for record in log.out.split("\x1e")[1:]:
        at, names = record.split("\x1f", 1)
        for name in names.split("\0"):
            path = name.strip("\n") if name.startswith("\n") else name
            if not found.get(path, 1.0):
                found[path] = float(at)
    return found


def carried(
    db: Database,
    before: dict[str, float],
    settings: GitSettings,
    caller: tuple[str, str],
    models: Sequence[str],
) -> tuple[str, ...]:
    """The same from what is known already: when each file was committed last."""
    own = [caller] if caller[1] else []
    named = attribution(
        settings.attribution, [*models, *helped.models_of(db, [*own, *helped.helpers(db, before)])]
    )
    decided = lines(decided_for(db, before, caller[0])) if settings.trailers else []
    return (*named, *decided)


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
