"""Puts our git hooks into a repository, takes them away without a trace, and says how they stand."""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from loomkin.config.load import Loaded
from loomkin.errors import UsageError
from loomkin.githooks.beside import LEGACY, look, put, sweep, take, text_of, writing
from loomkin.githooks.front import read_state, stand, withdraw
from loomkin.githooks.hook import Hook
from loomkin.githooks.listing import hooks, names
from loomkin.githooks.places import Place, common, place
from loomkin.githooks.shim import is_ours
from loomkin.project.root import Root
from loomkin.records.dataclass import dataclass

MADE = "made"
"""In our own folder: says that there was no folder of hooks before."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How one hook stands: whether it runs, and what is said of it; `lost` where others put it aside."""

    name: str
    about: str
    wanted: bool
    installed: bool
    words: str
    lost: bool = False


def install(root: Root, environ: Mapping[str, str], loaded: Loaded, asked: Sequence[str]) -> list[str]:
    """Write the hooks that the settings want, or those of them that are asked for; lines for the person.

    Raises UsageError for a hook that there is not or that the settings switch off, StoreError where the
    folder cannot be written.
    """
    wanted = _wanted(loaded, asked)
    there = place(root, environ, [hook.name for hook in wanted])
    lines = []
    if there.folder == there.own:
        _leave(there.common / "hooks")
        if asked:
            kept = [one.name for one in standings(root, environ, loaded) if one.installed and one.wanted]
            wanted = [hook for hook in hooks() if hook.name in {*kept, *(one.name for one in wanted)}]
        state = stand(there, wanted, environ)
        lines.append(f"{there.why or 'As before'}: {state.behind} is left alone, its hooks run first.")
        lines.append(f"This repository's core.hooksPath is {there.own} now ({state.scope}).")
    else:
        if read_state(there.own) is not None:
            shutil.rmtree(there.own)
        _beside(there, wanted)
        if not asked:
            unwanted = [name for name in names() if name not in {hook.name for hook in wanted}]
            lines += [f"{name}: {said}" for name in unwanted if (said := take(there.folder, name))]
    shown = {one.name: one for one in standings(root, environ, loaded)}
    lines += [f"{hook.name}: {shown[hook.name].words}. It {hook.about}." for hook in wanted]
    return [*lines, *told_models(loaded, [hook.name for hook in wanted])]


def told_models(loaded: Loaded, installed: Sequence[str]) -> list[str]:
    """Which model is sent what is staged, and how to have none; nothing where none is."""
    settings, model = loaded.settings.githooks, loaded.settings.model
    named = model.fast or model.default
    asked = ["words messages"] if settings.draft == "model" and "prepare-commit-msg" in installed else []
    asked += ["reviews what is staged"] if settings.review != "off" and "pre-commit" in installed else []
    if not named or not asked:
        return []
    off = '`githooks.draft` = "symbols" asks none.' if asked[0] == "words messages" else ""
    return [f"{named} {' and '.join(asked)}: it is sent the diff, without secrets. {off}".rstrip()]


def _wanted(loaded: Loaded, asked: Sequence[str]) -> list[Hook]:
    every = hooks()
    _refuse_unknown(asked)
    wanted = [hook for hook in every if (not asked or hook.name in asked)]
    off = [hook for hook in wanted if not hook.wanted(loaded)]
    if asked and off:
        key = off[0].unwanted.split("`")[1:2]
        switch = f"loomkin config set {key[0]} true" if len(off[0].unwanted.split("`")) == 3 else ""
        hint = (
            f"Switch it on first: {switch}." if switch else "`loomkin config list githooks` shows them all."
        )
        raise UsageError(f"{off[0].name} has nothing to do: {off[0].unwanted}.", hint=hint)
    return [hook for hook in wanted if hook not in off]


def _refuse_unknown(asked: Sequence[str]) -> None:
    if unknown := [name for name in asked if name not in names()]:
        raise UsageError(f"There is no hook {unknown[0]!r}.", hint=f"There are: {', '.join(names())}.")


def _beside(there: Place, wanted: Sequence[Hook]) -> None:
    with writing(there.folder):
        if not there.folder.exists():
            there.folder.mkdir()
            there.own.mkdir(exist_ok=True)
            (there.own / MADE).touch()
        for hook in wanted:
            put(there.folder, hook)


def _leave(folder: Path) -> list[str]:
    """Take all that is ours out of a folder."""
    sweep(folder)
    return [f"{name}: {said}" for name in names() if (said := take(folder, name))] if folder.is_dir() else []


def uninstall(root: Root, environ: Mapping[str, str], asked: Sequence[str]) -> list[str]:
    """Take our hooks away, all or those that are asked for; what was there before is as it was, to the byte.

    Raises UsageError for a hook that there is not, and StoreError where the folder cannot be written.
    """
    _refuse_unknown(asked)
    shared = common(root)
    usual, own = shared / "hooks", shared / "loomkin-hooks"
    if asked:
        return _some(root, environ, asked, usual, own)
    lines = _leave(usual)
    if said := withdraw(Place(root, own), environ):
        lines.append(said)
    with writing(shared):
        made = (own / MADE).exists()
        if own.is_dir():
            # also what an install left that was ended before it was done
            shutil.rmtree(own)
        if made and usual.is_dir() and not any(usual.iterdir()):
            usual.rmdir()
    return lines or ["No hook of loomkin is installed here."]


def _some(root: Root, environ: Mapping[str, str], asked: Sequence[str], usual: Path, own: Path) -> list[str]:
    lines = [f"{name}: {said}" for name in asked if (said := take(usual, name))]
    if (state := read_state(own)) is not None:
        ours = [hook for hook in hooks() if hook.name not in asked and _stands(own / hook.name)]
        stand(Place(root, own), ours, environ)
        lines += [f"{name}: taken away; {state.behind} is asked as before" for name in asked]
    return lines or ["None of these is installed here."]


def standings(root: Root, environ: Mapping[str, str], loaded: Loaded) -> list[Standing]:
    """How every hook stands in a repository; raises UsageError where there is none."""
    there = place(root, environ, [])
    return [_standing(there, hook, loaded) for hook in hooks()]


def _standing(there: Place, hook: Hook, loaded: Loaded) -> Standing:
    wanted = hook.wanted(loaded)
    installed, words = _found(there, hook)
    lost = not installed and bool(words)
    if not wanted:
        words = f"installed, but idle: {hook.unwanted}" if installed else f"off: {hook.unwanted}"
    elif not installed:
        words = words or "not installed"
    return Standing(hook.name, hook.about, wanted, installed, words, lost)


def _found(there: Place, hook: Hook) -> tuple[bool, str]:
    """Whether ours runs, and what is said of it."""
    state, name = read_state(there.own), hook.name
    if there.folder == there.own:
        if not there.behind and state is not None:
            return _stands(there.own / name), f"on, after {state.behind}/{name} if that is there"
        return False, "core.hooksPath was changed since: install again" if state else ""
    found = look(there.folder, name)
    if found.ours is not None:
        by = found.by if not found.by or found.by.startswith("a ") else f"{found.by}'s hook"
        passed = found.ours.name.endswith(LEGACY)
        words = f"on, run by {by}" if passed else f"on, after {by}" if by else "on"
        other = found.ours.read_bytes() != text_of(hook).encode(errors="surrogateescape")
        return True, f"{words}; another loomkin wrote it: install again to have this one" if other else words
    if found.lost is not None:
        return False, f"replaced since by {found.by}: install again"
    return False, ""


def _stands(path: Path) -> bool:
    try:
        data = path.read_bytes()
    except OSError:
        return False
    return is_ours(data[:1024]) and b"loomkin_part" in data
