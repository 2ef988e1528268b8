"""Where settings and state live: the XDG folders, the system's folder, the repository's own files."""

import os
from collections.abc import Mapping
from enum import IntEnum
from pathlib import Path

SYSTEM_VARIABLE = "LOOMKIN_SYSTEM_CONFIG_DIR"


class Layer(IntEnum):
    """Where a value can come from; the higher one counts."""

    BUILT_IN = 0
    SYSTEM = 1
    USER = 2
    PROJECT = 3
    LOCAL = 4
    ENVIRONMENT = 5
    OPTION = 6
    FLAG = 7
    MANAGED = 8


def config_home(environ: Mapping[str, str]) -> Path:
    """The person's settings folder, `$XDG_CONFIG_HOME/loomkin`."""
    return _xdg(environ, "XDG_CONFIG_HOME", ".config")


def state_home(environ: Mapping[str, str]) -> Path:
    """The person's state folder, `$XDG_STATE_HOME/loomkin`."""
    return _xdg(environ, "XDG_STATE_HOME", ".local/state")


def _xdg(environ: Mapping[str, str], variable: str, usual: str) -> Path:
    named = environ.get(variable, "")
    if os.path.isabs(named):  # the XDG standard says to pass over relative ones
        return Path(named, "loomkin")
    return Path(environ.get("HOME") or os.path.expanduser("~"), usual, "loomkin")


def files(root: Path, environ: Mapping[str, str]) -> dict[Layer, Path]:
    """The settings file of each layer that has one, lowest first, whether it exists or not."""
    system = Path(environ.get(SYSTEM_VARIABLE) or "/etc/loomkin")
    project, folded = project_files(root)
    return {
        Layer.SYSTEM: system / "config.toml",
        Layer.USER: config_home(environ) / "config.toml",
        Layer.PROJECT: folded if os.path.exists(folded) and not os.path.exists(project) else project,
        Layer.LOCAL: root / ".loomkin" / "config.local.toml",
        Layer.MANAGED: system / "managed.toml",
    }


def project_files(root: Path) -> tuple[Path, Path]:
    """The two names of a repository's own settings; the first one counts where both exist."""
    return root / ".loomkin.toml", root / ".loomkin" / "config.toml"
