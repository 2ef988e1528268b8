"""The change that a commit will hold, as text for whoever words its message."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from loomkin.codemap.commit_draft import FileChange
from loomkin.project.diff_cut import fitted, pieces
from loomkin.project.git import run_git
from loomkin.project.git_changes import PathState, Standing, shown
from loomkin.project.secrets import is_secret_path

READ_BYTES = 200_000
MOST_READ = 40
DIFF_CHARS = 24_000
_NEW_CHARS = 3_000


async def both_texts(now: Standing, files: Sequence[PathState], *, staged: bool) -> list[FileChange]:
    """Each file before and after the commit; of many only the first are looked into."""
    found = []
    for at, one in enumerate(files):
        status = _letter(one, staged=staged)
        before = after = None
        if at < MOST_READ:
            before = None if status == "A" else await _in_git(now, f"HEAD:{one.path}")
            if status != "D":
                after = await _in_git(now, f":{one.path}") if staged else await _on_disk(now, one.path)
        found.append(FileChange(shown(one.path), status, before, after))
    return found


async def diff_text(now: Standing, files: Sequence[PathState], *, staged: bool) -> str:
    """The diff in at most so many characters; new files with their beginnings, secret ones not at all."""
    files = [one for one in files if not is_secret_path(one.path)]
    paths = [f":(literal){one.path}" for one in files]
    if staged:
        words = ["diff", "--cached", "--", *paths]
    else:
        words = ["diff", *([] if now.unborn else ["HEAD"]), "--", *paths]
    done = await run_git(words, now.root.path, root=now.root) if paths else None
    head, found = pieces(done.out if done is not None and done.ok else "")
    text = fitted(found, DIFF_CHARS, "") if found else head
    for one in files if not staged else ():
        if one.new and len(text) < DIFF_CHARS:
            content = await _on_disk(now, one.path)
            body = "(not text)" if content is None else content[:_NEW_CHARS]
            text += f"\nnew file {shown(one.path)}\n{body}"
    return text


def _letter(one: PathState, *, staged: bool) -> str:
    if one.new:
        return "A"
    letters = [one.index] if staged else [one.disk, one.index]
    if "D" in letters[:1]:
        return "D"
    return "A" if one.index == "A" else "M"


async def _in_git(now: Standing, name: str) -> str | None:
    done = await run_git(["show", name], now.root.path, root=now.root)
    return None if not done.ok or "\0" in done.out or len(done.out) > READ_BYTES else done.out


async def _on_disk(now: Standing, path: str) -> str | None:
    return await asyncio.to_thread(_read, now.root.path / path)


def _read(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            data = file.read(READ_BYTES + 1)
    except OSError:
        return None
    if b"\0" in data or len(data) > READ_BYTES:
        return None
    return data.decode(errors="replace")
