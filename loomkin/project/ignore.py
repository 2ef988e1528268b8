"""What is left out where git is not there to say so: nested .gitignore files and folders nobody reads."""

import os
from pathlib import Path
from typing import Protocol

# Folders of other programs: caches, installed packages, version control. What git tracks in them is listed.
BUILT_IN = (
    ".git", ".hg", ".svn", ".jj", ".loomkin", "node_modules", "bower_components", "__pycache__", ".venv",
    "venv", ".tox", ".nox", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis", ".eggs", ".gradle",
    ".terraform", ".next", ".nuxt", ".svelte-kit", ".parcel-cache", ".turbo", ".cache", ".direnv",
    ".dart_tool", ".elixir_ls",
)  # fmt: skip
_BUILT_IN = frozenset(BUILT_IN)


class _Spec(Protocol):
    def check_file(self, file: str) -> "_Check": ...


class _Check(Protocol):
    @property
    def include(self) -> bool | None: ...


class IgnoreRules:
    """The rules in force below one folder of a project; names given to it are relative to that folder.

    A deeper file's rule beats a higher one's, the last line of a file beats those before it.
    """

    __slots__ = ("_base", "_levels", "_top")

    def __init__(self, top: Path, base: str = "", levels: tuple[tuple[str, _Spec], ...] = ()) -> None:
        self._top = top
        self._base = base
        self._levels = levels

    @classmethod
    def for_top(cls, top: Path, git_dir: Path | None = None) -> "IgnoreRules":
        """The rules at a project's top: the person's own, the repository's private ones, `.gitignore`."""
        config = os.environ.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config")
        sources = [Path(config) / "git" / "ignore"]
        if git_dir is not None:
            sources.append(git_dir / "info" / "exclude")
        levels = tuple(("", spec) for path in sources if (spec := _read(path)) is not None)
        return cls(top, "", levels).enter("")

    @property
    def folder(self) -> Path:
        """The folder that names are relative to."""
        return self._top / self._base if self._base else self._top

    def enter(self, name: str) -> "IgnoreRules":
        """The same rules with those of the `.gitignore` in folder `name`."""
        folder = self._full(name)
        spec = _read(self._top / folder / ".gitignore")
        if spec is None:
            return self
        prefix = f"{folder}/" if folder else ""
        return IgnoreRules(self._top, self._base, (*self._levels, (prefix, spec)))

    def below(self, name: str) -> "IgnoreRules":
        """The same rules for names relative to folder `name`."""
        return IgnoreRules(self._top, self._full(name), self._levels)

    def ignored(self, name: str, is_dir: bool) -> bool:
        """Whether the entry is left out; says nothing about folders above it."""
        if is_dir and name.rsplit("/", 1)[-1] in _BUILT_IN:
            return True
        if not self._levels:
            return False
        path = self._full(name).encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        path += "/" if is_dir else ""
        for prefix, spec in reversed(self._levels):
            verdict = spec.check_file(path[len(prefix) :]).include
            if verdict is not None:
                return verdict
        return False

    def _full(self, name: str) -> str:
        return f"{self._base}/{name}" if self._base and name else self._base or name


def _read(path: Path) -> _Spec | None:
    """The patterns of one file, or None where it has none or cannot be read."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except (OSError, ValueError):
        return None
    lines = [line for line in lines if line.strip() and not line.startswith("#")]
    if not lines:
        return None
    from pathspec import GitIgnoreSpec  # heavy: late on purpose

    try:
        return GitIgnoreSpec.from_lines(lines)
    except ValueError:
        return GitIgnoreSpec.from_lines(_valid(lines))


def _valid(lines: list[str]) -> list[str]:
    """The lines that are patterns; git skips the others too."""
    from pathspec import GitIgnoreSpec  # heavy: late on purpose

    kept = []
    for line in lines:
        try:
            GitIgnoreSpec.from_lines([line])
        except ValueError:
            continue
        kept.append(line)
    return kept
