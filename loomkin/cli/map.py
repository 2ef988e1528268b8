"""`loomkin map`: the files that matter for some words, with outlines, within a budget."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from loomkin.cli.command_line import Form, Typed
from loomkin.cli.flag_table import FlagRow
from loomkin.cli.tables import to_json
from loomkin.codemap.atlas import Atlas
from loomkin.codemap.late import BYTES_PER_TOKEN, LEAST_TOKENS, TOKENS
from loomkin.errors import StoreError, UsageError
from loomkin.project.listing import shown_path
from loomkin.project.root import ensure_state_dir, find_root, state_dir
from loomkin.project.secrets import without_keys
from loomkin.store.codemap import FILE_NAME
from loomkin.ui.terminal import printable

FORM = Form(
    "loomkin map",
    "Show the files that matter for some words: outlines of the best, then further paths by folder.",
    (
        FlagRow("budget", ("--budget",), "At most so many tokens (2000).", "N", int, least=LEAST_TOKENS),
        FlagRow(
            "open",
            ("--open",),
            "A file at hand, which counts like a word; repeatable.",
            "FILE",
            repeatable=True,
        ),
        FlagRow("json", ("--json",), "Print JSON."),
        FlagRow("folder", ("-C",), "Work in that folder.", "DIR", Path),
    ),
    "[WORDS]",
)


def run(typed: Typed) -> int:
    """Print the map; 1 where there are no files. Raises LoomkinError."""
    given: dict[str, Any] = dict(typed.values)
    folder = (given.get("folder") or Path()).expanduser().resolve()
    if not folder.is_dir():
        raise UsageError(f"{folder} is not a folder.", hint="Give -C the folder to work in.")
    root = find_root(folder).path
    at_hand = {_inside(folder, root, name) for name in given.get("open") or ()}
    atlas = Atlas(root, _file(folder))
    try:
        drawn = atlas.map(" ".join(typed.words), at_hand, given.get("budget") or TOKENS)
    finally:
        atlas.close()
    if given.get("json"):
        tokens = round(len(drawn.text.encode("utf-8", "surrogateescape")) / BYTES_PER_TOKEN)
        plain = {
            "root": str(root),
            "tokens": tokens,
            "outlined": _shown(drawn.outlined),
            "named": _shown(drawn.named),
        }
        text = to_json({**plain, "text": drawn.text})
    else:
        text = drawn.text or "There are no files here."
    text = without_keys(text)
    sys.stdout.write((printable(text) if os.isatty(1) else text) + "\n")
    return 0 if drawn.text else 1


def _file(folder: Path) -> Path | None:
    """Where the map is kept; nowhere in a folder that cannot be written."""
    try:
        return ensure_state_dir(state_dir(folder).parent) / FILE_NAME
    except StoreError:
        return None


def _shown(paths: Sequence[str]) -> list[str]:
    return [shown_path(path) for path in paths]


def _inside(folder: Path, root: Path, name: str) -> str:
    path = Path(os.path.abspath(folder / name))
    if not path.is_file() or not path.is_relative_to(root):
        raise UsageError(f"{name} is no file below {root}.", hint="Give --open a file of this repository.")
    return str(path.relative_to(root))
