"""Files that the settings protect: which they are, and their versions at one moment."""

import asyncio
from pathlib import Path

from loomkin.project.git import run_git
from loomkin.project.glob import glob_regex
from loomkin.project.listing import list_files
from loomkin.project.problem import Problem
from loomkin.project.text import sha_of

LARGEST = 1 << 24
_STATUS = ("status", "--porcelain", "-z", "--untracked-files=all", "--no-renames")


class Guarded:
    """The files below a root that match some globs; a glob that cannot be read protects nothing."""

    def __init__(self, root: Path, globs: tuple[str, ...]) -> None:
        self._root = root
        found = (glob_regex(glob) for glob in globs)
        self._patterns = [one for one in found if not isinstance(one, Problem)]

    def __bool__(self) -> bool:
        return bool(self._patterns)

    def matches(self, path: str) -> bool:
        """Whether a file, named relative to the root, is protected."""
        return any(one.fullmatch(path) for one in self._patterns)

    def versions(self) -> dict[str, str]:
        """The short hash of each protected file, ignored ones left out; reads them all, so it blocks."""
        paths = [path for path in list_files(self._root).files if self.matches(path)]
        return {path: sha for path in paths if (sha := self._sha(path))}

    async def committed(self) -> dict[str, str]:
        """The versions of those that are as the last commit has them; outside of git of none."""
        answer = await run_git(_STATUS, self._root)
        if not answer.ok:
            return {}
        other = {entry[3:] for entry in answer.out.split("\0")}
        versions = await asyncio.to_thread(self.versions)
        return {path: sha for path, sha in versions.items() if path not in other}

    def _sha(self, path: str) -> str:
        try:
            with (self._root / path).open("rb") as file:
                return sha_of(file.read(LARGEST))
        except OSError:
            return ""
