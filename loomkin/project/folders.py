"""The folders of a project that may hold files of it: none that git ignores."""

import os
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

from loomkin.project.git_safety import READ_OPTIONS, git_environment
from loomkin.project.ignore import BUILT_IN, IgnoreRules
from loomkin.project.listing import GIT_SECONDS, rules_below
from loomkin.project.root import find_root


def folders(top: Path, files: Iterable[str]) -> set[str]:
    """The folders of the files, all above them, and empty ones; relative to `top`, itself is the empty name.

    Blocks. Folders behind links are left out.
    """
    found = {""}
    for file in files:
        folder = os.path.dirname(file)
        while folder and folder not in found:
            found.add(folder)
            folder = os.path.dirname(folder)
    root = find_root(top)
    news = _untracked(top) if root.git_dir is not None and not root.bare else [""]
    for folder in news:
        found.update(_below(folder, rules_below(root, top / folder, top)))
    return found


def offered(top: Path, paths: Iterable[str]) -> set[str] | None:
    """Those of some files that git does not know and would add; None where it cannot say. Blocks."""
    return _others(top, "--", *paths)


def _untracked(top: Path) -> list[str]:
    """The outermost folders in which git knows no file and that it does not ignore."""
    names = _others(top, "--directory")
    return [""] if names is None else [name[:-1] for name in names if name.endswith("/") and name != "./"]


def _others(top: Path, *words: str) -> set[str] | None:
    """What git does not know and does not ignore; None where it is missing, refuses or is slow."""
    program = shutil.which("git")
    if program is None:
        return None
    excludes = [f"--exclude={name}/" for name in BUILT_IN]
    listing = ["--literal-pathspecs", "ls-files", "-z", "-o", "--exclude-standard", *excludes, *words]
    try:
        done = subprocess.run(
            [program, *READ_OPTIONS, *listing], cwd=top, env=git_environment(),
            stdin=subprocess.DEVNULL, capture_output=True, timeout=GIT_SECONDS, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return None
    return set(os.fsdecode(done.stdout).split("\0")) - {""} if done.returncode == 0 else None


def _below(start: str, rules: IgnoreRules) -> Iterator[str]:
    """A folder and those below it that no rule leaves out."""
    pending = [("", rules)]
    while pending:
        name, here = pending.pop()
        yield f"{start}/{name}".strip("/")
        try:
            with os.scandir(here.folder / name) as entries:
                inner = [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
        except OSError:
            continue
        for one in inner:
            full = f"{name}/{one}" if name else one
            if not here.ignored(full, is_dir=True):
                pending.append((full, here.enter(full)))
