"""A name for the state of a project's files: the same files have the same name."""

import asyncio
import hashlib
import os
from pathlib import Path

from loomkin.project.git import run_git
from loomkin.project.listing import list_files
from loomkin.project.root import Root, find_root

LARGEST = 1 << 20
LENGTH = 12


async def tree_name(root: Path) -> str:
    """Twelve hex digits of the commit, what differs from it, and the files that git does not know.

    Where there is no repository, of names, sizes and times. Empty where git cannot say.
    """
    found = await asyncio.to_thread(find_root, root)
    if found.git_dir is None:
        return await asyncio.to_thread(_by_times, root)
    head = await run_git(["rev-parse", "--verify", "-q", "HEAD"], root, root=found)
    base = head.out.strip() or _EMPTY_TREE
    changed = await run_git(["diff", "--binary", "--no-renames", base], root, root=found)
    return "" if not changed.ok else await _name(root, found, f"{base}\n{changed.out}")


async def _name(root: Path, found: Root, known: str) -> str:
    new = await run_git(["ls-files", "-z", "--others", "--exclude-standard"], root, root=found)
    names = [name for name in new.out.split("\0") if name]
    return await asyncio.to_thread(_digest, root, known, names)


def files_digest(root: Path, paths: tuple[str, ...]) -> str:
    """A name for the contents of some files, given relative to the root; one that is missing counts, too."""
    return _digest(root, "", sorted(paths))


def _digest(root: Path, known: str, names: list[str]) -> str:
    digest = hashlib.sha256(os.fsencode(known))
    for name in names:
        digest.update(os.fsencode(f"\0{name}\0"))
        digest.update(_content(root / name))
    return digest.hexdigest()[:LENGTH]


def _content(path: Path) -> bytes:
    """A file's content, or its size and time where it is large; where it cannot be read, that."""
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
            if len(data) <= LARGEST:
                return data
            known = os.stat(path)
            return f"{known.st_size} {known.st_mtime_ns}".encode()
    except OSError as error:
        return f"unreadable: {error.errno}".encode()


def _by_times(root: Path) -> str:
    digest = hashlib.sha256()
    for name in list_files(root).files:
        try:
            known = os.lstat(root / name)
        except OSError:
            continue
        digest.update(os.fsencode(f"{name}\0{known.st_size}\0{known.st_mtime_ns}\0"))
    return digest.hexdigest()[:LENGTH]


_EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
"""The object name that git gives to a tree without files."""
