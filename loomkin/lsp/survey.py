"""Which servers there are for the files of a repository: found where, in which version, running or not."""

import json
import os
import subprocess
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from loomkin.config.settings import LspSettings
from loomkin.lsp.finding import Finder, Found
from loomkin.lsp.register import running
from loomkin.lsp.table import KINDS, ServerKind
from loomkin.project.listing import list_files
from loomkin.records.dataclass import dataclass
from loomkin.records.regex import pattern

VERSION_SECONDS = 5.0
_NUMBER = pattern(r"\d+\.\d+(?:[.\w+-]*)")


@dataclass(frozen=True, slots=True)
class Surveyed:
    """A kind of server and how many files here are for it; `instead` is the one that does its duty."""

    kind: ServerKind
    files: int
    found: Found | None
    version: str
    instead: str
    running: tuple[Mapping[str, Any], ...]

    @property
    def state(self) -> str:
        """In a word or two."""
        if self.running:
            return str(self.running[0].get("state", "running"))
        if self.instead:
            return f"not needed, {self.instead} does it"
        return "found" if self.found else "not installed"


def survey(
    settings: LspSettings, root: Path, state: Path, environ: Mapping[str, str], *, trusted: bool
) -> list[Surveyed]:
    """The servers for the languages here, the commonest first; programs of the folder only where trusted."""
    finder = Finder(settings, root, environ, own=trusted)
    counts = Counter(Path(name).suffix.lower() for name in list_files(root).files)
    rows = {kind.name: sum(counts[suffix] for suffix in kind.extensions) for kind in finder.kinds}
    kinds = [kind for kind in finder.kinds if rows[kind.name]]
    found = {kind.name: finder.find(kind) for kind in kinds}
    duties: dict[str, str] = {}
    for kind in kinds:
        if found[kind.name] is not None:
            duties.setdefault(kind.work, kind.name)
    with ThreadPoolExecutor(4) as pool:
        versions = dict(zip(found, pool.map(version_of, found.values()), strict=True))
    live = running(state)
    surveyed = [
        Surveyed(
            kind,
            rows[kind.name],
            found[kind.name],
            versions[kind.name],
            duties[kind.work] if duties.get(kind.work, kind.name) != kind.name else "",
            tuple(row for row in live if row.get("name") == kind.name and row.get("pid")),
        )
        for kind in kinds
    ]
    return sorted(surveyed, key=lambda one: (-one.files, one.found is None))


def version_of(found: Found | None) -> str:
    """The version of a program: from its package where that is at hand, else it is asked; blocks."""
    if found is None:
        return ""
    program = os.path.realpath(found.command[0])
    for folder in list(Path(program).parents)[:4]:
        try:
            told = json.loads((folder / "package.json").read_text(encoding="utf-8"))
            return str(told["version"])
        except (OSError, ValueError, LookupError, TypeError):
            continue
    for flag in ("--version", "version"):
        try:
            done = subprocess.run(
                [found.command[0], flag], capture_output=True, text=True, timeout=VERSION_SECONDS,
                stdin=subprocess.DEVNULL, errors="replace",
            )  # fmt: skip
        except (OSError, subprocess.TimeoutExpired):
            return ""
        number = _NUMBER.search(done.stdout or done.stderr)
        if done.returncode == 0 and number is not None:
            return number[0]
    return ""


def missing(surveyed: list[Surveyed]) -> Iterator[Surveyed]:
    """The first server of each language that has none."""
    done = {one.kind.work for one in surveyed if one.found is not None}
    for one in surveyed:
        if one.kind.work not in done:
            done.add(one.kind.work)
            yield one


def misled(settings: LspSettings, surveyed: list[Surveyed]) -> Iterator[str]:
    """What the settings of servers name in vain."""
    absent = {one.kind.name for one in surveyed if one.found is None}
    names = {kind.name for kind in KINDS}
    for name, own in settings.servers.items():
        if name in absent and own.command:
            yield f"`lsp.servers.{name}.command`: {own.command[0]} is not there, or is no program."
        elif name not in names and not (own.command and own.extensions):
            yield (
                f"`lsp.servers.{name}` does nothing: loomkin knows no {name}, and one of your own needs "
                "`command` and `extensions`."
            )
