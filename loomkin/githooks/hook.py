"""What a git hook of ours is: when it is wanted, what it is called with, what it answers."""

import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

from loomkin.config.load import Loaded
from loomkin.config.settings import GitHookSettings
from loomkin.errors import LoomkinError
from loomkin.project.git_safety import READ_OPTIONS, git_environment, safe_arguments
from loomkin.project.root import Root, state_dir
from loomkin.records.dataclass import dataclass

STOP = 10
"""The exit code that stops git; a shim lets git go on after every other one."""
GIT_SECONDS = 20.0
# these say which repository and index a hook is about: `git commit -a` and parts of it have their own
_MEANT = (
    "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
)  # fmt: skip


class HookError(LoomkinError):
    """What kept a hook from its work; git goes on unless the person wants it strict."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a hook has to say, in lines for the person, and whether git must stop."""

    lines: tuple[str, ...] = ()
    stop: bool = False


class Git:
    """Reads the repository that the hook was started for, through the index that it is about."""

    def __init__(
        self, top: Path, environ: Mapping[str, str], options: tuple[str, ...] = READ_OPTIONS
    ) -> None:
        self._top = top
        self._options = options
        meant = {name: environ[name] for name in _MEANT if environ.get(name)}
        self._environ = {**git_environment(base=environ), **meant}

    def data(self, *words: str, stdin: bytes | None = None, codes: tuple[int, ...] = (0,)) -> bytes:
        """What git prints; raises HookError with git's complaint."""
        argv = ["git", *self._options, words[0], *safe_arguments(words[0]), *words[1:]]
        try:
            done = subprocess.run(
                argv,
                cwd=self._top,
                env=self._environ,
                capture_output=True,
                timeout=GIT_SECONDS,
                input=stdin or b"",
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise HookError(f"git could not be asked: {error}.") from error
        if done.returncode not in codes:
            said = done.stderr.decode("utf-8", "replace").strip().splitlines()
            raise HookError(f"git {words[0]} failed: {said[0] if said else done.returncode}.")
        return done.stdout

    def text(self, *words: str, codes: tuple[int, ...] = (0,)) -> str:
        """What git prints, as text; names without an encoding survive."""
        return self.data(*words, codes=codes).decode("utf-8", "surrogateescape")


@dataclass(frozen=True, slots=True)
class Call:
    """One run of a hook; `stdin` is what git wrote there, for the hooks that get something."""

    name: str
    arguments: tuple[str, ...]
    root: Root
    environ: Mapping[str, str]
    loaded: Loaded
    trusted: bool
    stdin: str = ""

    @property
    def settings(self) -> GitHookSettings:
        """What the person wants of git hooks."""
        return self.loaded.settings.githooks

    @property
    def git(self) -> Git:
        """The repository."""
        return Git(self.root.path, self.environ)

    @property
    def database(self) -> Path | None:
        """The file with what is known of the project, None where there is none."""
        file = state_dir(self.root.path) / "loomkin.db"
        return file if file.exists() else None

    @property
    def model(self) -> str:
        """The model for small jobs, where the settings or the environment name one; none is looked for."""
        model = self.loaded.settings.model
        return model.fast or model.default

    @property
    def ours(self) -> bool:
        """Whether loomkin started git: its session writes down itself what it commits."""
        return bool(self.environ.get("LOOMKIN"))

    @property
    def agent(self) -> str:
        """The agent whose command started git, empty for a person."""
        return self.environ.get("LOOMKIN_AGENT", "")


@dataclass(frozen=True, slots=True)
class Hook:
    """One hook: whether the settings want it, why not, and what it does; some lines of sh spare a start.

    `skips` leaves the shim early; `reads` says that git writes to its standard input, `after` that git has
    done its work already, so that nothing can be stopped.
    """

    name: str
    about: str
    wanted: Callable[[Loaded], bool]
    unwanted: str
    run: Callable[[Call], Verdict]
    skips: str = ""
    reads: bool = False
    after: bool = False
    limit: Callable[[GitHookSettings], float] = lambda settings: settings.timeout
