"""How `loomkin keepers` and `loomkin recall` reach the memory of the repository around a folder."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from loomkin.cli.tables import clean
from loomkin.errors import NotFoundError
from loomkin.keepers.passage import NOTHING, Passage, Wanted, for_people
from loomkin.keepers.retrieval import Library
from loomkin.project.root import Root
from loomkin.project.workplace import Workplace
from loomkin.project.worktrees import other_memories
from loomkin.records.keeper import FileSeen
from loomkin.store.database import FILE_NAME, Database
from loomkin.store.lookup import Common
from loomkin.store.passages import catch_up

_NAMED = 3


def looker(root: Path) -> Callable[[str], FileSeen]:
    """What says how a file of the repository is now."""
    workplace = Workplace(root, (), root)
    return lambda path: workplace.seen(root, path)


@contextmanager
def library(database: Database, root: Path, state: Path) -> Iterator[Library]:
    """What finds and reads; all that was said before is indexed first."""
    with database.failures():
        while not catch_up(database.writer):
            pass
        yield Library(
            database.project, database.reader, looker(root), state / "outputs", time.time(), Common()
        )


def found(database: Database | None, root: Path, state: Path, wanted: Wanted) -> list[Passage]:
    """The passages that fit; none where nothing was ever said. Raises NotFoundError for an unknown keeper."""
    if database is None:
        if wanted.keeper:
            raise NotFoundError(f"There is no keeper {wanted.keeper!r} in {root}.")
        return []
    with library(database, root, state) as those:
        return those.search(wanted)


def elsewhere(root: Root) -> str:
    """Which other work trees of the repository have a memory of their own, for people; nothing for none."""
    trees = other_memories(root, FILE_NAME)
    if not trees:
        return ""
    named = ", ".join(map(str, trees[:_NAMED]))
    more = f" and {len(trees) - _NAMED} more" if len(trees) > _NAMED else ""
    return (
        f"Other worktrees of this repository have a memory of their own: {named}{more}. "
        "`-C DIR` looks there; `loomkin sessions export -C DIR ID --format json | loomkin sessions import -` "
        "brings a session here."
    )


def told(passages: Sequence[Passage], now: float) -> str:
    """Passages for people."""
    return clean(for_people(passages, now)) if passages else NOTHING


def plain(one: Passage) -> Mapping[str, Any]:
    """A passage for programs."""
    return {
        "id": one.id, "keeper": one.keeper or None, "kind": one.kind, "from": one.source,
        "session": one.session, "at": one.at, "start": one.start, "whole": one.whole,
        "changed": list(one.changed), "state": one.state or None, "text": one.text,
    }  # fmt: skip
