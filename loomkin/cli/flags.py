"""From the flags that `ask` and the conversation share to the options of a run."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from loomkin.errors import UsageError
from loomkin.permissions.rules import split_rules
from loomkin.records.dataclass import dataclass, field
from loomkin.records.permission import Mode
from loomkin.workspace.opening import Wish
from loomkin.workspace.options import Options

DEFAULT_ROLE = "coder"
FIRST_OF_TEAM = "concierge"
TEAMS = ("default",)
_ALL_SETTINGS = "All settings: loomkin config list"


@dataclass(frozen=True, slots=True)
class Flags:
    """What was typed, by the fields of the flag table; None and empty stand for what was not."""

    model: str | None = None
    go_on: bool = False
    resume: str | None = None
    fork: bool = False
    name: str | None = None
    folder: Path | None = None
    mode: Mode | None = None
    allowed: Sequence[str] = ()
    disallowed: Sequence[str] = ()
    max_turns: int | None = None
    max_budget_usd: float | None = None
    timeout: float | None = None
    role: str | None = None
    team: str | None = None
    solo: bool = False
    resume_run: bool = False
    append_system_prompt: str | None = None
    add_dirs: Sequence[Path] = ()
    settings: Sequence[str] = ()
    record: Path | None = None
    replay: Path | None = None
    no_persistence: bool = False
    trust: bool = False
    bare: bool = False
    offline: bool = False
    no_color: bool = False
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))


def options_from(flags: Flags, *, attended: bool) -> Options:
    """The options of a run; paths that were typed count from the shell's folder, not from `-C`.

    Raises UsageError for flags that contradict each other and folders that do not exist.
    """
    if flags.go_on and flags.resume:
        raise UsageError("-c and -r exclude each other: the last session, or the one you name.")
    if flags.resume is not None and not flags.resume.strip():
        from loomkin.cli.pick import nameless

        raise nameless(_folder(flags.folder or Path()))
    if flags.fork and not (flags.go_on or flags.resume):
        raise UsageError("--fork-session needs a session to fork.", hint="Add -c, or -r ID.")
    if flags.resume_run and not (flags.go_on or flags.resume):
        raise UsageError("--resume-run needs a session to resume.", hint="Add -c, or -r ID.")
    if flags.no_persistence and (flags.go_on or flags.resume):
        raise UsageError("--no-session-persistence keeps nothing, so there is no session to go on with.")
    if flags.record and flags.replay:
        raise UsageError("--record and --replay exclude each other.")
    for option in flags.settings:
        if "=" not in option:
            raise UsageError(f"--set {option}: a setting is given as key=value.", hint=_ALL_SETTINGS)
    cwd = _folder(flags.folder or Path())
    return Options(
        cwd=cwd,
        environ=flags.environ,
        flags=_settings(flags),
        set_options=tuple(flags.settings),
        wish=Wish(flags.go_on, flags.resume or "", flags.fork, flags.name or ""),
        role=flags.role or (FIRST_OF_TEAM if flags.team else DEFAULT_ROLE),
        team=_team(flags),
        solo=flags.solo,
        resume_run=flags.resume_run,
        append_system_prompt=flags.append_system_prompt or "",
        add_dirs=tuple(_folder(path) for path in flags.add_dirs),
        record=_absolute(flags.record),
        replay=_readable(flags.replay),
        persist=not flags.no_persistence,
        trust=flags.trust,
        bare=flags.bare,
        offline=flags.offline,
        attended=attended,
    )


def _settings(flags: Flags) -> dict[str, object]:
    typed: dict[str, object] = {
        "model.default": flags.model,
        "permissions.mode": flags.mode.value if flags.mode else None,
        "permissions.allow": [rule for text in flags.allowed for rule in split_rules(text)],
        "permissions.deny": [rule for text in flags.disallowed for rule in split_rules(text)],
        "limits.max_turns": flags.max_turns,
        "limits.timeout": flags.timeout,
        "budget.session_usd": flags.max_budget_usd,
        "ui.color": "never" if flags.no_color else None,
    }
    return {key: value for key, value in typed.items() if value not in (None, [])}


def _team(flags: Flags) -> str:
    if flags.team and flags.solo:
        raise UsageError("--team and --solo exclude each other.")
    if flags.team and flags.team not in TEAMS:
        raise UsageError(f"There is no team {flags.team!r}.", hint=f"One of: {', '.join(TEAMS)}.")
    return flags.team or ""


def _folder(path: Path) -> Path:
    absolute = path.expanduser().absolute()
    if not absolute.is_dir():
        what = "is not a folder" if absolute.exists() else "does not exist"
        raise UsageError(f"{path} {what}.")
    return absolute


def _readable(path: Path | None) -> Path | None:
    absolute = _absolute(path)
    if absolute and (absolute.is_dir() or not absolute.exists()):
        what = "it is a folder" if absolute.is_dir() else "there is no such file"
        raise UsageError(f"Cannot replay {path}: {what}.", hint="`--record FILE` makes a recording.")
    return absolute


def _absolute(path: Path | None) -> Path | None:
    return path.expanduser().absolute() if path else None
