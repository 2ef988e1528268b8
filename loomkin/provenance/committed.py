"""Commits that agents make: which decisions they carry, and what was committed."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path

from loomkin.config.settings import GitSettings
from loomkin.project.git import run_git
from loomkin.provenance import behind
from loomkin.provenance.trailers import attribution, lines
from loomkin.records.dataclass import dataclass
from loomkin.records.regex import pattern
from loomkin.store import helped
from loomkin.store.database import Database

MOST = 20
MOST_FILES = 50
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
    before = await asyncio.gather(*(_last_commit(root, path) for path in paths[:MOST_FILES]))
    since_then = dict(zip(paths, before, strict=False))
    return await asyncio.to_thread(_lines, db, since_then, list(paths), settings, (session, agent), models)


def _lines(
    db: Database,
    since_then: Mapping[str, float],
    paths: list[str],
    settings: GitSettings,
    caller: tuple[str, str],
    models: Sequence[str],
) -> tuple[str, ...]:
    agents = helped.helpers(db, since_then)
    own = [caller] if caller[1] else []
    named = attribution(settings.attribution, [*models, *helped.models_of(db, [*own, *agents])])
    if not settings.trailers:
        return tuple(named)
    sessions = dict.fromkeys([*([caller[0]] if caller[0] else []), *(session for session, _ in agents)])
    nodes = [
        node
        for session in sessions
        if behind.any_active(db, session)
        for node in behind.for_files(db, session, paths)
    ]
    return (*named, *dict.fromkeys(lines(nodes)))


async def _last_commit(root: Path, path: str) -> float:
    log = await run_git(["log", "-1", "--format=%ct", "--", f":(literal){path}"], root)
    return float(log.out.strip() or 0.0) if log.ok else 0.0


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
