"""What it costs to keep agents' knowledge of files fresh, and to watch a tree of thousands of folders."""

import asyncio
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from queue import Queue
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage

from benchmarks.figures import Figure, middle
from benchmarks.process import CommandFailed, Floor, plain_environment, run
from benchmarks.search import tree
from loomkin.project.root import find_root
from loomkin.project.sight import Sight
from loomkin.project.text import sha_of
from loomkin.project.watch import Batch, Watcher
from loomkin.tooling.freshness import Freshness

SEEN = 1_000
LOOKS = 30
SAVES = 10
IDLE = 5.0
SETTLED = 2.1
"""Seconds after which times and sizes alone say that a file is as it was."""
MOST_SECONDS = 30.0


def measure(floor: Floor) -> Iterator[Figure]:
    """Looks before model calls, then the watcher's start, memory, rest and answer to a save."""
    yield from asyncio.run(_looks())
    with tempfile.TemporaryDirectory() as folder:
        top = Path(folder) / "tree"
        shutil.copytree(tree(), top, symlinks=True, ignore=shutil.ignore_patterns(".git"))
        for words in (("init", "-q"), ("add", "-A")):
            run(["git", *words], environ=plain_environment(Path(folder)), cwd=top)
        yield from _watcher(top)


async def _looks() -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        root, sight = Path(folder), Sight()
        for number in range(SEEN):
            path, text = root / f"{number % 30}" / f"{number}.py", f"line {number}\n" * 300
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
            sight.saw("agent", path, sha_of(text.encode()), text)
        fresh = Freshness(sight, "agent", find_root(root), str, str)
        await asyncio.sleep(SETTLED)
        await fresh.news()
        quiet = [await _timed(fresh) for _ in range(LOOKS)]
        changed = []
        for number in range(LOOKS):
            (root / "1" / "1.py").write_text(f"saved {number}\n")
            changed.append(await _timed(fresh))
    return [
        middle(f"look at {SEEN} files seen: processor", quiet),
        middle("the same, one changed and told: processor", changed),
    ]


async def _timed(fresh: Freshness) -> float:
    begun = time.process_time()
    await fresh.news()
    return time.process_time() - begun


def _watcher(top: Path) -> Iterator[Figure]:
    told: Queue[Batch] = Queue()
    before, begun, used = getrusage(RUSAGE_SELF).ru_maxrss, time.perf_counter(), _used()
    watcher = Watcher(top, told.put, lambda text: None)
    watcher.start()
    try:
        if not watcher.ready.wait(MOST_SECONDS):
            raise CommandFailed("the watcher was not ready in time")
        where = f"{watcher.files:,} files"
        yield middle("watcher ready", [time.perf_counter() - begun], note=where)
        yield middle("watcher ready: processor, with git", [_used() - used])
        yield Figure("watcher: memory", (getrusage(RUSAGE_SELF).ru_maxrss - before) / 1024, "MB")
        used = _used()
        time.sleep(IDLE)
        yield Figure("watcher at rest", 100 * (_used() - used) / IDLE, "% of a core")
        path, waits = top / "saved_by_hand.py", []
        for number in range(SAVES):
            path.write_text(f"{number}\n")
            begun = time.perf_counter()
            told.get(timeout=MOST_SECONDS)
            waits.append(time.perf_counter() - begun)
        yield middle("from a save to its batch", waits[1:], note="0.2 s of it wait for more")
    finally:
        watcher.stop()


def _used() -> float:
    return sum(one.ru_utime + one.ru_stime for one in (getrusage(RUSAGE_SELF), getrusage(RUSAGE_CHILDREN)))
