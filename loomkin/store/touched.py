"""Whether agents ever changed files: asked before anything that takes long to load."""

import json
from collections.abc import Sequence
from pathlib import Path

from loomkin.store.database import Database


def ever_changed(file: Path, paths: Sequence[str]) -> bool:
    """Whether a database has a change of one of these files; raises StoreError where it cannot be read."""
    database = Database(file)
    try:
        found = database.rows(
            "SELECT 1 FROM changes WHERE path IN (SELECT value FROM json_each(?)) LIMIT 1",
            (json.dumps([*paths], ensure_ascii=True),),
        )
        return bool(found)
    finally:
        database.close()
