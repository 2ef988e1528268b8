"""All keepers with how they stand, for lists; no card and no message is read."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from loomkin.keepers.staleness import Standing, State, standing
from loomkin.records.dataclass import dataclass
from loomkin.records.keeper import FileSeen
from loomkin.store.keepers import KeeperLine


@dataclass(frozen=True, slots=True)
class Entry:
    """A keeper, how it stands, and the files it speaks of that are not as they were."""

    line: KeeperLine
    now: Standing
    changed: tuple[str, ...]


def entries(found: Iterable[KeeperLine], look: Callable[[str], FileSeen], now: float) -> list[Entry]:
    """The keepers as they stand; each file is looked at once."""
    hashes: dict[str, str] = {}

    def hash_of(path: str) -> str:
        if path not in hashes:
            hashes[path] = look(path).sha
        return hashes[path]

    made = []
    for line in found:
        changed = tuple(file.path for file in line.files if hash_of(file.path) != file.sha)
        made.append(Entry(line, standing(line, len(changed), now), changed))
    return made


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
        "points": round(now.points, 1), "idle_days": round(now.idle, 1),
        "files": [file.path for file in line.files], "changed": list(one.changed),
    }  # fmt: skip
