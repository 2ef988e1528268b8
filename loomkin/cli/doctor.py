"""`loomkin doctor`: what is found, what is missing, and how to mend it."""

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path

import typer

from loomkin import __version__
from loomkin.cli.place import AsJson, Folder, Place, look, say, single
from loomkin.cli.tables import count, flat, to_json
from loomkin.config.load import Loaded, load
from loomkin.errors import LoomkinError
from loomkin.githooks.install import standings
from loomkin.llm.catalogue import Catalogue, packaged_folder
from loomkin.llm.discovery_http import probe_http
from loomkin.lsp.survey import misled, missing, survey
from loomkin.project import rules as project_rules
from loomkin.project.root import STATE_DIR
from loomkin.project.search_ripgrep import find_ripgrep
from loomkin.project.workplace import Workplace
from loomkin.records.dataclass import dataclass
from loomkin.records.role import Tier
from loomkin.store import mending, rebuild, sessions
from loomkin.workspace.models import ModelChooser
from loomkin.workspace.policies import all_rules, build_policy
from loomkin.workspace.state_folder import tracked_note

app = single("What is found, what is missing.")
_OLDEST = (3, 11)
_SECONDS = 10


class State(StrEnum):
    """How a check ended; a note needs no mending."""

    OK = "ok"
    NOTE = "note"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at: what was seen, and how to mend it."""

    name: str
    state: State
    seen: str
    mend: str = ""


@app.command()
def doctor(as_json: AsJson = False, folder: Folder = None) -> None:
    """Look at the machine, the repository, the settings and the model; exit 1 if something must be mended."""
    place = look(folder)
    checks = [check(place) for check in CHECKS]
    failed = sum(check.state is State.FAIL for check in checks)
    if as_json:
        say(to_json({"version": __version__, "ok": not failed, "checks": [asdict(one) for one in checks]}))
    else:
        say(f"loomkin {__version__} in {place.root}")
        for check in checks:
            say(f"{check.state:<4}  {check.name}: {check.seen}")
            for line in check.mend.splitlines():
                say(f"      {line}")
        say(f"{count(failed, 'check')} failed." if failed else "All is well.")
    if failed:
        raise typer.Exit(1)


def _python(place: Place) -> Check:
    seen = f"{sys.version.split()[0]} at {sys.executable}"
    if sys.version_info[:2] < _OLDEST:
        return Check("Python", State.FAIL, seen, "Install Python 3.11 or newer, and loomkin with it.")
    return Check("Python", State.OK, seen)


def _git(place: Place) -> Check:
    program = shutil.which("git", path=place.environ.get("PATH"))
    if program is None:
        return Check("git", State.FAIL, "not found on PATH", "Install git, for example `apt install git`.")
    try:
        done = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=_SECONDS)
    except (OSError, subprocess.TimeoutExpired) as error:
        return Check("git", State.FAIL, f"{program} does not run: {error}", "Install git anew.")
    if done.returncode:
        return Check("git", State.FAIL, f"{program}: {flat(done.stderr)}", "Install git anew.")
    if place.repository.git_dir is None:
        seen = f"{done.stdout.strip()}; {place.root} is in no repository"
        return Check("git", State.NOTE, seen, "`git init` there makes every change easy to look at and undo.")
    return Check("git", State.OK, f"{done.stdout.strip()}, repository {place.root}")


def _ripgrep(place: Place) -> Check:
    program = find_ripgrep()
    if program is None:
        mend = "Search works without it, slower; `pip install loomkin[rg]` or your package manager adds it."
        return Check("ripgrep", State.NOTE, "not found", mend)
    return Check("ripgrep", State.OK, program)


def _terminal(place: Place) -> Check:
    name = place.environ.get("TERM", "")
    if not sys.stdout.isatty():
        return Check("terminal", State.OK, "stdout is no terminal: plain text")
    size = shutil.get_terminal_size()
    if name in ("", "dumb"):
        return Check("terminal", State.NOTE, f"TERM is {name or 'not set'}: plain text, no live view")
    colour = "no colour (NO_COLOR)" if place.environ.get("NO_COLOR") else "colour"
    return Check("terminal", State.OK, f"{name}, {size.columns} columns, {colour}")


def _state_folder(place: Place) -> Check:
    try:
        state = place.state
    except LoomkinError as error:
        return Check("state folder", State.FAIL, error.message, error.hint)
    mend = f"Make {state if state.exists() else place.root} writable for you."
    if not state.exists():
        if os.access(place.root, os.W_OK | os.X_OK):
            return Check("state folder", State.OK, f"{state} will be made by the first run")
        return Check("state folder", State.FAIL, f"{state} cannot be made", mend)
    if not state.is_dir():
        return Check("state folder", State.FAIL, f"{state} is no folder", "Move it away.")
    try:
        with tempfile.TemporaryFile(dir=state):
            return Check("state folder", State.OK, f"{state} is writable")
    except OSError as error:
        return Check("state folder", State.FAIL, f"{state}: {error.strerror}", mend)


def _database(place: Place) -> Check:
    try:
        with place.database() as database:
            if database is None:
                return Check("database", State.OK, "none yet")
            found = [*rebuild.differences(database), *mending.damage(database)]
            number = len(sessions.all_sessions(database))
            where = database.where
            tracked = asyncio.run(tracked_note(place.repository, database))
    except LoomkinError as error:
        return Check("database", State.FAIL, error.message, error.hint)
    if found:
        mend = "`loomkin sessions repair` makes the tables anew from the log and puts damaged events aside."
        return Check("database", State.FAIL, f"tables differ from the log: {'; '.join(found)}", mend)
    if tracked:
        return Check("database", State.FAIL, f"{where} is not yours alone", tracked[0])
    return Check("database", State.OK, f"{where}: {count(number, 'session')}, all tables as the log says")


def _settings(place: Place) -> Check:
    loaded = _load(place)
    if isinstance(loaded, LoomkinError):
        return Check("settings", State.FAIL, loaded.message, loaded.hint)
    if loaded.warnings:
        return Check(
            "settings", State.NOTE, count(len(loaded.warnings), "warning"), "\n".join(loaded.warnings)
        )
    return Check("settings", State.OK, "valid")


def _rules(place: Place) -> Check:
    loaded = _load(place)
    if isinstance(loaded, LoomkinError):
        return Check("rules", State.NOTE, "not looked at: the settings come first")
    found = project_rules.load(place.root, place.cwd, place.environ)
    try:
        rules = all_rules(loaded, found.files, place.trusted)
        workplace = Workplace(place.root, (), place.root / STATE_DIR / "outputs")
        build_policy(rules, loaded, workplace, Path(place.environ.get("HOME", "/")))
    except LoomkinError as error:
        return Check("rules", State.FAIL, error.message, error.hint)
    names = ", ".join(str(file.path) for file in found.files)
    if found.warnings:
        return Check("rules", State.NOTE, names or "none", "\n".join(found.warnings))
    if not found.files:
        return Check("rules", State.NOTE, "no LOOMKIN.md", "`loomkin init` writes one for this repository.")
    return Check("rules", State.OK, f"{names}; {count(len(rules), 'permission rule')}")


def _catalogue(place: Place) -> Check:
    if packaged_folder() is None:
        mend = "Install loomkin anew; until then prices and windows must come from the settings."
        return Check("prices", State.FAIL, "litellm's table is missing", mend)
    return Check("prices", State.OK, f"{count(sum(1 for _ in Catalogue.packaged().every()), 'model')} known")


def _model(place: Place) -> Check:
    loaded = _load(place)
    if isinstance(loaded, LoomkinError):
        return Check("model", State.NOTE, "not looked for: the settings come first")
    chooser = ModelChooser(loaded.settings, place.environ, False, Catalogue.packaged(), probe_http)
    try:
        chosen = asyncio.run(chooser.choose("", Tier.DEFAULT))
    except LoomkinError as error:
        return Check("model", State.FAIL, error.message, error.hint)
    return Check("model", State.OK, f"{chosen.chain[0].id}: {chosen.why}")


def _trust(place: Place) -> Check:
    if place.trusted:
        return Check("trust", State.OK, "this folder is trusted")
    mend = "Its own hooks and permissive settings do not count; `loomkin trust` changes that."
    return Check("trust", State.NOTE, "this folder is not trusted", mend)


def _git_hooks(place: Place) -> Check:
    if place.repository.git_dir is None:
        return Check("git hooks", State.OK, "none: no repository")
    loaded = _load(place)
    if isinstance(loaded, LoomkinError):
        return Check("git hooks", State.NOTE, "not looked at: the settings come first")
    try:
        found = standings(place.repository, place.environ, loaded)
    except LoomkinError as error:
        return Check("git hooks", State.NOTE, error.message, error.hint)
    on = [one.name for one in found if one.installed and one.wanted]
    lost = [f"{one.name}: {one.words}" for one in found if one.wanted and not one.installed and one.lost]
    if lost:
        mend = "\n".join([*lost, "`loomkin hook install` mends it."])
        return Check(
            "git hooks", State.NOTE, f"{count(len(lost), 'hook')} of ours does not run any more", mend
        )
    if not on:
        why = "so commits that agents make in a shell carry no trailers"
        return Check("git hooks", State.OK, f"none of ours, {why}; `loomkin hook install` adds them")
    return Check("git hooks", State.OK, ", ".join(on))


def _servers(place: Place) -> Check:
    loaded = _load(place)
    if isinstance(loaded, LoomkinError) or not loaded.settings.lsp.enabled:
        return Check(
            "language servers", State.NOTE, "not looked for: switched off, or the settings come first"
        )
    found = survey(loaded.settings.lsp, place.root, place.state, place.environ, trusted=place.trusted)
    there = [one for one in found if one.found and not one.instead]
    lacking = list(missing(found))[:3]
    seen = ", ".join(f"{one.kind.name} {one.version}".strip() for one in there) or "none"
    mend = [*misled(loaded.settings.lsp, found)]
    mend += [f"{one.kind.name} for {count(one.files, 'file')}: {one.kind.install}" for one in lacking]
    if there and not place.trusted:
        mend.insert(0, "They look at edits once this folder is trusted: `loomkin trust`.")
    return Check("language servers", State.NOTE if mend else State.OK, seen, "\n".join(mend))


def _load(place: Place) -> Loaded | LoomkinError:
    try:
        return load(place.root, place.environ, trusted=place.trusted)
    except LoomkinError as error:
        return error


CHECKS: tuple[Callable[[Place], Check], ...] = (
    _python,
    _git,
    _ripgrep,
    _terminal,
    _state_folder,
    _database,
    _settings,
    _rules,
    _catalogue,
    _model,
    _trust,
    _git_hooks,
    _servers,
)
