"""Listing 1,000 keepers of 400 files: how long it takes, with and without looking at the files."""

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from benchmarks.figures import Figure, middle
from benchmarks.process import BUILD, Floor
from loomkin.keepers.catalogue import entries
from loomkin.project.workplace import Workplace
from loomkin.records.event import Event, SessionStarted
from loomkin.records.ids import KeeperId, MessageId, SessionId
from loomkin.records.keeper import Card, Keeper, KeeperKind
from loomkin.records.keeper_event import KeeperMade, KeeperUsed
from loomkin.store.database import FILE_NAME, Database
from loomkin.store.journal import write
from loomkin.store.keepers import lines

KEEPERS, FILES, MESSAGES, OF_ONE, SESSIONS = 1_000, 400, 200, 12, 50
ROUNDS = 15


def measure(floor: Floor) -> Iterator[Figure]:
    """Cards have a line for each of 200 messages; each keeper speaks of twelve files, and is used twice."""
    BUILD.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=BUILD, prefix="bench-keepers-") as folder:
        root = Path(folder)
        work = Workplace(root, (), root)
        for number in range(FILES):
            (root / f"part{number}.py").write_text(f"value = {number}\n" * 400)
        database = Database(root / FILE_NAME)
        try:
            for number in range(SESSIONS):
                write(database, list(_session(number, work, root)))
            floor.sample()
            note = f"{KEEPERS:,} keepers of {MESSAGES} messages"
            bare = _timed(lambda: lines(database.reader, database.project))
            yield middle("list keepers", bare, "< 50", note)
            whole = _timed(partial(_entries, database, work, root))
            yield middle("list keepers, with changed files", whole, "< 50", f"of {FILES} files, none touched")
            for number in range(FILES):
                os.utime(root / f"part{number}.py")
            database.writer.execute("UPDATE keeper_files SET at = at - 1000")
            all_new = _timed(partial(_entries, database, work, root))
            yield middle("list keepers, all files touched", all_new, note=f"{FILES} files are hashed")
            one = _timed(lambda: lines(database.reader, database.project, identity="k500"))
            yield middle("look one keeper up", one)
        finally:
            database.close()


def _entries(database: Database, work: Workplace, root: Path) -> object:
    return entries(database.reader, database.project, root, lambda name: work.seen(root, name), time.time())


def _session(number: int, work: Workplace, root: Path) -> Iterator[Event]:
    session = SessionId(f"20260101-0000{number:02}-bench")
    yield Event(0, time.time(), session, "coder", "", SessionStarted(str(root), "bench/model", "ask"))
    for at in range(KEEPERS // SESSIONS):
        key = number * (KEEPERS // SESSIONS) + at
        paths = tuple(f"part{(key * 7 + one * 31) % FILES}.py" for one in range(OF_ONE))
        card = Card(
            f"Part {key} of the work",
            paths,
            lines=tuple(f"coder: step {one} of part {key}, with some words " * 2 for one in range(MESSAGES)),
        )
        keeper = Keeper(
            KeeperId(f"k{key}"),
            KeeperKind.CONTEXT,
            "coder",
            session,
            card,
            tuple(MessageId(f"m_{key:07}{one:08}") for one in range(MESSAGES)),
            25_000,
            tuple(work.seen(root, path) for path in paths),
        )
        yield Event(0, time.time() + 60, session, "coder", "", KeeperMade(keeper, 80, 40))
        for useful in (True, None):
            yield Event(0, time.time() + 60, session, "coder", "", KeeperUsed(keeper.id, "read", useful))


def _timed(work: Callable[[], object]) -> list[float]:
    seconds = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - begun)
    return seconds
