"""The index of a project kept up to date: what changed since it was built is laid over it."""

import os
import stat
from array import array
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from loomkin.codemap.base import build, load
from loomkin.codemap.digest import Entry, Packed
from loomkin.codemap.ground import Ground
from loomkin.codemap.overlay import Overlay
from loomkin.codemap.reading import content, digests, is_read, key_of
from loomkin.codemap.words import Pieces
from loomkin.project.listed import Change, Listed
from loomkin.project.listing import list_files
from loomkin.store.codemap import KnownFile, MapStore

SHARE, LEAST = 25, 60
"""The index is built anew when one file in so many has changed, and more than this many."""
UNUSED = 5_000
"""Digests of contents that no file has any more, of other branches perhaps, that are kept."""
OUTLINES = 400
"""Outlines that are kept at hand."""
UNREAD = KnownFile(-1, 0, 0)


class Index:
    """Terms, names and outlines of all files; `refresh` before each question, one thread at a time.

    Where it stays, as in a session, it notes what tells it the next time which files came and went.
    """

    def __init__(self, root: Path, store: MapStore, stays: bool = False) -> None:
        self.root = root
        self.pieces = Pieces()
        self._store = store
        self._listed = Listed(root) if stays else None
        self._seen: dict[str, KnownFile] | None = None
        self._read_ones: dict[str, KnownFile] = {}
        self._ground: Ground | None = None
        self._over: Overlay | None = None
        self._apart: dict[str, int] = {}
        self._masked: set[int] = set()
        self._outlines: dict[int, tuple[Entry, ...]] = {}

    def refresh(self) -> None:
        """Look at all files, read those that changed, and bring the index up to them."""
        try:
            change = self._listed.look() if self._listed else None
            if self._seen is None or self._over is None or change is None or change.anew:
                self._refresh_all()
            else:
                self._refresh_some(change)
        except BaseException:
            # what the look found is lost: the next one looks at all
            self._over = None
            raise

    def _refresh_all(self) -> None:
        if self._seen is None:
            self._seen = self._store.known()
        paths = self._listed.files if self._listed else list_files(self.root).files
        now = self._look(paths, self._seen)
        changed = {path: one for path, one in now.items() if self._seen.get(path) is not one}
        gone = [path for path in self._seen if path not in now]
        self._note(changed, gone)
        if self._over is None:
            self._settle()
        elif changed or gone:
            self._follow([*changed, *gone])

    def _refresh_some(self, change: Change) -> None:
        """As the other, where it is known which files came and went."""
        assert self._seen is not None
        changed, gone = self._differing(self._read_ones)
        changed |= self._look(change.came, {})
        gone += [path for path in (*change.went, *change.came) if path in self._seen]
        gone = [path for path in dict.fromkeys(gone) if path not in changed]
        if changed or gone:
            self._note(changed, gone)
            self._follow([*changed, *gone])

    def _look(self, paths: Iterable[str], seen: Mapping[str, KnownFile]) -> dict[str, KnownFile]:
        """Files as they are now; with the digest from before where nothing has changed."""
        now: dict[str, KnownFile] = {}
        top = str(self.root)
        for path in paths:
            try:
                status = os.lstat(f"{top}/{path}")
            except OSError:
                continue
            if stat.S_ISREG(status.st_mode):
                known = seen.get(path, UNREAD)
                same = known.size == status.st_size and known.changed == status.st_mtime_ns
                now[path] = known if same else KnownFile(status.st_size, status.st_mtime_ns, -1)
        return now

    def _differing(self, known: Mapping[str, KnownFile]) -> tuple[dict[str, KnownFile], list[str]]:
        """Of files that were there: those with another time or size, and those that are gone."""
        changed: dict[str, KnownFile] = {}
        gone: list[str] = []
        start, lstat = f"{self.root}/", os.lstat
        for path, one in known.items():
            try:
                status = lstat(start + path)
            except OSError:
                gone.append(path)
                continue
            if status.st_mtime_ns != one.changed or status.st_size != one.size:
                if stat.S_ISREG(status.st_mode):
                    changed[path] = KnownFile(status.st_size, status.st_mtime_ns, -1)
                else:
                    gone.append(path)
        return changed, gone

    def _note(self, changed: dict[str, KnownFile], gone: Sequence[str]) -> None:
        """Read what changed, and keep how files are now."""
        assert self._seen is not None
        if changed:
            changed.update(self._read(changed))
        if changed or gone:
            self._store.look(changed.items(), gone)
        for path in gone:
            del self._seen[path]
            self._read_ones.pop(path, None)
        self._seen.update(changed)
        if self._listed:
            new = self._seen if not self._read_ones else changed
            self._read_ones.update((path, one) for path, one in new.items() if is_read(path))

    def _read(self, changed: Mapping[str, KnownFile]) -> dict[str, KnownFile]:
        """The digests of files that changed, from what is kept where that content was met before."""
        keys = {
            path: key_of(path, content(str(self.root), path)) if is_read(path) else b"" for path in changed
        }
        known = self._store.digests_of(list({key for key in keys.values() if key}))
        missing = {key: path for path, key in keys.items() if key and key not in known}
        paths = sorted(missing.values())
        for made in digests(self.root, paths, [changed[path].size for path in paths], self.pieces):
            self._store.keep(made)
        known.update(self._store.digests_of(list(missing)))
        # a file that is being written has another key by now, and is read again the next time
        found = {path: known.get(key, 0 if not key else -1) for path, key in keys.items()}
        return {
            path: KnownFile(one.size, one.changed if found[path] >= 0 else 0, max(found[path], 0))
            for path, one in changed.items()
        }

    def _settle(self) -> None:
        """Lay all that differs over the base that is kept."""
        assert self._seen is not None
        self._apart, self._masked = {}, set()
        base = load(self._store)
        self._ground = Ground(base, self._store, self.pieces) if base else None
        if base is not None:
            now = self._seen
            old = dict(zip(base.paths, base.digests, strict=True))
            self._apart = {path: one.digest for path, one in now.items() if old.get(path) != one.digest}
            self._masked = {
                number
                for number, (path, digest) in enumerate(old.items())
                if path not in now or now[path].digest != digest
            }
        self._lay()

    def _follow(self, paths: Iterable[str]) -> None:
        """As `_settle`, where nothing else than these has changed since it was done."""
        assert self._seen is not None
        assert self._ground is not None
        for path in paths:
            one, number = self._seen.get(path), self._ground.number(path)
            self._apart.pop(path, None)
            self._masked.discard(number)
            if number < 0 or one is None or self._ground.base.digests[number] != one.digest:
                if number >= 0:
                    self._masked.add(number)
                if one is not None:
                    self._apart[path] = one.digest
        self._lay()

    def _lay(self) -> None:
        """What differs over the base; a new base where that is much."""
        assert self._seen is not None
        most = max(LEAST, len(self._seen) // SHARE)
        if self._ground is not None and max(len(self._apart), len(self._masked)) <= most:
            sheets = self._ground.sheets(sorted(self._apart.items()))
            laid = Overlay(self._ground, sheets, self._masked)
            if not laid.outgrown:
                self._over = laid
                return
        self._store.forget_unused(UNUSED)
        files = [(path, self._seen[path].digest) for path in sorted(self._seen)]
        self._ground = Ground(build(self._store, files, self.pieces), self._store, self.pieces)
        self._apart, self._masked = {}, set()
        self._over = Overlay(self._ground, [], set())

    @property
    def over(self) -> Overlay:
        """The files as they are; after the first `refresh`."""
        assert self._over is not None, "refresh comes first"
        return self._over

    def postings(self, terms: Iterable[str]) -> "dict[str, array[int]]":
        """The entries of some terms, as `base.HIGH` tells."""
        wanted = list(dict.fromkeys(terms))
        found = self._store.postings(wanted, self.over.base.stamp)
        if found is None:
            # another process has built it anew meanwhile
            self._over = None
            self.refresh()
            return self.postings(wanted)
        return {term: self.over.postings(term, array("Q", found.get(term, b""))) for term in wanted}

    def outlines(self, files: Sequence[int]) -> dict[int, tuple[Entry, ...]]:
        """The outlines of some files by their numbers."""
        digest_of = {number: self.over.digest(number) for number in files}
        kept = self._outlines
        if len(kept) > OUTLINES:
            kept.clear()
        missing = sorted({one for one in digest_of.values() if one and one not in kept})
        for digest, data in self._store.data(missing):
            kept[digest] = Packed(data).outline()
        return {number: kept.get(one, ()) for number, one in digest_of.items()}
