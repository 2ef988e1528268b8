"""The files of a project, moment after moment; git lists anew only where its rules or its index changed."""

import os
import subprocess
import time
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from loomkin.project.git_safety import READ_OPTIONS, git_environment
from loomkin.project.ignore import BUILT_IN
from loomkin.project.listing import GIT_SECONDS, list_files
from loomkin.project.root import Root, find_root
from loomkin.records.dataclass import dataclass

YOUNG = 2_000_000_000
"""Nanoseconds for which a folder's time is not believed: what changes right after may have the same one."""
FILE, FOLDER, LINK = 0, 1, 2
_RULES = ".gitignore"
_BUILT_IN = frozenset(BUILT_IN)
Stamp = tuple[int, int, int] | None


@dataclass(frozen=True, slots=True)
class Change:
    """What came and went since the last look; `anew` says that nothing is known of that."""

    anew: bool
    came: Collection[str] = ()
    went: Collection[str] = ()


ANEW = Change(anew=True)


@dataclass(frozen=True, slots=True)
class _Folder:
    """A folder's time, 0 where it is young, and the kinds of what is in it."""

    changed: int
    entries: dict[str, int]


class Listed:
    """The files below a folder as `list_files` names them; blocks, and serves one thread at a time.

    After the first look a folder is read again when its time has changed, and git says of new names alone
    whether they are ignored. Where that cannot be known, as with repositories in the repository and without
    git, each look lists all. Files that git tracks and that are not there may be named or not.
    """

    def __init__(self, top: Path) -> None:
        self.top = top
        self.files: set[str] = set()
        self._prefix = f"{top}/"
        self._folders: dict[str, _Folder] = {}
        self._sources: dict[str, Stamp] = {}
        self._root: Root | None = None

    def look(self) -> Change:
        """What changed since the last look."""
        if self._root is None or any(_stamp(path) != kept for path, kept in self._sources.items()):
            return self._anew()
        came, went = set[str](), set[str]()
        for folder in self._changed():
            if folder in self._folders and not self._compare(folder, came, went):
                return self._anew()
        fresh = self._enter_all(came)
        if fresh is None:
            return self._anew()
        self.files -= went
        self.files |= fresh
        return Change(anew=False, came=fresh, went=went - fresh)

    def _anew(self) -> Change:
        """List all, and note what tells the next time that this still holds."""
        self._folders.clear()
        self._root, root = None, find_root(self.top)
        sources = _sources(root, self.top) if root.git_dir is not None and not root.bare else None
        self.files = set(list_files(self.top).files)
        if sources is not None:
            self._sources = sources
            folders = {""}
            for file in self.files:
                folder = os.path.dirname(file)
                while folder not in folders:
                    folders.add(folder)
                    folder = os.path.dirname(folder)
            unlisted = self._read(sorted(folders))
            # a file that git has not named: one that came just now, or names that differ in case or form
            if unlisted is not None and self._enter_all(unlisted) == set():
                self._root = root
        return ANEW

    def _changed(self) -> list[str]:
        """The folders with another time; those that went are told by the ones above them."""
        found, lstat = [], os.lstat
        for folder, known in self._folders.items():
            try:
                if lstat(self._prefix + folder).st_mtime_ns != known.changed:
                    found.append(folder)
            except OSError:
                continue
        return found

    def _compare(self, folder: str, came: set[str], went: set[str]) -> bool:
        """Note what came into a folder and what went; False where a repository is among it."""
        before = self._folders[folder]
        now = self._folders[folder] = self._scan(folder)
        if now.entries == before.entries:
            return True
        start = f"{folder}/" if folder else ""
        for name, kind in before.entries.items():
            if now.entries.get(name) != kind:
                went.add(start + name)
                if kind == FOLDER:
                    self._leave(start + name, went)
        for name, kind in now.entries.items():
            if before.entries.get(name) != kind:
                if name in (".git", _RULES):
                    return False
                came.add(f"{start}{name}/" if kind == FOLDER else start + name)
        return True

    def _leave(self, folder: str, went: set[str]) -> None:
        inside = f"{folder}/"
        went.update(file for file in self.files if file.startswith(inside))
        for known in [one for one in self._folders if one == folder or one.startswith(inside)]:
            del self._folders[known]

    def _enter_all(self, came: Collection[str]) -> set[str] | None:
        """The files in what came, without those that are ignored; None where git cannot say."""
        files = set[str]()
        while came:
            kept = self._not_ignored(came)
            if kept is None:
                return None
            files.update(one for one in kept if not one.endswith("/"))
            unlisted = self._read([one.removesuffix("/") for one in kept if one.endswith("/")])
            if unlisted is None:
                return None
            came = unlisted
        return files

    def _read(self, folders: Iterable[str]) -> set[str] | None:
        """Note what is in some folders; what of it is not known yet, None where a repository is among it."""
        folders = list(folders)
        for folder in folders:
            found = self._folders[folder] = self._scan(folder)
            if ".git" in found.entries and folder:
                return None
        unlisted = set[str]()
        for folder in folders:
            start = f"{folder}/" if folder else ""
            for name, kind in self._folders[folder].entries.items():
                path = start + name
                if kind != FOLDER and path not in self.files:
                    unlisted.add(path)
                elif kind == FOLDER and path not in self._folders:
                    unlisted.add(f"{path}/")
                if name == _RULES:
                    self._sources[self._prefix + path] = _stamp(self._prefix + path)
        return unlisted - {".git", ".git/"}

    def _scan(self, folder: str) -> _Folder:
        entries: dict[str, int] = {}
        changed = 0
        try:
            changed = os.lstat(self._prefix + folder).st_mtime_ns
            with os.scandir(self._prefix + folder) as found:
                for one in found:
                    if one.is_dir(follow_symlinks=False):
                        entries[one.name] = FOLDER
                    elif one.is_symlink():
                        entries[one.name] = LINK
                    elif one.is_file():
                        entries[one.name] = FILE
        except OSError:
            return _Folder(0, entries)
        return _Folder(0 if changed > time.time_ns() - YOUNG else changed, entries)

    def _not_ignored(self, paths: Collection[str]) -> list[str] | None:
        """Those that git would offer to add, or tracks; folders end in a slash. None where it cannot say."""
        asked = sorted(path for path in paths if _BUILT_IN.isdisjoint(path.split("/")[:-1]))
        if not asked:
            return []
        command = ["git", *READ_OPTIONS, "check-ignore", "-z", "--stdin"]
        # a colon at the start of a name would mean something to git
        printed = _printed(command, self.top, "".join(f"./{path}\0" for path in asked), (0, 1))
        if printed is None:
            return None
        ignored = set(printed.split("\0"))
        return [path for path in asked if f"./{path}" not in ignored]


def _stamp(path: str) -> Stamp:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


def _sources(root: Root, top: Path) -> dict[str, Stamp] | None:
    """The files that git's answer comes from, beside those that are below `top`."""
    assert root.git_dir is not None
    common = root.common_dir or root.git_dir
    home = os.path.expanduser("~")
    personal = os.environ.get("XDG_CONFIG_HOME") or f"{home}/.config"
    paths = [
        f"{root.git_dir}/index", f"{root.git_dir}/config.worktree", f"{common}/config",
        f"{common}/info/exclude", f"{home}/.gitconfig", f"{personal}/git/config", f"{personal}/git/ignore",
        "/etc/gitconfig",
    ]  # fmt: skip
    if other := os.environ.get("GIT_CONFIG_GLOBAL"):
        paths.append(other)
    command = ["git", *READ_OPTIONS, "config", "--type=path", "--get", "core.excludesFile"]
    excludes = _printed(command, top, "", (0, 1))
    if excludes is None:
        return None
    if excludes.strip():
        paths.append(str(top / excludes.removesuffix("\n")))
    real = Path(os.path.realpath(top))
    paths += [str(one / _RULES) for one in real.parents if one.is_relative_to(root.path)]
    return {path: _stamp(path) for path in paths}


def _printed(command: Sequence[str], top: Path, given: str, codes: Collection[int]) -> str | None:
    """What a git command prints, None where it fails."""
    try:
        done = subprocess.run(
            command, cwd=top, env=git_environment(), input=os.fsencode(given), stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, timeout=GIT_SECONDS,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return None
    return os.fsdecode(done.stdout) if done.returncode in codes else None
