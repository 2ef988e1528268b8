"""The project profile: its languages, and how it is built, tested and linted."""

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from loomkin.project.profile_finders import FINDERS, MARKS, PURPOSES, Found, ruff_fixes, text_of
from loomkin.project.rules import NAMES as RULES
from loomkin.records.dataclass import dataclass, replace
from loomkin.records.regex import pattern

__all__ = ["PURPOSES", "Found", "Profile", "Profiles", "find_profile"]

_WRITTEN = pattern(
    r"^\s*[-*+]\s+(build|tests?|lint|format|type[ -]?check)(?:ing)?\s*:\s*`([^`\n]+)`",
    re.IGNORECASE | re.MULTILINE,
)
_LANGUAGES = {
    ".py": "Python", ".js": "JavaScript", ".mjs": "JavaScript", ".ts": "TypeScript", ".tsx": "TypeScript",
    ".go": "Go", ".rs": "Rust", ".rb": "Ruby", ".php": "PHP", ".java": "Java", ".kt": "Kotlin",
    ".ex": "Elixir", ".exs": "Elixir", ".c": "C", ".cc": "C++", ".cpp": "C++", ".cs": "C#",
    ".swift": "Swift", ".dart": "Dart", ".scala": "Scala", ".hs": "Haskell", ".lua": "Lua", ".sh": "shell",
}  # fmt: skip
_MOST_ENTRIES = 2000
Seen = tuple[tuple[str, int, int], ...]


@dataclass(frozen=True, slots=True)
class Profile:
    """What a project is written in, and one command for each purpose, in the order of `PURPOSES`."""

    languages: tuple[str, ...] = ()
    commands: tuple[Found, ...] = ()

    def command(self, purpose: str) -> str:
        """The command for a purpose, empty where none is known."""
        return next((one.command for one in self.commands if one.purpose.lower() == purpose.lower()), "")

    def line(self, missing: Callable[[str], bool]) -> str:
        """All of it in one line for an agent, empty where nothing is known.

        `missing` says of a command whether its program is not there.
        """
        known = [
            f"{one.purpose.lower()} `{one.command}` ({one.source})"
            f"{' (writes)' if one.writes else ''}{' (not installed)' if missing(one.command) else ''}"
            for one in self.commands
        ]
        parts = [", ".join(self.languages), "; ".join(known)]
        said = ". ".join(part for part in parts if part)
        return f"Project: {said}." if said else ""


def find_profile(root: Path) -> Profile:
    """What the files in the root tell, the project's own words in LOOMKIN.md and its peers first.

    Reads small files of known names only; one that cannot be read counts as missing.
    """
    found: dict[str, Found] = {}
    for one in _written(root):
        found.setdefault(one.purpose, one)
    for finder in FINDERS:
        for one in finder(root):
            found.setdefault(one.purpose, one)
    commands = tuple(_with_effects(root, found[purpose]) for purpose in PURPOSES if purpose in found)
    return Profile(tuple(_languages(root)), commands)


def _with_effects(root: Path, one: Found) -> Found:
    mends = "ruff check" in one.command and "--no-fix" not in one.command
    return replace(one, writes=True) if mends and ("--fix" in one.command or ruff_fixes(root)) else one


class Profiles:
    """The profile of one root, found anew only where one of the files that tell of it has changed."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._seen: Seen | None = None
        self._profile = Profile()

    def profile(self) -> Profile:
        """The profile as it is now; reads files the first time, else it looks at their times only."""
        seen = tuple(_times(self._root))
        if seen != self._seen:
            self._profile, self._seen = find_profile(self._root), seen
        return self._profile


def _times(root: Path) -> Iterator[tuple[str, int, int]]:
    for name in (*RULES, *MARKS):
        try:
            known = os.stat(root / name)
        except OSError:
            continue
        yield name, known.st_mtime_ns, known.st_size


def _written(root: Path) -> Iterator[Found]:
    """Commands in lines such as "- Test: `make test`" of the first rules file that there is."""
    name = next((name for name in RULES if (root / name).is_file()), "")
    if not name:
        return
    usual = {purpose.lower().replace(" ", "")[:4]: purpose for purpose in PURPOSES}
    for word, command in _WRITTEN.findall(text_of(root / name)):
        yield Found(usual[word.lower()[:4]], command.strip(), name)


def _languages(root: Path) -> Iterator[str]:
    """Languages of the marker files, and those of the files in the root and one level below."""
    names = dict.fromkeys(MARKS[name] for name in MARKS if MARKS[name] and (root / name).exists())
    yield from names
    counts: dict[str, int] = {}
    for name in _names(root):
        language = _LANGUAGES.get(os.path.splitext(name)[1], "")
        if language and language not in names:
            counts[language] = counts.get(language, 0) + 1
    yield from sorted(counts, key=lambda language: (-counts[language], language))[:3]


def _names(root: Path) -> Iterator[str]:
    left = _MOST_ENTRIES
    for folder in (root, *_folders(root)):
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    left -= 1
                    if left < 0:
                        return
                    yield entry.name
        except OSError:
            continue


def _folders(root: Path) -> list[Path]:
    try:
        with os.scandir(root) as entries:
            names = [one.name for one in entries if one.is_dir(follow_symlinks=False)]
    except OSError:
        return []
    return [root / name for name in sorted(names) if not name.startswith(".") and name not in _FOREIGN]


_FOREIGN = frozenset(("node_modules", "vendor", "target", "build", "dist", "__pycache__", "deps", "venv"))
