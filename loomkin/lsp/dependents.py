"""Files that an edit may break although no agent opened them: those that name what it changed."""

import asyncio
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from loomkin.lsp.documents import uri_of
from loomkin.lsp.errors import Declined, NoAnswer
from loomkin.lsp.server import LanguageServer
from loomkin.project.git import run_git

MOST = 8
"""Files that are opened for one edit."""

MOST_NAMES, SHORTEST = 8, 3
GIT_SECONDS = 2.0
_CONTAINERS = frozenset({2, 3, 4, 5, 10, 11, 23})
"""Kinds of symbols that others outside name the members of: modules, classes, enums, interfaces, structs."""

_INDEXES = frozenset({"__init__", "index", "mod", "lib"})
"""Files that others name by their folder."""


async def dependents(server: LanguageServer, path: Path, was: str, now: str) -> list[Path]:
    """Closed files that name a changed symbol and the file itself, or lie beside it; few, the nearest first.

    The server still has the file as it was. A symbol is looked for once: what comes later is opened anyway.
    """
    if not server.abilities.can("documentSymbolProvider"):
        return []
    try:
        told = await server.ask("textDocument/documentSymbol", {"textDocument": {"uri": uri_of(path)}})
    except (Declined, NoAnswer):
        return []
    changed = sorted(set(_changed_names(told, changed_lines(was, now))))
    names = [name for name in changed if (path, name) not in server.searched][:MOST_NAMES]
    if not names:
        return []
    server.searched.update((path, name) for name in names)
    stem = path.parent.name if path.stem in _INDEXES else path.stem
    using, knowing = await asyncio.gather(_naming(server, names), _naming(server, [stem]))
    beside = {one for one in using if one.parent == path.parent}
    near = [one for one in using if one in knowing or one in beside]
    near.sort(key=lambda one: (one not in knowing, one not in beside, str(one)))
    return [one for one in near if one != path and one not in server.open][:MOST]


def changed_lines(was: str, now: str) -> range:
    """The lines of the old text, from 0, between what both texts begin with and what both end with."""
    old, new = was.splitlines(), now.splitlines()
    first = _alike(old, new)
    last = _alike(old[first:][::-1], new[first:][::-1])
    return range(first, max(first + 1, len(old) - last))


def _alike(these: Sequence[str], those: Sequence[str]) -> int:
    """How many items both begin with."""
    pairs = enumerate(zip(these, those, strict=False))
    return next((index for index, (one, other) in pairs if one != other), min(len(these), len(those)))


def _changed_names(told: Any, lines: range) -> Iterator[str]:
    """The symbols that others may name whose lines are among those; not what stands inside of functions."""
    for one in told if isinstance(told, list) else ():
        if not isinstance(one, dict):
            continue
        spread = one.get("range") or (one.get("location") or {}).get("range")
        if not _touches(spread, lines):
            continue
        if one.get("kind") in _CONTAINERS:
            yield from _changed_names(one.get("children"), lines)
            if not _touches(one.get("selectionRange"), lines):
                continue
        name = str(one.get("name")).partition("(")[0]
        if len(name) >= SHORTEST and not name.startswith("__"):
            yield name


def _touches(spread: Any, lines: range) -> bool:
    try:
        return int(spread["start"]["line"]) < lines.stop and int(spread["end"]["line"]) >= lines.start
    except (LookupError, TypeError, ValueError):
        return False


async def _naming(server: LanguageServer, words: Iterable[str]) -> Collection[Path]:
    """The files of the server's kind that hold one of some words, by git, which is quick at that."""
    patterns = [part for word in words for part in ("-e", word)]
    kinds = [f"*{suffix}" for suffix in server.kind.extensions]
    folder = server.folder
    args = ("grep", "-l", "-z", "-w", "-F", "-I", "--untracked", *patterns, "--", *kinds)
    found = await run_git(args, folder, GIT_SECONDS)
    return {folder / name: None for name in found.out.split("\0") if name} if found.ok else {}
