"""Where a run keeps what it knows, from when on that is on disk, and whether others can write it."""

import tempfile
from contextlib import AsyncExitStack
from pathlib import Path

from loomkin.project.git import tracks
from loomkin.project.root import Root, ensure_state_dir, state_dir
from loomkin.store.database import FILE_NAME, Database
from loomkin.workspace.options import Options


def state_folder(options: Options, stack: AsyncExitStack) -> Path:
    """The project's state folder, which need not exist yet, or one that goes with the run.

    Raises StoreError for one that another user made.
    """
    if not options.persist:
        return Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="loomkin-")))
    return state_dir(options.cwd)


def open_database(options: Options, state: Path) -> Database:
    """The project's database; in memory where it is not there yet, until `settle`."""
    file = state / FILE_NAME
    return Database(file if options.persist and file.exists() else None)


def settle(options: Options, state: Path, database: Database) -> None:
    """Make folder and file where there are none; blocks. Called once it is sure that the run can begin.

    Raises StoreError where they cannot be made.
    """
    if options.persist:
        ensure_state_dir(state.parent)
        if database.path is None:
            database.move_to(state / FILE_NAME)


async def tracked_note(root: Root, database: Database) -> tuple[str, ...]:
    """A warning where the database is part of the repository: then its sessions may be anybody's."""
    if database.path is None or not await tracks(root, database.path):
        return ()
    return (
        f"{database.path} is tracked by git, so who can commit here can write what its sessions say. "
        "`git rm --cached` takes it out of the repository; remove the file too if it is not yours.",
    )
