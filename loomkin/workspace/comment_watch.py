"""AI comments in the files of a repository: which of them are new, and the person's own."""

import asyncio
from collections import Counter
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


@dataclass(frozen=True, slots=True)
class Found:
    """What a save orders: `orders` are the person's, `held` may be another's, `known` git has already."""

    orders: list[AiComment]
    held: list[AiComment]
    known: list[AiComment]


Seen = tuple[str, str]
"""The words of a comment and the lines where it stands, to tell it from another of the same words."""


class CommentWatch:
    """Remembers which AI comments were seen, so that each counts once while it stands."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._told: dict[str, tuple[Seen, ...]] = {}

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
            told = self._told.get(one.path, ())
            self._told[one.path] = tuple(seen for seen in told if seen[0] != one.text)

    def pass_over(self, files: Iterable[CommentedFile]) -> None:
        """Comments that nobody asked to heed are no orders later, either."""
        for file in files:
            self._told[file.path] = _seen(ai_comments(file.path, file.text), file.text)

    async def new(
        self, files: Sequence[CommentedFile], gone: Iterable[str], theirs: Collection[str]
    ) -> Found:
        """The AI comments that are new, sorted by whose they are.

        What stood in files that are `gone` counts as told: it was moved.
        """
        moved = tuple(seen for path in gone for seen in self._told.pop(path, ()))
        found = Found([], [], [])
        for file in files:
            comments = await asyncio.to_thread(ai_comments, file.path, file.text)
            before = self._told.get(file.path, ())
            self._told[file.path] = _seen(comments, file.text)
            new = [one for one in _more(comments, file.text, before + moved) if one.wish is not Wish.ALONG]
            fresh = [one for one in new if one in await self._not_committed(file, comments)] if new else []
            if not fresh:
                continue
            gits = await self._is_gits(file)
            if not await asyncio.to_thread(self._still, file):
                self._told[file.path] = before  # it changed again: what it orders is seen then
                continue
            if gits and file.path not in theirs:
                continue
            if gits or file.path not in theirs:
                self.forget(fresh)
            (found.known if gits else found.orders if file.path in theirs else found.held).extend(fresh)
        return found

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

    async def _not_committed(self, file: CommentedFile, comments: Sequence[AiComment]) -> Sequence[AiComment]:
        """The AI comments of a file that do not stand in the last commit."""
        full = self._root / file.path
        shown = await run_git(["show", f"HEAD:./{full.name}"], full.parent)
        if not shown.ok:
            return comments
        old = await asyncio.to_thread(ai_comments, file.path, shown.out)
        return _more(comments, file.text, _seen(old, shown.out))


def standing(ordered: Iterable[AiComment], now: Sequence[AiComment]) -> list[AiComment]:
    """Where comments that were ordered stand now, the nearest of their words; without those that are gone."""
    left, found = list(now), []
    for one in ordered:
        alike = [other for other in left if (other.path, other.text) == (one.path, one.text)]
        if alike:
            found.append(min(alike, key=lambda other: abs(other.first - one.first)))
            left.remove(found[-1])
    return found


def _seen(comments: Iterable[AiComment], text: str) -> tuple[Seen, ...]:
    """How comments are remembered: by their words, their line and the one after it."""
    lines = [line.strip() for line in text.splitlines()]
    return tuple((one.text, "\n".join(lines[one.first - 1 : one.last + 1])) for one in comments)


def _more(comments: Sequence[AiComment], text: str, before: Collection[Seen]) -> list[AiComment]:
    """The comments that are there more often than before; of like ones those that stand elsewhere."""
    seen = dict(zip(comments, _seen(comments, text), strict=True))
    had = Counter(words for words, _ in before)
    found = []
    for words, number in Counter(one.text for one in comments).items():
        alike = [one for one in comments if one.text == words]
        alike.sort(key=lambda one: seen[one] not in before)
        found += alike[len(alike) - max(0, number - had[words]) :]
    return sorted(found, key=lambda one: one.first)
