"""`loomkin recall`: what was said here before, by its words."""

import os
import sys
import time
from pathlib import Path
from typing import Any

from loomkin.cli.command_line import Form, Typed
from loomkin.cli.flag_table import FlagRow
from loomkin.cli.keeper_place import elsewhere, found, plain, told
from loomkin.cli.tables import to_json
from loomkin.errors import UsageError
from loomkin.keepers.passage import Wanted
from loomkin.project.root import find_root, state_dir
from loomkin.project.secrets import without_keys
from loomkin.records.keeper import KeeperKind, named
from loomkin.store.database import FILE_NAME, Database
from loomkin.ui.terminal import printable

FORM = Form(
    "loomkin recall",
    "Find what was said in this repository, in any session, by its words; quoted words stand together.",
    (
        FlagRow("limit", ("-n", "--limit"), "At most so many passages.", "N", int, least=1),
        FlagRow("kind", ("--kind",), "Only of that kind.", choices=KeeperKind),
        FlagRow("keeper", ("--keeper",), "Only in that keeper.", "ID"),
        FlagRow("json", ("--json",), "Print JSON."),
        FlagRow("folder", ("-C",), "Work in that folder.", "DIR", Path),
    ),
    "WORDS",
)
MOST = 5


def run(typed: Typed) -> int:
    """Print the passages; 1 where there are none. Raises LoomkinError."""
    given: dict[str, Any] = dict(typed.values)
    words = " ".join(typed.words).strip()
    if not words:
        raise UsageError("recall needs words to look for.", hint='loomkin recall "staging port"')
    folder = (given.get("folder") or Path()).expanduser().resolve()
    if not folder.is_dir():
        raise UsageError(f"{folder} is not a folder.", hint="Give -C the folder to work in.")
    wanted = Wanted(words, named(given.get("keeper") or ""), given.get("kind"), given.get("limit") or MOST)
    root, state = find_root(folder), state_dir(folder)
    database = Database(state / FILE_NAME) if (state / FILE_NAME).exists() else None
    try:
        passages = found(database, root.path, state, wanted)
    finally:
        if database is not None:
            database.close()
    text = to_json([plain(one) for one in passages]) if given.get("json") else told(passages, time.time())
    text = without_keys(text)
    sys.stdout.write((printable(text) if os.isatty(1) else text) + "\n")
    if not given.get("json") and (note := elsewhere(root)):
        sys.stderr.write(f"loomkin: {printable(note)}\n")
    return 0 if passages else 1
