"""The index of a project kept up to date: what changed since it was built is laid over it."""

import os
import stat
from array import array
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from loomkin.codemap.base import Base, build, load
from loomkin.codemap.digest import Entry, Packed
from loomkin.codemap.overlay import Overlay
from loomkin.codemap.reading import content, digests, is_read, key_of
from loomkin.codemap.words import Pieces
from loomkin.project.listing import list_files
from loomkin.store.codemap import KnownFile, MapStore

SHARE, LEAST = 25, 60
"""The index is built anew when one file in so many has changed, and more than this many."""
UNUSED = 5_000
"""Digests of contents that no file has any more, of other branches perhaps, that are kept."""
UNREAD = KnownFile(-1, 0, 0)


class Index:
    """Terms, names and outlines of all files; `refresh` before each question, one thread at a time."""

    def __init__(self, root: Path, store: MapStore) -> None:
        self.root = root
        self.pieces = Pieces()
        self._store = store
        self._seen: dict[str, KnownFile] | None = None
        self._files: list[tuple[str, int]] = []
        self._base: Base | None = None
        self._over: Overlay | None = None

    def refresh(self) -> None:
        """Look at all files, read those that changed, and bring the index up to them."""
        if self._seen is None:
            self._seen = self._store.known()
        now = self._look(self._seen)
        changed = {path: one for path, one in now.items() if self._seen.get(path) is not one}
        gone = [path for path in self._seen if path not in now]
        if changed:
            changed = self._read(changed)
            now.update(changed)
        if changed or gone:
            self._store.look(changed.items(), gone)
        self._seen = now
        files = [(path, now[path].digest) for path in sorted(now)]
        if self._over is None or files != self._files:
            self._files = files
            self._settle()

    def _look(self, seen: Mapping[str, KnownFile]) -> dict[str, KnownFile]:
        """All files as they are now; with the digest from before where nothing has changed."""
        now: dict[str, KnownFile] = {}
        top = str(self.root)
        for path in list_files(self.root).files:
            try:
                status = os.lstat(f"{top}/{path}")
            except OSError:
                continue
            if stat.S_ISREG(status.st_mode):
                known = seen.get(path, UNREAD)
                same = known.size == status.st_size and known.changed == status.st_mtime_ns
                now[path] = known if same else KnownFile(status.st_size, status.st_mtime_ns, -1)
        return now

    def _read(self, changed: Mapping[str, KnownFile]) -> dict[str, KnownFile]:
        """The digests of files that changed, from what is kept where that content was met before."""
        keys = {
            path: key_of(path, content(str(self.root), path)) if is_read(path) else b"" for path in changed
        }
        known = self._store.digests_of(list({key for key in keys.values() if key}))
        missing = {key: path for path, key in keys.items() if key and key not in known}
        paths = sorted(missing.values())
        for made in digests(self.root, paths, [changed[path].size for path in paths]):
            self._store.keep(made)
        known.update(self._store.digests_of(list(missing)))
        # a file that is being written has another key by now, and is read again the next time
        found = {path: known.get(key, 0 if not key else -1) for path, key in keys.items()}
        return {
            path: KnownFile(one.size, one.changed if found[path] >= 0 else 0, max(found[path], 0))
            for path, one in changed.items()
        }

    def _settle(self) -> None:
        base = self._base or load(self._store)
        if base is not None:
            old = dict(zip(base.paths, base.digests, strict=True))
            over = [one for one in self._files if old.get(one[0]) != one[1]]
            now = dict(self._files)
            masked = [
                number for number, path in enumerate(base.paths) if now.get(path) != base.digests[number]
            ]
            if max(len(over), len(masked)) <= max(LEAST, len(self._files) // SHARE):
                laid = Overlay(base, self._store, over, masked, self.pieces)
                if not laid.outgrown:
                    self._base, self._over = base, laid
                    return
        self._store.forget_unused(UNUSED)
        self._base = build(self._store, self._files, self.pieces)
        self._over = Overlay(self._base, self._store, [], [], self.pieces)

    @property
    def over(self) -> Overlay:
        """The files as they are; after the first `refresh`."""
        assert self._over is not None, "refresh comes first"
        return self._over

    def postings(self, terms: Iterable[str]) -> "dict[str, array[int]]":
        """The entries of some terms, as `base.HIGH` tells."""
        wanted = list(dict.fromkeys(terms))
        assert self._base is not None
        found = self._store.postings(wanted, self._base.stamp)
        if found is None:
            # another process has built it anew meanwhile
            self._base, self._over = None, None
            self.refresh()
            return self.postings(wanted)
        return {term: self.over.postings(term, array("Q", found.get(term, b""))) for term in wanted}

    def outlines(self, files: Sequence[int]) -> dict[int, tuple[Entry, ...]]:
        """The outlines of some files by their numbers."""
        digest_of = {number: self.over.digest(number) for number in files}
        data = dict(self._store.data(sorted({one for one in digest_of.values() if one})))
        return {
            number: Packed(data[one]).outline() if one in data else () for number, one in digest_of.items()
        }
