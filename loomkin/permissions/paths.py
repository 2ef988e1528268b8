"""Turns a word into the files it may mean, and says which files are protected."""

import glob
import itertools
import os
import re
from collections.abc import Iterable, Sequence

from loomkin.permissions.simple import Word, names
from loomkin.records.dataclass import dataclass

_MOST = 2_000
_NEUTRAL = names(
    "/dev/null /dev/stdin /dev/stdout /dev/stderr /dev/tty /dev/zero /dev/fd/0 /dev/fd/1 /dev/fd/2"
)
_RULE_FILES = names(
    "loomkin.md .loomkin.md agents.md agents.override.md claude.md claude.local.md gemini.md .loomkin.toml "
    ".loomkin.local.toml .mcp.json .gitmodules .gitattributes .pre-commit-config.yaml .gitlab-ci.yml "
    ".travis.yml "
    "jenkinsfile azure-pipelines.yml bitbucket-pipelines.yml lefthook.yml .lefthook.yml .envrc conanfile.sh"
)
_START_FILES = names(
    ".bashrc .bash_profile .bash_login .bash_logout .profile .zshrc .zshenv .zprofile .zlogin "
    ".gitconfig .inputrc "
    "config.fish .tmux.conf"
)
_FOLDERS = names(".git .loomkin .husky .githooks .claude .circleci .devcontainer .vscode .idea")


@dataclass(frozen=True, slots=True)
class Place:
    """A file in its two forms: as named, and with symbolic links followed."""

    path: str
    real: str

    @property
    def forms(self) -> tuple[str, ...]:
        """Both paths, once each."""
        return (self.path,) if self.path == self.real else (self.path, self.real)


def place(path: str, cwd: str, home: str) -> Place:
    """Resolve a path against a folder; touches the disk only to follow symbolic links."""
    if path == "~" or path.startswith("~/"):
        path = home + path[1:]
    full = os.path.normpath(os.path.join(cwd, path))
    try:
        return Place(full, os.path.realpath(os.path.join(cwd, path)))
    except (OSError, ValueError):
        return Place(full, full)


def is_neutral(path: str) -> bool:
    """Tell whether opening the path reads and writes nothing that lasts, as `/dev/null`."""
    return path in _NEUTRAL


def expand(word: Word, folders: Iterable[str], home: str) -> tuple[Place, ...] | None:
    """The files that a word may mean in any of the folders, or None when that cannot be told."""
    if word.dynamic or "\0" in word.text:
        return None
    found: dict[str, Place] = {}
    for folder in folders:
        for text in _braces(word.pattern) if word.pattern else [None]:
            paths = [word.text] if text is None else _matches(text, folder)
            if paths is None:
                return None
            for path in paths:
                one = place(path, folder, home)
                found[one.path] = one
    return tuple(found.values()) if len(found) <= _MOST else None


def _matches(pattern: str, folder: str) -> list[str] | None:
    literal = re.sub(r"\[([*?[{])\]", r"\1", pattern)
    if re.search(r"(?<!\[)\{.*(?:,|\.\.).*\}", pattern, re.S):
        return None  # nested braces and ranges are left to the shell
    if not glob.has_magic(re.sub(r"\[([*?[{])\]", "", pattern)):
        return [literal]
    if sum(glob.has_magic(part) for part in pattern.split("/")) > 3:
        return None
    pattern = pattern.replace("[{]", "{")
    try:
        matches = list(itertools.islice(glob.iglob(pattern, root_dir=folder), _MOST + 1))
    except (OSError, ValueError, re.error):
        return None
    return matches or [literal]


def _braces(pattern: str) -> list[str]:
    pending = [pattern]
    done: list[str] = []
    while pending and len(pending) + len(done) < _MOST:
        text = pending.pop()
        match = re.search(r"(?<!\[)\{([^{}]*,[^{}]*)\}", text)
        if match is None:
            done.append(text)
        else:
            pending.extend(text[: match.start()] + one + text[match.end() :] for one in match[1].split(","))
    return done + pending


def is_inside(path: str, roots: Sequence[str]) -> bool:
    """Tell whether a path is one of the folders or below one."""
    return any(path == root or path.startswith(root.rstrip("/") + "/") for root in roots)


def protected_by(path: str, home: str) -> str:
    """The name that protects a path from edits without a question, or nothing."""
    parts = [part.lower() for part in path.split("/") if part]
    for part in parts:
        if part in _FOLDERS:
            return part
    if not parts:
        return ""
    name = parts[-1]
    if name in _RULE_FILES or name in _START_FILES:
        return name
    for first, second in itertools.pairwise(parts):
        if first == ".github" and second in ("workflows", "actions"):
            return f".github/{second}"
    return ".config" if path.startswith(home.rstrip("/") + "/.config/") else ""
