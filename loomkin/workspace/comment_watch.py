"""AI comments in the files of a repository: which of them are new, and the person's own."""

import asyncio
from collections.abc import Collection, Iterable, Sequence
from hashlib import sha1, sha256
from pathlib import Path

from loomkin.project.ai_comments import AiComment, Wish, ai_comments, may_hold
from loomkin.project.census import Change, Kind
from loomkin.project.git import run_git
from loomkin.project.secrets import is_secret_path
from loomkin.project.text import NotText, decode
from loomkin.records.dataclass import dataclass

MOST_BYTES = 1_000_000
VENDORED = frozenset(("vendor", "third_party", "node_modules", "bower_components", "site-packages"))


@dataclass(frozen=True, slots=True)
class CommentedFile:
    """A file of the person's that may hold orders."""

    path: str
    text: str
    data: bytes


class CommentWatch:
    """Remembers which AI comments were seen, so that each counts once while it stands."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._told: dict[str, frozenset[str]] = {}

    def read(self, changes: Iterable[Change]) -> list[CommentedFile]:
        """The files that may hold AI comments; those of others are left alone."""
        found = []
        for one in changes:
            full = self._root / one.path
            if one.kind is Kind.DELETED or VENDORED & set(Path(one.path).parts) or is_secret_path(full):
                continue
            try:
                if full.is_symlink() or full.stat().st_size > MOST_BYTES:
                    continue
                data = full.read_bytes()
            except OSError:
                continue
            if not may_hold(data):
                self._told.pop(one.path, None)
                continue
            decoded = decode(data)
            if not isinstance(decoded, NotText):
                found.append(CommentedFile(one.path, decoded.text, data))
        return found

    def forget(self, comments: Iterable[AiComment]) -> None:
        """These count again when their files are saved."""
        for one in comments:
            self._told[one.path] = self._told.get(one.path, frozenset()) - {one.text}

    def pass_over(self, files: Iterable[CommentedFile]) -> None:
        """Comments that nobody asked to heed are no orders later, either."""
        for file in files:
            self._told[file.path] = frozenset(one.text for one in ai_comments(file.path, file.text))

    async def new(
        self, files: Sequence[CommentedFile], gone: Iterable[str], theirs: Collection[str]
    ) -> tuple[list[AiComment], list[AiComment]]:
        """The AI comments that are new and the person's, and those that may be another's.

        What stood in files that are `gone` counts as told: it was moved.
        """
        known = frozenset(text for path in gone for text in self._told.pop(path, ()))
        orders: list[AiComment] = []
        held: list[AiComment] = []
        for file in files:
            comments = await asyncio.to_thread(ai_comments, file.path, file.text)
            before = self._told.get(file.path, frozenset()) | known
            self._told[file.path] = frozenset(one.text for one in comments)
            new = [one for one in comments if one.wish is not Wish.ALONG and one.text not in before]
            if not new or await self._is_gits(file):
                continue
            committed = await self._committed(file.path)
            fresh = [one for one in new if one.text not in committed]
            if not await asyncio.to_thread(self._still, file):
                self._told[file.path] = before  # it changed again: what it orders is seen then
            elif file.path in theirs:
                orders += fresh
            else:
                held += fresh
                self.forget(fresh)
        return orders, held

    def _still(self, file: CommentedFile) -> bool:
        try:
            return (self._root / file.path).read_bytes() == file.data
        except OSError:
            return False

    async def _is_gits(self, file: CommentedFile) -> bool:
        """Whether git has exactly this text already: then it comes from git, not from the person's hands."""
        blob, folder = b"blob %d\0" % len(file.data) + file.data, (self._root / file.path).parent
        if not folder.is_dir():
            return True
        names = (sha1(blob, usedforsecurity=False).hexdigest(), sha256(blob).hexdigest())
        return any([(await run_git(["cat-file", "-e", name], folder)).ok for name in names])

    async def _committed(self, path: str) -> frozenset[str]:
        """The AI comments that stand in the last commit."""
        full = self._root / path
        shown = await run_git(["show", f"HEAD:./{full.name}"], full.parent)
        if not shown.ok:
            return frozenset()
        return frozenset(one.text for one in await asyncio.to_thread(ai_comments, path, shown.out))
