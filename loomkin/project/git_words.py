"""A repository's state in a few lines, as an agent is told of it."""

import asyncio
from pathlib import Path

from loomkin.project.git import GitState, state
from loomkin.project.root import find_root

MOST_SUBMODULES = 8


async def describe_state(cwd: Path) -> str:
    """The state of the repository around a folder, in words."""
    return in_words(await state(await asyncio.to_thread(find_root, cwd)))


def in_words(found: GitState) -> str:
    """Branch, changes, anything in progress, and the latest commits."""
    if found.problem:
        return f"Git: {found.problem}."
    place = f"branch {found.branch}" if found.branch else f"detached head at {found.head}"
    if found.bare:
        place += " (a bare repository: no files are checked out)"
    if found.unborn:
        place += ", no commits yet"
    if found.upstream:
        place += f", {found.ahead} ahead and {found.behind} behind {found.upstream}"
    counts = {
        "staged": found.staged,
        "changed": found.changed,
        "untracked": found.untracked,
        "in conflict": found.conflicted,
    }
    dirty = ", ".join(f"{count} {what}" for what, count in counts.items() if count)
    lines = [f"Git: {place}; " + (f"files: {dirty}." if dirty else "nothing to commit.")]
    if found.in_progress:
        lines.append(f"A {found.in_progress} is in progress.")
    if found.submodules:
        lines.append(f"Submodules: {', '.join(found.submodules[:MOST_SUBMODULES])}.")
    if found.commits:
        lines += ["Latest commits:", *(f"  {commit}" for commit in found.commits)]
    return "\n".join(lines)
