"""The map of a large tree: from nothing, from what was kept, after an edit in a session; and of 50,000 files.

The tree is that of `search`: Django's source, where it can be had. Where aider is installed for
`map_quality`, its map of the same files stands beside, timed from inside its process, once started.
"""

import os
import resource
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median

from benchmarks.figures import Figure, middle
from benchmarks.map_quality import Rival
from benchmarks.process import BUILD, Floor, Run, plain_environment, run
from benchmarks.search import tree
from benchmarks.start import command
from loomkin.codemap.atlas import Atlas
from loomkin.project.listing import list_files

ROUNDS, COLD_ROUNDS = 9, 3
WORDS = "fix the ordering of combined querysets after union"
QUESTIONS = (
    "the paginator counts rows twice",
    "QuerySet.bulk_create ignores unique_fields",
    "migration autodetector misses a renamed field",
    "csrf token rotation in the middleware after login",
    "admin changelist filter crashes with null values",
    "template parser error shows the wrong line",
    "memcached backend validates keys",
    "date input widgets ignore the format of the locale",
    "signals of Model.save() with update_fields",
)
MANY = 50_000


def measure(floor: Floor) -> Iterator[Figure]:
    """Each in a copy of the tree with a repository of its own."""
    BUILD.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=BUILD, prefix="bench-map-") as folder:
        top = Path(folder) / "tree"
        shutil.copytree(tree(), top, ignore=shutil.ignore_patterns(".git", ".loomkin"), symlinks=True)
        _repository(top)
        files = list(list_files(top).files)
        python = sum(one.endswith(".py") for one in files)
        cold = [_map(top, floor, fresh=True) for _ in range(COLD_ROUNDS)]
        note = f"{len(files):,} files, {python:,} of Python"
        yield Figure("from nothing, wall", median(_walls(cold)), "s", "", tuple(_walls(cold)), note)
        yield Figure("from nothing, CPU", median(_cpus(cold)), "s", "", tuple(_cpus(cold)))
        warm = [_map(top, floor, fresh=False) for _ in range(ROUNDS)]
        yield Figure("from what was kept, CPU", median(_cpus(warm)), "s", "<= 0.5", tuple(_cpus(warm)))
        for name, renewed in (("after an edit in a session, CPU", False), ("the same, read before", True)):
            edits = in_session(top, _sizes(top, files), renewed)
            note = f"wall {median(wall for _, wall in edits) * 1000:.0f} ms"
            yield middle(name, [cpu for cpu, _ in edits], "<= 150", note)
        yield from _beside(top, files, cold)
    yield from _many(floor)


def _repository(top: Path) -> None:
    subprocess.run(["git", "init", "-q", str(top)], check=True)
    subprocess.run(["git", "-C", str(top), "add", "-A"], check=True, capture_output=True)


def _map(top: Path, floor: Floor, fresh: bool) -> Run:
    floor.sample()
    if fresh:
        shutil.rmtree(top / ".loomkin", ignore_errors=True)
    return run([*command(), "map", WORDS], environ=plain_environment(top.parent), cwd=top)


def _walls(runs: Sequence[Run]) -> list[float]:
    return [one.wall for one in runs]


def _cpus(runs: Sequence[Run]) -> list[float]:
    return [one.cpu for one in runs]


def in_session(top: Path, files: Sequence[str], renewed: bool) -> list[tuple[float, float]]:
    """Seconds of processor and wall for maps, each after one file was changed and of other words than before.

    `renewed` has the change read before the question, as a watcher does; that time is not counted.
    """
    atlas, times = Atlas(top, top / ".loomkin" / "map.db", stays=True), []
    atlas.map(WORDS)
    for number, (name, words) in enumerate(zip(files, QUESTIONS, strict=True)):
        with (top / name).open("a", encoding="utf-8") as file:
            file.write(f"\n\ndef added_{number}(): ...\n")
        if renewed:
            atlas.renew()
        before, begun = _used(), time.perf_counter()
        atlas.map(words)
        times.append((_used() - before, time.perf_counter() - begun))
    atlas.close()
    return times


def _sizes(top: Path, files: Sequence[str]) -> list[str]:
    """Python files of many sizes, the largest first."""
    own = sorted((one for one in files if one.endswith(".py")), key=lambda one: -os.path.getsize(top / one))
    return own[: 40 * ROUNDS : 40]


def _used() -> float:
    """Processor seconds of this process and its children."""
    return sum(
        one.ru_utime + one.ru_stime
        for one in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


def _beside(top: Path, files: Sequence[str], ours: Sequence[Run]) -> Iterator[Figure]:
    """What the other assistant's map takes, from nothing; on one core, where ours uses all that are free."""
    if not Rival.installed():
        return
    shutil.rmtree(top / ".aider.tags.cache.v4", ignore_errors=True)
    rival = Rival()
    try:
        _, wall = rival.ask(top, files, WORDS)
    finally:
        rival.close()
    yield Figure("aider's map from nothing, wall", wall, "s", "", (wall,), "without its start")
    yield Figure("from nothing, over aider's, wall", median(_walls(ours)) / wall, "x", "<= 0.25")
    yield Figure("from nothing, over aider's, CPU", median(_cpus(ours)) / rival.cpu, "x")


def _many(floor: Floor) -> Iterator[Figure]:
    with tempfile.TemporaryDirectory(dir=BUILD, prefix="bench-map-many-") as folder:
        top = Path(folder) / "tree"
        for number in range(MANY):
            path = top / f"part{number % 250}" / f"module_{number}.py"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(_source(number), encoding="utf-8")
        _repository(top)
        first, again = _map(top, floor, fresh=True), _map(top, floor, fresh=False)
    note = f"{first.wall:.0f} s; again {again.wall:.1f} s, {again.resident / 1e6:.0f} MB"
    yield Figure(f"{MANY:,} files, peak memory", first.resident / 1e6, "MB", "<= 300", note=note)


def _source(number: int) -> str:
    """A module of four functions and a class with names of its own, which uses two others."""
    one, two = (number * 7919 + 13) % MANY, (number * 104_729 + 7) % MANY
    functions = "".join(
        f"\n\ndef make_{number}_{part}(first, second):\n    total = compute_{one}_{part}(first)\n"
        f"    # joins part {part} of {number}\n    return total + Shelf{two}(second).measure\n"
        for part in range(4)
    )
    return (
        f'"""Part {number} of the store."""\n\nfrom store import Shelf{two}\n\n\nclass Shelf{number}:\n'
        f"    def measure(self):\n        return self.width_{number}{functions}"
    )
