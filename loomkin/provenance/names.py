"""What a file was called before, and what it is called now, as far as git's following of renames tells."""

from collections.abc import Iterator
from pathlib import Path

from loomkin.project.git import run_git
from loomkin.project.root import Root

MOST_RENAMES = 20
_STEPS = 5
_RENAMES = ("-M", "--diff-filter=R", "--name-status", "-z")


async def before(root: Root, path: Path) -> list[str]:
    """The earlier names of a file, the latest first, below the repository's top folder."""
    if root.git_dir is None:
        return []
    name = str(path.relative_to(root.path))
    words = ["log", f"-{MOST_RENAMES}", "--follow", *_RENAMES, "--format=", "--", name]
    answer = await run_git(words, root.path, root=root)
    return list(dict.fromkeys(old for old, _ in _pairs(answer.out) if old != name))


async def after(root: Root, path: Path) -> str:
    """What a file that is gone is called now; empty where git knows of no other name that is there."""
    if root.git_dir is None:
        return ""
    name = str(path.relative_to(root.path))
    for _ in range(_STEPS):
        # the last commit that names it is the one that took it away: no other is compared
        last = await run_git(["log", "-1", "--format=%H", "--", name], root.path, root=root)
        if not (commit := last.out.strip()):
            return ""
        shown = await run_git(["show", *_RENAMES, "--format=", commit], root.path, root=root)
        name = dict(_pairs(shown.out)).get(name, "")
        if not name or (root.path / name).exists():
            return name
    return ""


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    """The old and the new names in what git says of renames."""
    words = iter(word.lstrip("\n") for word in text.split("\0"))
    for word in words:
        if word.startswith("R") and word[1:].isdigit():
            yield next(words, ""), next(words, "")
