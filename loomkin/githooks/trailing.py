"""The trailers of a commit that git is about to make: decisions and models behind the changed files."""

import math
from collections.abc import Sequence
from pathlib import Path

from loomkin.githooks.hook import Call
from loomkin.provenance.committed import carried
from loomkin.provenance.trailers import attribution
from loomkin.store.database import Database
from loomkin.store.origins import changes_of

_FOREVER = 1e18


def due(call: Call, file: Path, paths: Sequence[str], models: Sequence[str]) -> tuple[str, ...]:
    """The lines; where no agent ever changed one of these files, the models alone that worded the message."""
    database = Database(file)
    try:
        changes = changes_of(database, paths, _FOREVER)
        if not changes:
            return tuple(attribution(call.loaded.settings.git.attribution, models))
        before = _committed(call, {one.path for one in changes}, min(one.at for one in changes))
        caller = (call.environ.get("LOOMKIN_SESSION_ID", ""), call.agent)
        return carried(database, before, call.loaded.settings.git, caller, models)
    finally:
        database.close()


def _committed(call: Call, paths: set[str], since: float) -> dict[str, float]:
    """When each file was committed last, 0 where that is longer ago than any change that is known of it.

    History is walked no further back, however long it is.
    """
    found = dict.fromkeys(paths, 0.0)
    form = "--format=%x1e%ct%x1f"
    words = ["log", f"--since=@{math.floor(since)}", "--name-only", "--no-renames", "-z", form]
    log = call.git.text(*words, "--", *(f":(top,literal){path}" for path in sorted(paths)), codes=(0, 128))
    for record in log.split("\x1e")[1:]:
        at, names = record.split("\x1f", 1)
        for name in names.split("\0"):
            path = name.strip("\n")
            found[path] = max(found.get(path, 0.0), float(at))
    return {path: found[path] for path in paths}
