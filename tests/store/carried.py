"""A session out of one database and into another, as text."""

from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path

from loomkin.store import transfer
from loomkin.store.database import Database
from loomkin.store.transfer_known import here_already
from loomkin.store.transfer_read import stage


def never() -> str:
    """No new identifier is needed."""
    raise AssertionError("no new identifier is needed")


def exported(db: Database, session: str = "s-1", folder: Path | None = None) -> str:
    """What the file would hold."""
    return "".join(transfer.export(db, session, folder))


def take(
    db: Database, text: str, fresh: Callable[[], str] = never, name: str = "", folder: Path | None = None
) -> transfer.Imported:
    """Import such a text as the command does; no events came where it was here already."""
    with closing(stage([text])) as staged:
        return transfer.take(db, staged, fresh, name, folder, partial(here_already, db, staged))
