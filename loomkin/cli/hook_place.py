"""What `loomkin hook` prints of the hooks of a repository."""

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from loomkin.config.load import load
from loomkin.githooks.install import install, standings, told_models, uninstall
from loomkin.githooks.mapping import renew_map
from loomkin.githooks.places import place
from loomkin.githooks.run import meant_root
from loomkin.project.trust import is_trusted
from loomkin.ui.terminal import printable


def do(verb: str, cwd: Path, names: Sequence[str], *, as_json: bool) -> int:
    """Install, uninstall or tell how hooks stand; raises UsageError, ConfigError and StoreError."""
    root = meant_root(cwd, os.environ)
    if verb == "refresh":
        return _say([renew_map(root.path)])
    loaded = load(root.path, os.environ, trusted=is_trusted(root.path, os.environ))
    if verb == "install":
        return _say(install(root, os.environ, loaded, names))
    if verb == "uninstall":
        return _say(uninstall(root, os.environ, names))
    found = standings(root, os.environ, loaded)
    if as_json:
        rows = [
            {"name": one.name, "wanted": one.wanted, "installed": one.installed, "words": one.words}
            for one in found
        ]
        folder = str(place(root, os.environ, []).folder)
        return _say([json.dumps({"folder": folder, "hooks": rows}, indent=2, ensure_ascii=False)])
    width = max(len(one.name) for one in found)
    lines = [f"{one.name:<{width}}  {one.words}" for one in found]
    return _say([*lines, *told_models(loaded, [one.name for one in found if one.installed])])


def _say(lines: Sequence[str]) -> int:
    text = "\n".join(lines)
    sys.stdout.write((printable(text) if sys.stdout.isatty() else text) + "\n")
    return 0
