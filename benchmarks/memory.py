"""Memory: what 10 and 100 million tokens cost on disk, in memory and in time, with real text of this machine.

The text comes from the Pythons here with all their packages, the headers and the documentation; where they
have less than is wanted, the same files come again cut at other places, and the first line says so.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure, percentile
from benchmarks.memory_text import KEEPERS, MIX, queries
from benchmarks.process import TOP, CommandFailed, Floor
from loomkin.store.database import FILE_NAME

TOKEN = 4
"""Bytes, as a rule of thumb for source and English has it."""
OFFLOAD = 100_000
MILLIONS = (10, 100)
QUERIES = 400
SECONDS = 3_600


def measure(floor: Floor) -> Iterator[Figure]:
    """Each size in a database of its own, each case in a process of its own."""
    for millions in MILLIONS:
        floor.sample()
        with tempfile.TemporaryDirectory(prefix="loomkin-bench-memory-") as folder:
            yield from _of_size(millions, Path(folder) / FILE_NAME)


def _of_size(millions: int, path: Path) -> Iterator[Figure]:
    name = f"{millions} M tokens"
    made = _run("fill", path, str(millions * 1_000_000 * TOKEN))
    text, again = made["text"], made["rounds"]
    sys.stdout.write(
        f"  {name}: {text / 1e6:,.0f} MB in {made['messages']:,} messages of {KEEPERS:,} keepers from"
        f" {made['files']:,} files{f', gone through {again + 1} times' if again else ''};"
        f" {made['passages']:,} passages\n"
    )
    steps = made["steps"]
    yield Figure(f"{name}: stored", text / made["writing"] / 1e6, "MB/s")
    yield Figure(
        f"{name}: indexed", text / sum(steps) / 1e6, "MB/s", seconds=tuple(steps), note="a transaction"
    )
    index, free = made["whole"] - made["stored"], made["free"]
    parts = (
        f"log and tables {made['stored'] / text:.2f}, index {index / text:.2f}, {free / text:.3f} of it free"
    )
    yield Figure(f"{name}: on disk", made["whole"] / text, "x text", "<= 0.6", note=parts)
    wanted = queries(made["texts"], QUERIES)
    for how in ("cold", "warm"):
        yield from _searched(name, how, _run("search", path, how, wanted))
    grown = _run("grow", path, str(OFFLOAD * TOKEN))
    seconds = tuple(grown["seconds"])
    note = f"loop lag meanwhile p99 {percentile(grown['lags'], 0.99) * 1000:.1f} ms"
    yield Figure(f"{name}: 100k more indexed", percentile(seconds, 0.5) * 1000, "ms", "< 300", seconds, note)


def _searched(name: str, how: str, found: Mapping[str, Any]) -> Iterator[Figure]:
    every = tuple(chain.from_iterable(found["seconds"].values()))
    targets = ("< 10", "< 50") if how == "warm" else ("", "")
    for share, target in zip((0.5, 0.99), targets, strict=True):
        title = f"{name}: search, {how}, p{round(share * 100)}"
        yield Figure(title, percentile(every, share) * 1000, "ms", target, every)
    processor = tuple(found["processor"])
    yield Figure(
        f"{name}: search, {how}, by the processor", percentile(processor, 0.5) * 1000, "ms", seconds=processor
    )
    for kind in MIX:
        hits = found["hits"][kind]
        note = f"{sum(map(bool, hits))} of {len(hits)} found something"
        seconds = tuple(found["seconds"][kind])
        yield Figure(f"  {kind}", percentile(seconds, 0.5) * 1000, "ms", seconds=seconds, note=note)
    above = f"{(found['resident'] - found['base']) / 1e6:.0f} MB of it since the imports"
    yield Figure(f"{name}: memory, {how}", found["resident"] / 1e6, "MB", "< 150", note=above)


def _run(case: str, path: Path, word: str, given: object = None) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.memory_inside", case, str(path), word],
        input=json.dumps(given),
        cwd=TOP,
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    if done.returncode:
        raise CommandFailed(done.stderr[-500:])
    found: dict[str, Any] = json.loads(done.stdout)
    return found
