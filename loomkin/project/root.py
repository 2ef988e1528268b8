"""Where the project begins: the work tree as git finds it, `.loomkin/`, and what lies inside."""

import errno
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from loomkin.errors import StoreError
from loomkin.records.dataclass import dataclass

STATE_DIR = ".loomkin"
STATE_IGNORE = """\
# Written by loomkin: what belongs to this machine alone. Roles and skills beside it are worth committing.
.gitignore
config.local.toml
*.db
*.db-*
*.lock
history
copied.txt
snapshots/
outputs/
logs/
"""
_OWN_IGNORE = STATE_IGNORE.partition("\n")[0]


@dataclass(frozen=True, slots=True)
class Root:
    """A project's top folder; `git_dir` and `common_dir` are None where there is no repository.

    `common_dir` differs from `git_dir` in a linked worktree; `bare` says that no files are checked out.
    """

    path: Path
    git_dir: Path | None = None
    common_dir: Path | None = None
    bare: bool = False


def find_root(start: str | os.PathLike[str]) -> Root:
    """The work tree that holds `start`, found by walking up as git does; without one, the folder itself.

    Never raises: folders that cannot be read count as holding no repository.
    """
    folder = _folder(start)
    for candidate in (folder, *folder.parents):
        dot_git = candidate / ".git"
        git_dir = dot_git if _is_git_dir(dot_git) else _linked_git_dir(dot_git)
        if git_dir is not None:
            return Root(candidate, git_dir, _common_dir(git_dir))
        if _is_git_dir(candidate):
            if candidate.name == ".git":
                return Root(candidate.parent, candidate, _common_dir(candidate))
            return Root(candidate, candidate, candidate, bare=True)
    return Root(folder)


def find_state_dir(start: str | os.PathLike[str], home: Path | None = None) -> Path | None:
    """The nearest `.loomkin/` at or above `start`, or None; without a repository only that of the folder.

    The walk ends at the repository's root and before the home folder and the filesystem's root, so a
    stray folder there never captures every project below it.
    """
    folder = _folder(start)
    top = find_root(folder)
    home = _folder(home) if home else _home()
    for candidate in (folder, *folder.parents):
        if candidate != folder and candidate in (home, Path(candidate.anchor)):
            return None
        if _is_dir(candidate / STATE_DIR):
            return candidate / STATE_DIR
        if top.git_dir is None or candidate == top.path:
            return None
    return None


def state_dir(start: str | os.PathLike[str]) -> Path:
    """Where the state of the project around `start` is or would be; nothing is created.

    Raises StoreError for one that another user made: who owns it says what stands in it. As with git's
    `safe.directory`, only inside a repository may root use the folder of somebody else.
    """
    top = find_root(start)
    state = find_state_dir(start) or top.path / STATE_DIR
    try:
        owner = state.stat().st_uid
    except OSError:
        return state
    user = os.geteuid()
    if owner == user or (user == 0 and top.git_dir is not None):
        return state
    raise StoreError(
        f"{state} belongs to another user (number {owner}), so nothing in it is used.",
        hint="Work in a folder of your own, or take that one over: chown it, or remove it.",
    )


def inside(path: str | os.PathLike[str], roots: Iterable[str | os.PathLike[str]]) -> bool:
    """Whether `path` lies in (or is) one of `roots` once every symlink on the way is followed.

    The path need not exist. A path that cannot be resolved lies nowhere.
    """
    try:
        real = os.path.realpath(path)
        return any(real == top or real.startswith(top.rstrip(os.sep) + os.sep) for top in _real(roots))
    except (OSError, ValueError):
        return False


def ensure_state_dir(root: Path) -> Path:
    """Create `.loomkin/` under `root` with a `.gitignore` of its own, and prove that it can be written.

    Raises StoreError when the folder is read-only, the disk is full, or the name is taken.
    """
    state = root / STATE_DIR
    if os.path.lexists(state) and not inside(state, [root]):
        raise StoreError(
            f"{state} is a link that leads out of the project, so nothing is written there.",
            hint="Remove the link, or make .loomkin a real folder.",
        )
    try:
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write_ignore(state / ".gitignore")
    except OSError as error:
        raise _unusable(state, error) from error
    return state


def _write_ignore(path: Path) -> None:
    """Write through a neighbour, also when all is as it should be: the probe finds a full disk.

    A file that an earlier loomkin wrote gets the lines that it lacks; one of the person's own stays.
    """
    try:
        before = path.read_text(encoding="utf-8", errors="surrogateescape")
    except FileNotFoundError:
        before = ""
    known = before.splitlines()
    missing = [line for line in STATE_IGNORE.splitlines() if line not in known]
    wanted = bool(missing) and (not before or _OWN_IGNORE in known)
    apart = "\n" if before and not before.endswith("\n") else ""
    probe = path.with_name(f".probe-{os.getpid()}")
    try:
        text = before + apart + "".join(f"{line}\n" for line in missing)
        probe.write_text(text, encoding="utf-8", errors="surrogateescape")
        if wanted:
            probe.replace(path)
    finally:
        probe.unlink(missing_ok=True)


def _unusable(state: Path, error: OSError) -> StoreError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return StoreError(
            f"There is no room left to write in {state}.",
            hint="Free some space on that disk, then try again.",
        )
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return StoreError(
            f"{state} cannot be written: {error.strerror}.",
            hint="Make the folder writable, or start loomkin in a folder that is.",
        )
    if error.errno in (errno.EEXIST, errno.ENOTDIR):
        return StoreError(
            f"{state} cannot be used as a folder: something else has that name.",
            hint="Move it away, then try again.",
        )
    return StoreError(f"{state} cannot be created: {error.strerror}.", hint="Check the disk and the folder.")


def _folder(start: str | os.PathLike[str]) -> Path:
    path = Path(os.path.realpath(start))
    return path.parent if _is_file(path) else path


def _home() -> Path | None:
    home = os.path.expanduser("~")
    return Path(os.path.realpath(home)) if home != "~" else None


def _real(roots: Iterable[str | os.PathLike[str]]) -> Iterator[str]:
    return (os.path.realpath(root) for root in roots)


def _is_git_dir(path: Path) -> bool:
    """Git's own test: a HEAD, and objects and refs here or in the folder that `commondir` names."""
    if not os.path.lexists(path / "HEAD"):
        return False
    common = _common_dir(path)
    return _is_dir(common / "objects") and _is_dir(common / "refs")


def _linked_git_dir(dot_git: Path) -> Path | None:
    """What a `.git` file of a worktree or submodule points to, where that is a git folder."""
    if not _is_file(dot_git):
        return None
    line = _first_line(dot_git)
    if not line.startswith("gitdir:"):
        return None
    target = Path(os.path.realpath(dot_git.parent / line.removeprefix("gitdir:").strip()))
    return target if _is_git_dir(target) else None


def _common_dir(git_dir: Path) -> Path:
    line = _first_line(git_dir / "commondir")
    return Path(os.path.realpath(git_dir / line)) if line else git_dir


def _first_line(path: Path) -> str:
    try:
        with path.open(encoding="utf-8", errors="surrogateescape") as file:
            return file.readline(4096).strip()
    except (OSError, ValueError):
        return ""


def _is_dir(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        return False


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        return False
