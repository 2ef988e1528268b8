"""Where a file went that is not where it was: the one that has its text now."""

import os
from collections.abc import Callable
from pathlib import Path

from loomkin.project.listing import list_files
from loomkin.project.sight import Sight
from loomkin.project.text import sha_of

MOST_BYTES = 1_000_000
MOST_CANDIDATES = 200


class Moved:
    """Finds moved files; the project is listed once, when it is first asked."""

    def __init__(self, root: Path, sight: Sight, shown: Callable[[Path], str]) -> None:
        self._root = root
        self._sight = sight
        self._shown = shown
        self._files: list[str] | None = None

    def __call__(self, path: Path) -> str:
        """The new name of a file, empty where it is not known."""
        sizes = self._sizes(path)
        if not sizes:
            return ""
        if self._files is None:
            self._files = list(list_files(self._root).files)
        for name in self._candidates(path, sizes):
            found = self._root / name
            try:
                if sha_of(found.read_bytes()) in sizes:
                    return self._shown(found)
            except OSError:
                continue
        return ""

    def _sizes(self, path: Path) -> dict[str, int]:
        """The versions of the file that agents knew, with the sizes of their texts."""
        known = {sha: self._sight.texts.get(sha) for sha in self._sight.versions(path)}
        return {sha: len(text.encode("utf-8", "surrogatepass")) for sha, text in known.items() if text}

    def _candidates(self, path: Path, sizes: dict[str, int]) -> list[str]:
        """Files as long as it was, those of its name or folder first."""
        wanted, found = set(sizes.values()), []
        for name in self._files or ():
            try:
                about = os.stat(self._root / name)
            except OSError:
                continue
            if about.st_size in wanted and about.st_size <= MOST_BYTES:
                found.append(name)
        near = sorted(
            found, key=lambda name: Path(name).name != path.name and Path(name).parent != path.parent
        )
        return near[:MOST_CANDIDATES]
