"""The other work trees of a repository, which have folders of their own for what loomkin keeps."""

from contextlib import suppress
from pathlib import Path

from loomkin.project.root import STATE_DIR, Root

_MOST = 200


def other_memories(root: Root, name: str) -> list[Path]:
    """The other work trees of the repository in whose state folder a file of that name is."""
    common = root.common_dir
    if common is None:
        return []
    found = [common.parent] if common.name == ".git" else []
    with suppress(OSError):
        for entry in sorted((common / "worktrees").iterdir())[:_MOST]:
            with suppress(OSError):
                line = (entry / "gitdir").read_text(encoding="utf-8", errors="surrogateescape").strip()
                found.append((entry / line).resolve().parent)
    here = root.path.resolve()
    return [tree for tree in dict.fromkeys(found) if tree != here and _has(tree / STATE_DIR / name)]


def _has(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        return False
