"""Renames: what the server would change, made by the editing engine, all of it or nothing, as one step."""

import asyncio
from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from loomkin.lsp.aim import Aim
from loomkin.lsp.asking import Asking, settled
from loomkin.lsp.documents import look, path_of
from loomkin.lsp.errors import Declined, ServerError
from loomkin.lsp.positions import Text
from loomkin.lsp.server import LanguageServer
from loomkin.lsp.service import LanguageService
from loomkin.project.edit_diff import whole_splice
from loomkin.project.edit_finish import finish
from loomkin.project.edit_result import Applied, Refused
from loomkin.project.edit_target import load, locate
from loomkin.project.match import Splice, splice
from loomkin.project.syntax import syntax_error
from loomkin.project.text import NotText, decode
from loomkin.project.writing import Change, commit
from loomkin.records.dataclass import dataclass

MOST_FILES = 500
MOST_KEPT = 8
_PREPARE = "textDocument/prepareRename"
_AGAIN = "Nothing was changed. Call it again for the files as they are now."


@dataclass(frozen=True, slots=True)
class Plan:
    """A rename that is ready to be written: what is said of each file, and what is written."""

    applied: tuple[Applied, ...]
    changes: tuple[Change, ...]

    @property
    def paths(self) -> tuple[str, ...]:
        """The files that it changes."""
        return tuple(str(one.path) for one in self.applied)


class Renaming:
    """Plans renames and makes them; the last ones of each agent can be taken back, the latest first."""

    def __init__(self, service: LanguageService) -> None:
        self._service = service
        self._asking = Asking(service)
        self._made: defaultdict[str, deque[tuple[Change, ...]]] = defaultdict(lambda: deque(maxlen=MOST_KEPT))

    async def plan(self, aim: Aim, new_name: str) -> Plan:
        """What a rename would change. Raises ServerError."""
        berth = await self._asking.able(aim.path, "renameProvider")
        async with berth.turn:
            asked = await self._asking.asked(berth, aim)
            server, encoding = asked.server, asked.server.abilities.encoding
            question = {**asked.params, "newName": new_name}
            try:
                if server.abilities.prepares_rename and not await server.ask(_PREPARE, asked.params):
                    raise ServerError(f"{berth.name} can rename nothing in {asked.words.strip()!r} there.")
                edits = read_edits(await settled(server, "textDocument/rename", question))
                if await self._marked(server, edits):
                    edits = read_edits(await server.ask("textDocument/rename", question))
            except Declined as error:
                raise ServerError(f"{berth.name} does not rename it: {error}") from error
            if not edits:
                raise ServerError(f"{berth.name} finds nothing to rename there.")
            known = {path: document.text for path, document in server.open.items()}
        plan = await asyncio.to_thread(_planned, self._service.workplace.roots, edits, known, encoding)
        if not plan.changes:
            raise ServerError(f"It is called {new_name} already. Nothing was changed.")
        return plan

    async def _marked(self, server: LanguageServer, paths: Iterable[Path]) -> bool:
        """Show the server files that begin with a byte order mark: reading them itself it may count that."""
        closed = [path for path in paths if path not in server.open]
        found = await asyncio.to_thread(lambda: {path: look(path) for path in closed if _has_mark(path)})
        for path, now in found.items():
            server.show(path, now)
        return bool(found)

    async def plan_back(self, agent: str) -> Plan:
        """What taking back the agent's last rename would change. Raises ServerError."""
        if not self._made[agent]:
            raise ServerError("You have renamed nothing that could be taken back.")
        return await asyncio.to_thread(_planned_back, self._service.workplace.roots, self._made[agent][-1])

    def make(self, plan: Plan, agent: str, *, back: bool = False) -> None:
        """Write all of it or nothing, `back` where it takes the last one back; blocks. Raises ServerError."""
        failure = commit(plan.changes)
        if failure is not None:
            shown = self._service.workplace.shown(failure.path)
            raise ServerError(f"{shown} was not written: {failure.reason}. {_AGAIN}")
        if back:
            self._made[agent].pop()
        else:
            self._made[agent].append(plan.changes)


def _has_mark(path: Path) -> bool:
    try:
        with open(path, "rb") as file:
            return file.read(3) == b"\xef\xbb\xbf"
    except OSError:
        return False


def read_edits(told: Any) -> dict[Path, list[dict[str, Any]]]:
    """The text edits of each file; raises ServerError where files are to come, go or move."""
    if not isinstance(told, dict):
        return {}
    found: dict[Path, list[dict[str, Any]]] = {}
    pairs: list[tuple[Any, Any]] = list((told.get("changes") or {}).items())
    for change in told.get("documentChanges") or ():
        kind = change.get("kind")
        if kind is not None:
            raise ServerError(
                f"The server would {kind} a file with it, which is not done here. Nothing was changed. Do "
                "that by file_patch or the shell, and rename in the text by file_edit."
            )
        pairs.append((change.get("textDocument", {}).get("uri"), change.get("edits")))
    for uri, edits in pairs:
        path = path_of(str(uri))
        if path is None:
            raise ServerError(f"The server would change {uri}, which is no file. Nothing was changed.")
        found.setdefault(path, []).extend(edits or ())
    if len(found) > MOST_FILES:
        raise ServerError(f"It would change {len(found)} files, at most {MOST_FILES} are changed at once.")
    return found


def _planned(
    roots: tuple[Path, ...],
    edits: Mapping[Path, Sequence[dict[str, Any]]],
    known: Mapping[Path, Text],
    encoding: str,
) -> Plan:
    applied, changes = [], []
    for path, raw in sorted(edits.items()):
        located = locate(path, roots)
        loaded = located if isinstance(located, Refused) else load(located)
        if isinstance(located, Refused) or isinstance(loaded, Refused):
            refused = located if isinstance(located, Refused) else loaded
            raise ServerError(
                f"{getattr(refused, 'message', '')} It names the symbol, so nothing was changed."
            )
        if loaded is None:
            raise ServerError(f"{located.shown} is gone. {_AGAIN}")
        before = loaded.decoded.text
        if path in known and known[path].text != before:
            raise ServerError(f"{located.shown} changed just now. {_AGAIN}")
        splices = _splices(Text(before), raw, encoding, located.shown)
        after = splice(before, splices)
        prepared = finish(located, loaded, after, splices, tier="exact", check_syntax=False)
        if isinstance(prepared, Refused):
            raise ServerError(prepared.message)
        wrong = syntax_error(path, after)
        if wrong and syntax_error(path, before) is None:
            raise ServerError(
                f"{located.shown}:{wrong[0]} could not be parsed any more with that name ({wrong[1]}). "
                "Nothing was changed."
            )
        if prepared.change is not None:
            applied.append(prepared.applied)
            changes.append(prepared.change)
    return Plan(tuple(applied), tuple(changes))


def _planned_back(roots: tuple[Path, ...], made: Sequence[Change]) -> Plan:
    applied, changes = [], []
    for change in made:
        located = locate(change.path, roots)
        loaded = located if isinstance(located, Refused) else load(located)
        if (
            isinstance(located, Refused)
            or isinstance(loaded, Refused)
            or loaded is None
            or change.before is None
        ):
            raise ServerError(f"{change.path} cannot be read any more. Nothing was changed.")
        if loaded.data != change.after:
            raise ServerError(
                f"{located.shown} changed since the rename. Nothing was changed; rename it back."
            )
        before = loaded.decoded.text
        was = decode(change.before)
        after = before if isinstance(was, NotText) else was.text
        prepared = finish(located, loaded, after, (whole_splice(before, after),), tier="exact")
        if isinstance(prepared, Refused):
            raise ServerError(prepared.message)
        applied.append(prepared.applied)
        changes.append(Change(located.path, loaded.data, change.before))
    return Plan(tuple(applied), tuple(changes))


def _splices(text: Text, raw: Sequence[dict[str, Any]], encoding: str, shown: str) -> tuple[Splice, ...]:
    """The edits as places in the text, in order; raises ServerError where they overlap or make no sense."""
    found = set()
    for edit in raw:
        try:
            start, end = edit["range"]["start"], edit["range"]["end"]
            first = text.offset(int(start["line"]), int(start["character"]), encoding)
            last = text.offset(int(end["line"]), int(end["character"]), encoding)
            found.add((first, last, str(edit["newText"])))
        except (LookupError, TypeError, ValueError):
            raise ServerError(
                f"The server's change of {shown} makes no sense. Nothing was changed."
            ) from None
    ordered = sorted(found)
    if any(one[1] > other[0] for one, other in pairwise(ordered)):
        raise ServerError(f"The server's changes of {shown} overlap. Nothing was changed.")
    return tuple(Splice(first, last, new) for first, last, new in ordered)
