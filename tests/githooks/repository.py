"""A real repository with our hooks in it, and git as a person runs it."""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from loomkin.config.load import Loaded, load
from loomkin.githooks.install import install, standings, uninstall
from loomkin.project.root import find_root

SECONDS = 40.0
TOKEN = "ghp_" + "abcdefghijklmnopqrstuvwxyz0123456789"
SEEN = "sh -c 'cp \"$1\" ../seen.txt' -"
"""An editor that only looks at the message."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How git ended."""

    code: int
    out: str
    err: str


@dataclass
class Repository:
    """A repository at `root`; `environ` is added to what git gets."""

    root: Path
    environ: dict[str, str] = field(default_factory=dict)

    def run(self, *words: str, environ: Mapping[str, str] | None = None, stdin: bytes = b"") -> Ended:
        """Run git, whatever it says."""
        done = subprocess.run(
            ["git", *words],
            cwd=self.root,
            env={**os.environ, "GIT_EDITOR": "true", **self.environ, **(environ or {})},
            input=stdin,
            capture_output=True,
            timeout=SECONDS,
            start_new_session=True,
        )
        return Ended(done.returncode, done.stdout.decode(), done.stderr.decode())

    def git(self, *words: str, environ: Mapping[str, str] | None = None) -> str:
        """Run git, which must be content."""
        done = self.run(*words, environ=environ)
        assert done.code == 0, done.err
        return done.out

    def loomkin(self, *words: str) -> str:
        """Run loomkin, which must be content."""
        return self.python("-m", "loomkin", *words)

    def python(self, *words: str) -> str:
        """Run our Python, which must be content."""
        done = subprocess.run(
            [sys.executable, *words],
            cwd=self.root,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), **self.environ},
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def write(self, name: str, text: str) -> Path:
        """Put a file into the work tree."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def add(self, name: str, text: str) -> None:
        """Put a file into the work tree and the index."""
        self.write(name, text)
        self.git("add", name)

    def message(self, rev: str = "HEAD") -> str:
        """The message of a commit."""
        return self.git("log", "-1", "--format=%B", rev).strip()

    @property
    def hooks(self) -> Path:
        """Where git keeps the hooks by default."""
        common = find_root(self.root).common_dir
        assert common is not None
        return common / "hooks"

    def install(self, *names: str) -> list[str]:
        """Install our hooks."""
        return install(find_root(self.root), self._environ, self._loaded, names)

    def uninstall(self, *names: str) -> list[str]:
        """Take them away."""
        return uninstall(find_root(self.root), self._environ, names)

    def standing(self, name: str) -> str:
        """What is said of one hook."""
        found = standings(find_root(self.root), self._environ, self._loaded)
        return next(one.words for one in found if one.name == name)

    def script(self, name: str, text: str, mode: int = 0o755) -> Path:
        """A hook of the person's own."""
        path = self.hooks / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        path.chmod(mode)
        return path

    @property
    def _environ(self) -> dict[str, str]:
        return {**os.environ, **self.environ}

    @property
    def _loaded(self) -> Loaded:
        return load(find_root(self.root).path, self._environ, trusted=True)


def begin(root: Path, **environ: str) -> Repository:
    """A repository with one commit."""
    root.mkdir(parents=True)
    made = Repository(root, dict(environ))
    made.git("init", "-q")
    made.add("utils.py", "def parse(text):\n    return text\n")
    made.git("commit", "-qm", "First")
    return made


def tree(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Every file of a folder with its mode and its bytes; of links where they lead."""
    return {
        str(path.relative_to(folder)): (
            path.lstat().st_mode,
            os.fsencode(os.readlink(path)) if path.is_symlink() else path.read_bytes(),
        )
        for path in sorted(folder.rglob("*"))
        if path.is_symlink() or path.is_file()
    }
