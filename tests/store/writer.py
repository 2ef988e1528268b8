"""A process that writes to a database until it is ended: `python -m tests.store.writer DB SESSION COUNT`.

It prints the number of notices that are surely on disk after each flush. COUNT 0 writes for ever; a fourth
word is the most bytes that a file of this process may have, a fifth the user to become.
"""

import asyncio
import os
import resource
import sys
from pathlib import Path

from loomkin.errors import StoreError
from loomkin.records.event import NoticeGiven, SessionStarted
from loomkin.records.ids import SessionId
from loomkin.runtime.bus import Bus
from loomkin.runtime.clock import SystemClock
from loomkin.store.database import Database
from loomkin.store.journal import Journal

GROUP = 5


async def work(path: Path, session: SessionId, count: int) -> None:
    """Write notices in groups, and say so after each flush."""
    database = Database(path)
    journal = Journal(database, Bus().publish, SystemClock().now)
    try:
        journal.record(SessionStarted("/p", "m", "ask"), session)
        number = 0
        while number < count or not count:
            for _ in range(GROUP):
                number += 1
                journal.record(NoticeGiven(f"{number} " + "x" * 200), session)
            await journal.flush()
            print(number, flush=True)
    finally:
        await journal.aclose()
        database.close()


def main() -> None:
    """Exit 3 with the words of a StoreError."""
    path, session, count, *limits = sys.argv[1:]
    if len(limits) > 1:
        os.setgid(int(limits[1]))
        os.setuid(int(limits[1]))
    if limits and int(limits[0]):
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(limits[0]), int(limits[0])))
    try:
        asyncio.run(work(Path(path), SessionId(session), int(count)))
    except StoreError as error:
        print(error, file=sys.stderr)
        sys.exit(3)


if __name__ == "__main__":
    main()
