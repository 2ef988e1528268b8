"""How the git program is called so that a repository's own settings cannot run anything."""

import os
import re
from collections.abc import Mapping
from pathlib import Path

# Everything in a repository's configuration that names a program and that a reading command would start.
READ_OPTIONS = (
    "--no-pager",
    "-c", "core.fsmonitor=false",
    "-c", "core.hooksPath=/dev/null",
    "-c", "core.pager=cat",
    "-c", "diff.external=",
    "-c", "log.showSignature=false",
    "-c", "gpg.program=false",
    "-c", "gpg.ssh.program=false",
    "-c", "gpg.x509.program=false",
    "-c", "protocol.allow=never",
    "-c", "color.ui=false",
    "-c", "core.quotePath=false",
)  # fmt: skip
WRITE_OPTIONS = ("--no-pager", "-c", "core.fsmonitor=false", "-c", "core.pager=cat", "-c", "color.ui=false")

# Variables that say which repository is meant; a git hook that starts us leaves its own here.
_LOCATION = (
    "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_NAMESPACE", "GIT_CONFIG", "GIT_CONFIG_PARAMETERS",
    "GIT_CONFIG_COUNT", "GIT_EXTERNAL_DIFF", "GIT_ASKPASS", "SSH_ASKPASS", "GIT_TRACE",
)  # fmt: skip
_FILTER = re.compile(rb"\[\s*(filter|include|includeif)\b", re.IGNORECASE)
_FILTER_NAME = re.compile(r"filter\.(.+)\.(?:clean|smudge|process|required)", re.IGNORECASE | re.DOTALL)


def git_environment(*, read: bool = True, base: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment for git: no prompts, no editors, messages in English, no other repository."""
    source = os.environ if base is None else base
    env = {name: value for name, value in source.items() if name not in _LOCATION}
    env |= {
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_EDITOR": "true",
        "GIT_SEQUENCE_EDITOR": "true",
        "GIT_PAGER": "cat",
        "PAGER": "cat",
        "SSH_ASKPASS_REQUIRE": "never",
        "LC_ALL": "C.UTF-8",
        "LANGUAGE": "",
    }
    if read:
        env |= {"GIT_OPTIONAL_LOCKS": "0", "GIT_NO_LAZY_FETCH": "1"}
    return env


def may_set_filters(common_dir: Path | None, git_dir: Path | None) -> bool:
    """Whether the repository's own configuration could name clean or smudge programs.

    Reads the two configuration files; one that cannot be read counts as yes.
    """
    if common_dir is None or git_dir is None:
        return False
    for path in (common_dir / "config", git_dir / "config.worktree"):
        try:
            if _FILTER.search(path.read_bytes()):
                return True
        except FileNotFoundError:
            continue
        except OSError:
            return True
    return False


def filters_off(config_names: str) -> list[str]:
    """Options that switch off every filter named in NUL-separated names of the repository's settings."""
    names = {found[1] for name in config_names.split("\0") if (found := _FILTER_NAME.fullmatch(name))}
    return [
        word
        for name in sorted(names)
        for key in ("clean=", "smudge=", "process=", "required=false")
        for word in ("-c", f"filter.{name}.{key}")
    ]
