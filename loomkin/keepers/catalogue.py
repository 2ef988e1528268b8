"""All keepers with how they stand, for lists; no card and no message is read."""

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from sqlite3 import Connection
from typing import Any

from loomkin.keepers.staleness import Standing, State, standing
from loomkin.records.dataclass import dataclass
from loomkin.records.keeper import FileSeen
from loomkin.store.keepers import KeeperLine, lines, seen_last, seen_otherwise

LATE = 1.0
"""Seconds by which the clock of files may be behind ours."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A keeper, how it stands, and the files it speaks of that are not as they were."""

    line: KeeperLine
    now: Standing
    changed: tuple[str, ...]


def entries(
    connection: Connection,
    project: str,
    root: Path,
    look: Callable[[str], FileSeen],
    now: float,
    keeper: str = "",
) -> list[Entry]:
    """The keepers as they stand, or one. A file that was not touched since its hash was taken is not read."""
    hashes = {
        path: sha if _untouched(root, path, at) else look(path).sha for path, sha, at in seen_last(connection)
    }
    changed = seen_otherwise(connection, hashes)
    found = []
    for line in lines(connection, project, identity=keeper):
        those = tuple(changed.get(line.id, ()))
        found.append(Entry(line, standing(line, len(those), now), those))
    return found


def _untouched(root: Path, path: str, since: float) -> bool:
    """Whether nobody wrote, replaced or renamed a file; nobody can set this clock."""
    try:
        return os.stat(os.path.join(root, path)).st_ctime < since - LATE
    except (OSError, ValueError):
        return False


def chosen(
    every: Sequence[Entry], kind: str = "", agent: str = "", session: str = "", state: str = ""
) -> list[Entry]:
    """Those of a kind, an agent, a session and a state, where named; archived ones only by state."""
    return [
        one
        for one in every
        if kind in ("", one.line.kind)
        and agent in ("", one.line.agent)
        and session in ("", one.line.session)
        and (state in ("all", one.now.state) if state else one.now.state is not State.ARCHIVED)
    ]


def plain(one: Entry) -> Mapping[str, Any]:
    """A keeper for programs."""
    line, now = one.line, one.now
    return {
        "id": line.id, "title": line.title, "kind": line.kind, "agent": line.agent, "session": line.session,
        "messages": line.messages, "tokens": line.tokens, "made": line.made, "used": line.used or None,
        "uses": line.uses, "useful": line.useful, "useless": line.useless, "state": now.state,
        "points": round(now.points, 1), "idle_days": round(now.idle, 1), "files": line.files,
        "changed": list(one.changed),
    }  # fmt: skip
