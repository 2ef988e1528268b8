"""The files of a project, as git sees them or by walking; and a folder as a text tree."""

import os
import shutil
import stat
import subprocess
import threading
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path

from loomkin.project.git_safety import READ_OPTIONS, git_environment
from loomkin.project.ignore import BUILT_IN, IgnoreRules
from loomkin.project.root import Root, find_root
from loomkin.records.dataclass import dataclass
from loomkin.records.regex import pattern

GIT_SECONDS = 30.0
TREE_ENTRIES = 500
FOLDER_ENTRIES = 120
# What `git ls-files --stage -z` prints; the modes are those of links and of submodules.
_STAGED = pattern(r"\t([^\0]*)\0")
_ODD_MODE = pattern(rb"\0(120000|160000) [^\t]*\t([^\0]*)")
_MODULE = b"160000"


@dataclass(frozen=True, slots=True)
class Listing:
    """Files relative to `top`, sorted; undecodable bytes in names are surrogates, see `shown_path`.

    `problems` names folders that could not be read. Files deleted but still known to git are included.
    `unsure` are those that may be something else than a file, as git does not say: None for all.
    """

    top: Path
    files: tuple[str, ...]
    problems: tuple[str, ...] = ()
    unsure: frozenset[str] | None = None


def shown_path(path: str) -> str:
    """A name for people and models: control characters and undecodable bytes are escaped."""
    if path.isprintable():
        return path
    text = path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def list_files(top: Path, path: str = "") -> Listing:
    """All files at or below `path` (relative to `top`) that are not ignored; reads folders, not files.

    Inside a git work tree: what git tracks and what it would offer to add. Elsewhere: a walk that honours
    nested .gitignore files and leaves out folders such as node_modules. A `path` that is itself ignored is
    listed all the same: who names it wants it. Symlinks are listed and never followed into folders.
    """
    parts = list(list_in_parts(top, path))
    problems = tuple(problem for part in parts for problem in part.problems)
    return Listing(top, tuple(sorted({name for part in parts for name in part.files})), problems)


def list_in_parts(top: Path, path: str = "") -> Iterator[Listing]:
    """The same files, each once: first what git tracks, then what it takes ten times as long to look for.

    Git goes on looking while the caller works with the first part.
    """
    start = top / path
    if start.is_file() or start.is_symlink():
        yield Listing(top, (path,))
        return
    root = find_root(start)
    given: set[str] = set()
    known, failed = False, False
    for found in _from_git(start) if root.git_dir is not None and not root.bare else ():
        if found is None:
            failed = True
            continue
        known = known or bool(found.names or found.nested)
        inner, problems = _nested_repositories(start, found)
        # Git's list is sorted, and a list nearly in order is sorted in no time; a set would not be.
        names = list(dict.fromkeys([*found.names, *inner]))
        if given:
            names = [name for name in names if name not in given]
        given.update(names)
        if names or problems:
            unsure = None if found.links is None else frozenset(_sorted(path, [*found.links, *inner]))
            yield Listing(top, _sorted(path, names), tuple(problems), unsure)
    if (known and not failed) or not start.is_dir():
        return
    problems = []
    walked = [name for name in _walk(rules_below(root, start, top), problems) if name not in given]
    yield Listing(top, _sorted(path, walked), tuple(problems))


def list_tree(top: Path, path: str = "", depth: int = 3) -> str:
    """A folder as indented text with sizes; ignored folders are named and not opened.

    At most 120 entries a folder and 500 in all; what is left out is counted.
    """
    start = top / path
    if not start.is_dir():
        return f"{shown_path(path) or start} is not a folder."
    lines = [f"{shown_path(path) or '.'}/"]
    problems: list[str] = []
    for line in _tree(rules_below(find_root(start), start, top), "", max(depth, 1), problems):
        if len(lines) > TREE_ENTRIES:
            lines.append("… more left out; list a folder below, or with a smaller depth")
            break
        lines.append(line)
    return "\n".join([*lines, *problems])


def shown_size(size: int) -> str:
    """Bytes as people write them: 812 B, 3.4 KB, 12 MB."""
    amount = float(size)
    for unit in ("B", "KB", "MB", "GB"):
        if amount < 1000:
            return (
                f"{size} B"
                if unit == "B"
                else f"{amount:.1f} {unit}"
                if amount < 10
                else f"{amount:.0f} {unit}"
            )
        amount /= 1024
    return f"{amount:.1f} TB"


def _sorted(folder: str, names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted((_join(folder, name) for name in names) if folder else names))


def _join(folder: str, name: str) -> str:
    return f"{folder.rstrip('/')}/{name}" if folder else name


def rules_below(root: Root, start: Path, top: Path) -> IgnoreRules:
    """The rules below `start`, with those of every folder between the repository's top, or `top`, and it."""
    in_work_tree = root.git_dir is not None and not root.bare
    anchor = root.path if in_work_tree else Path(os.path.realpath(top))
    real = Path(os.path.realpath(start))
    if not real.is_relative_to(anchor):
        return IgnoreRules.for_top(start)
    rules = IgnoreRules.for_top(anchor, root.common_dir if in_work_tree else None)
    parts = real.relative_to(anchor).parts
    folder = ""
    for part in parts:
        folder = _join(folder, part)
        if rules.ignored(folder, is_dir=True):
            return IgnoreRules.for_top(start)
        rules = rules.enter(folder)
    return rules.below("/".join(parts))


@dataclass(frozen=True, slots=True)
class _Found:
    """What git names: files, folders of other repositories, and which files are links, where it tells."""

    names: list[str]
    nested: list[str]
    links: list[str] | None = None


def _from_git(start: Path) -> Iterator[_Found | None]:
    """Names below `start`: tracked ones, then others; None where git is missing, refuses or is slow."""
    program = shutil.which("git")
    if program is None:
        yield None
        return
    excludes = [f"--exclude={name}/" for name in BUILT_IN]
    words = [program, *READ_OPTIONS, "ls-files", "-z"]
    with ExitStack() as ended:
        try:
            tracked = ended.enter_context(_started([*words, "--stage"], start))
            ended.callback(tracked.kill)
            others = ended.enter_context(_started([*words, "-o", "--exclude-standard", *excludes], start))
            ended.callback(others.kill)
            for git, read in ((tracked, _tracked), (others, _others)):
                printed = _printed(git)
                yield read(printed) if git.returncode == 0 else None
                if git.returncode < 0:
                    return
        except OSError:
            yield None


def _started(command: list[str], start: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command, cwd=start, env=git_environment(),
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip


def _printed(git: subprocess.Popen[bytes]) -> bytes:
    """All that it prints, read without a poll for each of its many small pieces; ends it when it is slow."""
    timer = threading.Timer(GIT_SECONDS, git.kill)
    timer.start()
    try:
        printed = git.stdout.read() if git.stdout else b""
        git.wait()
        return printed
    finally:
        timer.cancel()


def _tracked(printed: bytes) -> _Found:
    """Read lines of `mode object stage<tab>name`, each ended by a NUL."""
    names = _STAGED.findall(os.fsdecode(printed))
    odd = [(mode, os.fsdecode(name)) for mode, name in _ODD_MODE.findall(b"\0" + printed)]
    modules = {name for mode, name in odd if mode == _MODULE}
    if modules:
        names = [name for name in names if name not in modules]
    return _Found(names, sorted(modules), [name for mode, name in odd if mode != _MODULE])


def _others(printed: bytes) -> _Found:
    names = os.fsdecode(printed).split("\0")[:-1]
    folders = [name.rstrip("/") for name in names if name.endswith("/")]
    return _Found([name for name in names if not name.endswith("/")], folders)


def _nested_repositories(start: Path, found: _Found) -> tuple[list[str], list[str]]:
    """The files of repositories within the repository, which git only names; of submodules that are there."""
    inner, problems = list[str](), list[str]()
    for folder in found.nested:
        place = start / folder
        if (place / ".git").exists() and not place.is_symlink():
            listing = list_files(place)
            inner += [_join(folder, name) for name in listing.files]
            problems += listing.problems
        elif place.is_symlink() or not place.is_dir():
            inner.append(folder)
    return inner, problems


def _entries(folder: Path, shown: str, problems: list[str]) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        problems.append(f"{shown_path(shown) or '.'}/ could not be read: {error.strerror}")
        return []


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir(follow_symlinks=False)
    except OSError:
        return False


def _walk(rules: IgnoreRules, problems: list[str]) -> Iterator[str]:
    """Names of files below the rules' folder, found without recursion: trees can be deep."""
    pending = [("", rules)]
    while pending:
        folder, rules = pending.pop()
        for entry in _entries(rules.folder / folder, folder, problems):
            name = _join(folder, entry.name)
            if _is_folder(entry):
                if not rules.ignored(name, is_dir=True):
                    pending.append((name, rules.enter(name)))
            elif not rules.ignored(name, is_dir=False):
                yield name


def _tree(rules: IgnoreRules, folder: str, depth: int, problems: list[str], level: int = 1) -> Iterator[str]:
    entries = _entries(rules.folder / folder, folder, problems)
    entries.sort(key=lambda entry: (not _is_folder(entry), entry.name))
    for entry in entries[:FOLDER_ENTRIES]:
        name = _join(folder, entry.name)
        line = "  " * level + shown_path(entry.name)
        is_dir = _is_folder(entry)
        if rules.ignored(name, is_dir):
            yield f"{line}/  (ignored)" if is_dir else f"{line}  (ignored)"
        elif is_dir:
            yield f"{line}/" if level < depth else f"{line}/  {_count(rules.folder / name)}"
            if level < depth:
                yield from _tree(rules.enter(name), name, depth, problems, level + 1)
        else:
            yield f"{line}  {_measure(entry)}"
    if len(entries) > FOLDER_ENTRIES:
        yield "  " * level + f"… {len(entries) - FOLDER_ENTRIES} more"


def _count(folder: Path) -> str:
    try:
        with os.scandir(folder) as entries:
            number = sum(1 for _ in entries)
    except OSError as error:
        return f"({error.strerror})"
    return f"({number} {'entry' if number == 1 else 'entries'})"


def _measure(entry: os.DirEntry[str]) -> str:
    try:
        if entry.is_symlink():
            return f"-> {shown_path(os.readlink(entry.path))}"
        status = entry.stat(follow_symlinks=False)
    except OSError as error:
        return f"({error.strerror})"
    return shown_size(status.st_size) if stat.S_ISREG(status.st_mode) else "(not a file)"
