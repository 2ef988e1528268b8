"""Runs inside a process of its own, so that its memory is that of one case.

    python -m benchmarks.memory_inside fill DATABASE BYTES
    python -m benchmarks.memory_inside search DATABASE cold|warm < QUERIES
    python -m benchmarks.memory_inside grow DATABASE BYTES

prints one JSON object. Another case is another function in `CASES`.
"""

import asyncio
import json
import os
import resource
import sys
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from statistics import median

from benchmarks.memory_text import KEEPERS, Source, messages, starts
from loomkin.records.event import MessageAdded
from loomkin.runtime.bus import Bus
from loomkin.runtime.garbage import collect_seldom
from loomkin.store.archive import Archive
from loomkin.store.database import Database
from loomkin.store.journal import Journal, write
from loomkin.store.lookup import Common
from loomkin.store.passages import catch_up
from loomkin.store.search import Query, find
from loomkin.store.searchable import said

AT_ONCE = 40
SAMPLE = 97
TICK = 0.001
COLD = 120


def fill(path: Path, size: str) -> dict[str, object]:
    """Write that many bytes of text, index them, and draw some texts to look for."""
    database = Database(path)
    source = Source()
    write(database, starts())
    stored = text = count = 0
    begun, writing = time.perf_counter(), 0.0
    texts: list[str] = []
    stream = messages(source, int(size))
    while batch := list(islice(stream, AT_ONCE)):
        before = time.perf_counter()
        write(database, batch)
        writing += time.perf_counter() - before
        for event in batch:
            words = said(event.fact)
            text += len(words.encode())
            count += 1
            if count % SAMPLE == 0 and isinstance(event.fact, MessageAdded):
                texts.append(words[:2_000])
    gathering = time.perf_counter() - begun - writing
    stored = _size(database, path)
    steps = []
    done = False
    while not done:
        before = time.perf_counter()
        done = catch_up(database.writer)
        steps.append(time.perf_counter() - before)
    (passages,) = database.rows("SELECT count(*) FROM passages")[0]
    whole = _size(database, path)
    (pages, page) = (database.rows(f"PRAGMA {one}")[0][0] for one in ("freelist_count", "page_size"))
    database.close()
    return {
        "text": text, "messages": count, "files": source.files, "rounds": source.rounds, "stored": stored,
        "whole": whole, "writing": writing, "gathering": gathering, "steps": steps, "passages": passages,
        "free": pages * page, "texts": texts,
    }  # fmt: skip


def search(path: Path, how: str) -> dict[str, object]:
    """Seconds of each query by its kind; cold: from the disk, on a connection just opened."""
    wanted: dict[str, list[str]] = json.load(sys.stdin)
    base = _resident()
    database = Database(path)
    common = Common()
    reader = database.another_reader()
    seconds: dict[str, list[float]] = {kind: [] for kind in wanted}
    processor: list[float] = []
    hits: dict[str, list[int]] = {kind: [] for kind in wanted}
    rounds = 1 if how == "cold" else 2  # the first of two warms up
    for again in range(rounds):
        for kind, queries in wanted.items():
            for words in queries[: COLD // len(wanted)] if how == "cold" else queries:
                if how == "cold":
                    reader.close()
                    _drop(path)
                    reader, common = database.another_reader(), Common()
                begun, used = time.perf_counter(), time.process_time()
                found = find(reader, database.project, Query(words), common)
                if again == rounds - 1:
                    seconds[kind].append(time.perf_counter() - begun)
                    processor.append(time.process_time() - used)
                    hits[kind].append(len(found))
    reader.close()
    database.close()
    return {"seconds": seconds, "processor": processor, "hits": hits, "base": base, "resident": _resident()}


def grow(path: Path, size: str) -> dict[str, object]:
    """Several times: record as much as one offload takes away, then index it while the loop is watched."""
    return asyncio.run(_grow(path, int(size)))


async def _grow(path: Path, size: int) -> dict[str, object]:
    database = Database(path)
    journal = Journal(database, Bus().publish, time.time)
    archive = Archive(database, journal)
    seconds: list[float] = []
    lags: list[float] = []
    stream = messages(Source(seed=5), size * 12, keepers=12, seed=9)
    done = False
    while not done:
        taken = 0
        while taken < size and not done:
            event = next(stream, None)
            done = event is None
            if event is not None:
                taken += len(said(event.fact))
                journal.record(event.fact, event.session, event.agent)
        await journal.flush()
        over = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            group.create_task(_watch(lags, over))
            begun = time.perf_counter()
            await archive.catch_up()
            if not done:
                seconds.append(time.perf_counter() - begun)
            over.set()
    archive.close()
    await journal.aclose()
    database.close()
    return {"seconds": seconds, "lags": lags, "keepers": KEEPERS, "median": median(seconds)}


async def _watch(lags: list[float], over: asyncio.Event) -> None:
    """How much later than a millisecond the loop comes back, until `over`."""
    while not over.is_set():
        begun = time.perf_counter()
        await asyncio.sleep(TICK)
        lags.append(time.perf_counter() - begun - TICK)


def _size(database: Database, path: Path) -> int:
    database.writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return sum(one.stat().st_size for one in path.parent.iterdir() if one.name.startswith(path.name))


def _drop(path: Path) -> None:
    """Let the system forget the file, where it can."""
    if hasattr(os, "posix_fadvise"):
        with path.open("rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _resident() -> int:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


CASES: dict[str, Callable[[Path, str], dict[str, object]]] = {"fill": fill, "search": search, "grow": grow}

if __name__ == "__main__":
    collect_seldom()  # as every run of loomkin does
    print(json.dumps(CASES[sys.argv[1]](Path(sys.argv[2]), sys.argv[3])))
