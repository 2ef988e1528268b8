"""Git commands that take back what stands uncommitted in the tree, as far as their words tell."""

import os
import re
from collections.abc import Iterable
from pathlib import Path

from loomkin.permissions.simple import Command, names
from loomkin.records.regex import pattern

_VALUED = names("-C -c --git-dir --work-tree --namespace")
_HARD = names("--hard --merge --keep")
_STASHING = names("push save")
_SPOKEN = pattern(
    r"\bgit\s+(?:stash(?!\s+(?:list|show))|reset\s+--hard|clean\s+-|(?:checkout|restore)\s+(?:--\s+)?\.)"
)


def undoes(commands: Iterable[Command], root: Path) -> str:
    """The first command that takes back more than files it names in the tree below `root`, if one does."""
    for command in commands:
        if command.program != "git" or not any(Path(place).is_relative_to(root) for place in command.places):
            continue
        words, cwd = list(command.texts[1:]), Path(command.places[0])
        while words and words[0].startswith("-"):
            if words[0] == "-C" and len(words) > 1:
                cwd /= words[1]
            del words[: 2 if words[0] in _VALUED else 1]
        elsewhere = not Path(os.path.normpath(cwd)).is_relative_to(root)
        if words and not elsewhere and _takes_back(words[0], words[1:], cwd):
            return command.source
    return ""


def speaks_of_undoing(text: str) -> str:
    """The words in an unreadable command line that look like such a command."""
    found = _SPOKEN.search(text)
    return found[0] if found else ""


def _takes_back(verb: str, words: list[str], cwd: Path) -> bool:
    paths = [word for word in words if not word.startswith("-")]
    if verb == "stash":
        pushes = not words or words[0] in _STASHING or words[0].startswith("-")
        return pushes and ("--" not in words or _wide(words[words.index("--") + 1 :], cwd))
    if verb == "reset":
        return bool(_HARD.intersection(words))
    if verb == "clean":
        dry = any(re.match(r"-[a-zA-Z]*n|--dry-run", word) for word in words)
        return not dry and (not paths or _wide(paths, cwd))
    if verb == "checkout" and ("-f" in words or "--force" in words):
        return True
    return verb in ("checkout", "restore") and _wide(paths, cwd)


def _wide(paths: list[str], cwd: Path) -> bool:
    """Whether one of the paths stands for more than a file."""
    return any(
        path.startswith(":") or "*" in path or path.endswith("/") or os.path.isdir(cwd / path)
        for path in paths
    )
