"""Our hooks in a folder of their own, where git is told to look, in front of one that is not ours."""

import base64
import json
import os
import shlex
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from loomkin.errors import UsageError
from loomkin.githooks.beside import write, writing
from loomkin.githooks.hook import Hook
from loomkin.githooks.places import Place, Setting, hooks_path, plain_git
from loomkin.githooks.shim import CHAINED, chain, shim
from loomkin.records.dataclass import dataclass, replace

STATE = "state.json"
_SETTING = "core.hooksPath"
_OWN_SCOPES = ("local", "worktree")


@dataclass(frozen=True, slots=True)
class State:
    """What uninstalling needs: the folder behind ours, the setting before, and the file that holds it."""

    behind: str
    before: str
    scope: str
    config: str
    config_before: bytes
    config_after: bytes


def stand(place: Place, hooks: Sequence[Hook], environ: Mapping[str, str]) -> State:
    """Write the folder with these hooks and have git look there; raises StoreError and UsageError."""
    known = read_state(place.own)
    moved = known is not None and _gone(place)
    if known is not None and moved:
        place = replace(place, behind=known.behind, setting=Setting(known.before, known.scope))
    behind = place.behind or (known.behind if known else str(place.common / "hooks"))
    with writing(place.own):
        place.own.mkdir(exist_ok=True)
        wanted = {hook.name: hook for hook in hooks}
        for name in {*CHAINED, *wanted, *_there(place.root.path / behind)}:
            before = shlex.quote(f"{behind}/{name}")
            hook = wanted.get(name)
            write(place.own / name, shim(hook, before) if hook else chain(name, before))
        if not place.behind and known is not None:
            return known
        state = _switch(place, behind, environ)
        if moved:
            # the file before named a folder that is gone: one setting is taken back, not the file
            state = replace(state, config_after=b"")
        _keep(place, state)
    return state


def _keep(place: Place, state: State) -> None:
    """Write down what uninstalling needs, at one stroke."""
    spare = place.own / f"{STATE}.new"
    spare.write_text(_dumped(state), encoding="utf-8")
    os.replace(spare, place.own / STATE)


def _gone(place: Place) -> bool:
    """Whether git was told to look in our folder where it was before the whole repository was moved."""
    behind = place.root.path / place.behind
    return bool(place.behind) and behind.name == place.own.name and not behind.is_dir()


def _switch(place: Place, behind: str, environ: Mapping[str, str]) -> State:
    """Set the setting where it counts for this repository alone."""
    git = plain_git(place.root, environ)
    scope = "worktree" if place.setting.scope == "worktree" else "local"
    own = place.setting.scope in _OWN_SCOPES and place.folder != place.root.path / place.setting.value
    before = place.setting.value if own else ""
    config = _config_file(place, scope)
    data, trial = config.read_bytes(), place.own / "config.new"
    trial.write_bytes(data)
    git.text("config", f"--file={trial}", _SETTING, str(place.own))
    state = State(behind, before, scope, str(config), data, trial.read_bytes())
    trial.unlink()
    # what uninstalling needs is there before it is needed: whoever installs may be killed
    _keep(place, state)
    git.text("config", f"--{scope}", _SETTING, str(place.own))
    now = hooks_path(git)
    if os.path.realpath(now.value or ".") != os.path.realpath(place.own):
        _restore(state, place, environ)
        raise UsageError(
            f"core.hooksPath cannot be changed here: {now.value} ({now.scope}) counts nevertheless.",
            hint="It stands in a file that is included later; change it there.",
        )
    return state


def withdraw(place: Place, environ: Mapping[str, str]) -> str:
    """Take the folder away and the setting back; says what became of it, nothing where there was none."""
    state, git = read_state(place.own), plain_git(place.root, environ)
    now = hooks_path(git)
    if state is None:
        if not now.value or os.path.realpath(place.root.path / now.value) != os.path.realpath(place.own):
            return ""
        git.text("config", f"--{now.scope}", "--unset-all", _SETTING, codes=(0, 5))
        return f"core.hooksPath is unset now: {place.own / STATE}, which knew what it was before, is lost"
    with writing(place.own):
        said = "core.hooksPath is as it was"
        if now.value and os.path.realpath(place.root.path / now.value) == os.path.realpath(place.own):
            _restore(state, place, environ)
        else:
            said = f"core.hooksPath was changed since, to {now.value or 'nothing'}, and stays so"
        shutil.rmtree(place.own)
    return said


def _restore(state: State, place: Place, environ: Mapping[str, str]) -> None:
    """The file as it was, byte for byte, where nobody changed it since; else the one setting in it."""
    config, git = Path(state.config), plain_git(place.root, environ)
    if config.read_bytes() == state.config_after:
        spare = config.with_name(f"{config.name}.loomkin")
        spare.write_bytes(state.config_before)
        shutil.copymode(config, spare)
        os.replace(spare, config)
    elif state.before:
        git.text("config", f"--{state.scope}", _SETTING, state.before)
    else:
        git.text("config", f"--{state.scope}", "--unset-all", _SETTING, codes=(0, 5))


def read_state(own: Path) -> State | None:
    """What was written down when the folder was made; None where there is none of ours."""
    try:
        kept = json.loads((own / STATE).read_text(encoding="utf-8"))
        before, after = (base64.b64decode(kept[key]) for key in ("config_before", "config_after"))
        return State(kept["behind"], kept["before"], kept["scope"], kept["config"], before, after)
    except (OSError, ValueError, LookupError, TypeError):
        return None


def _dumped(state: State) -> str:
    before, after = (base64.b64encode(data).decode() for data in (state.config_before, state.config_after))
    plain = {"behind": state.behind, "before": state.before, "scope": state.scope, "config": state.config}
    return json.dumps({**plain, "config_before": before, "config_after": after}, indent=1) + "\n"


def _config_file(place: Place, scope: str) -> Path:
    if scope == "worktree" and place.root.git_dir is not None:
        return place.root.git_dir / "config.worktree"
    return place.common / "config"


def _there(folder: Path) -> list[str]:
    """The hooks in a folder: what could be started, examples apart."""
    try:
        entries = list(os.scandir(folder))
    except OSError:
        return []
    return [one.name for one in entries if "." not in one.name and one.is_file() and os.access(one, os.X_OK)]
