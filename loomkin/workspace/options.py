"""What a run was asked for on the command line, in one frozen value."""

from collections.abc import Mapping
from pathlib import Path

from loomkin.records.dataclass import dataclass, field
from loomkin.workspace.opening import Wish


@dataclass(frozen=True, slots=True)
class Options:
    """One run; `flags` and `set_options` go to the settings, the rest is for this run alone.

    `team` empty is one agent, which may grow into a team unless it is `solo`.
    """

    cwd: Path
    environ: Mapping[str, str]
    flags: Mapping[str, object] = field(default_factory=dict)
    set_options: tuple[str, ...] = ()
    wish: Wish = field(default_factory=Wish)
    role: str = "coder"
    team: str = ""
    solo: bool = False
    resume_run: bool = False
    append_system_prompt: str = ""
    add_dirs: tuple[Path, ...] = ()
    record: Path | None = None
    replay: Path | None = None
    strict_replay: bool = True
    persist: bool = True
    trust: bool = False
    bare: bool = False
    offline: bool = False
    attended: bool = False

    @property
    def home(self) -> Path:
        """The person's own folder."""
        return Path(self.environ.get("HOME") or "~").expanduser()
