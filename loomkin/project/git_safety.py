"""How the git program is called so that a repository's own settings cannot run anything."""

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from loomkin.records.regex import pattern

# Everything in a repository's configuration that names a program and that a reading command would start.
READ_OPTIONS = (
    "--no-pager",
    "-c", "core.fsmonitor=false",
    "-c", "core.hooksPath=/dev/null",
    "-c", "core.pager=cat",
    "-c", "diff.submodule=short",
    "-c", "log.diffMerges=separate",
    "-c", "log.showSignature=false",
    "-c", "gpg.program=false",
    "-c", "gpg.ssh.program=false",
    "-c", "gpg.x509.program=false",
    "-c", "protocol.allow=never",
    "-c", "color.ui=false",
    "-c", "core.quotePath=false",
)  # fmt: skip
WRITE_OPTIONS = ("--no-pager", "-c", "core.fsmonitor=false", "-c", "core.pager=cat", "-c", "color.ui=false")

# Variables that say which repository is meant (a git hook that starts us leaves its own here), or where to
# ask for a passphrase: the terminal is ours.
_LOCATION = (
    "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_NAMESPACE", "GIT_CONFIG", "GIT_CONFIG_PARAMETERS",
    "GIT_CONFIG_COUNT", "GIT_EXTERNAL_DIFF", "GIT_ASKPASS", "SSH_ASKPASS", "GIT_TRACE",
    "GPG_TTY",
)  # fmt: skip
_FILTER = pattern(rb"\[\s*(filter|include|includeif)\b", re.IGNORECASE)
_FILTER_NAME = pattern(r"filter\.(.+)\.(?:clean|smudge|process|required)", re.IGNORECASE | re.DOTALL)


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


def safe_arguments(command: str) -> tuple[str, ...]:
    """Arguments right after a reading command that switch off programs which no `-c` can."""
    if command == "blame":
        return ("--no-textconv",)
    if command in ("log", "show"):
        return ("--no-ext-diff", "--no-textconv", "--no-show-signature")
    return ("--no-ext-diff", "--no-textconv") if command.startswith("diff") else ()


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


def filter_names(scoped_names: str) -> tuple[str, ...]:
    """The filters that the repository itself names; the person's own, such as Git LFS, are not among them.

    `scoped_names` is what `git config --list --show-scope --name-only -z` prints.
    """
    words = scoped_names.split("\0")
    names = {
        found[1]
        for scope, key in zip(words[::2], words[1::2], strict=False)
        if scope in ("local", "worktree") and (found := _FILTER_NAME.fullmatch(key))
    }
    return tuple(sorted(names))


def filters_off(names: Sequence[str]) -> list[str]:
    """Options that switch filters off."""
    return [
        word
        for name in names
        for key in ("clean=", "smudge=", "process=", "required=false")
        for word in ("-c", f"filter.{name}.{key}")
    ]
