"""Finding what was said in the repository: passages with who said them, when, and what changed since."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from sqlite3 import Connection

from loomkin.errors import NotFoundError
from loomkin.keepers.outputs import MOST_CALLS, pieces
from loomkin.keepers.passage import Passage, Wanted
from loomkin.keepers.staleness import Standing, State, standing
from loomkin.keepers.verbatim import identity, source
from loomkin.records.dataclass import replace
from loomkin.records.event import MessageAdded
from loomkin.records.keeper import FileSeen, KeeperKind
from loomkin.records.regex import pattern
from loomkin.records.team_event import AgentReported, HandedOff
from loomkin.store import recall
from loomkin.store.keepers import KeeperLine, files_of, lines
from loomkin.store.lookup import Common
from loomkin.store.recall import Said
from loomkin.store.search import Hit, Query, find
from loomkin.store.searchable import said as words_of

NEAR = 400
"""Characters between two passages of a message that are shown as one."""
MORE = 3
"""How many times as many as wanted are looked at, since some become one."""
ARCHIVED, DOUBTED = 0.7, 0.8
"""What a passage counts whose keeper is archived, or was more often useless than useful."""
MOST_FILES = 12
RESEARCHER = "researcher"
_REPORTS = ("AgentReported", "HandedOff")
_HASHED = pattern(
    r'(?m)^(\S[^\n(]*?) \([^)\n]*\bhash ([0-9a-f]{12})\)|<file path="([^"\n]+)" hash="([0-9a-f]{12})"'
)
_PATH = pattern(r"[\w./-]*\w\.[A-Za-z]\w{0,7}\b")


class Library:
    """Answers from one connection; blocks. `look` says how a file is now."""

    def __init__(
        self,
        project: str,
        connection: Connection,
        look: Callable[[str], FileSeen],
        outputs: Path,
        now: float,
        common: Common,
    ) -> None:
        self._project = project
        self._connection = connection
        self._common = common
        self._look = look
        self._outputs = outputs
        self._now = now
        self._hashes: dict[str, str] = {}
        self._lines: dict[str, tuple[KeeperLine | None, Standing | None]] = {}

    def search(self, wanted: Wanted) -> list[Passage]:
        """What fits best first, as far as it is indexed.

        Raises NotFoundError for a keeper that there is not.
        """
        hits = self._as_first_said(find(self._connection, self._project, self._query(wanted), self._common))
        known = recall.said(self._connection, {hit.seq for hit in hits})
        kept = recall.keepers_of(self._connection, [hit.message for hit in hits if hit.message])
        found: list[Passage] = []
        by_id: dict[str, Said] = {}
        for some in _by_event(hits):
            said = known.get(some[0].seq)
            if said is not None and _is_of(kind := self._kind(said), wanted.kind):
                keeper = wanted.keeper or kept.get(some[0].message, "")
                by_id[identity(said)] = said
                merged = _merged(some, words_of(said.fact))
                found += (self._passage(hit, said, keeper, kind) for hit in merged)
        if wanted.kind is KeeperKind.OUTPUT and not wanted.keeper:
            found += self._in_outputs(wanted)
        found.sort(key=lambda one: -one.score)
        return [self._with_changes(one, by_id.get(one.id)) for one in found[: wanted.limit]]

    def _as_first_said(self, hits: Sequence[Hit]) -> list[Hit]:
        """Hits in forks as hits in the sessions that these were forked from, with their time and files."""
        told = {(hit.session, hit.message) for hit in hits if hit.message}
        first = recall.originals(self._connection, told)
        places = [first.get((hit.session, hit.message)) for hit in hits]
        return [
            replace(hit, seq=place.seq, session=place.session, agent=place.agent) if place else hit
            for hit, place in zip(hits, places, strict=True)
        ]

    def _query(self, wanted: Wanted) -> Query:
        kinds: tuple[str, ...] = ()
        senders: tuple[str, ...] = ()
        if wanted.kind in (KeeperKind.REPORT, KeeperKind.RESEARCH):
            kinds = _REPORTS
        elif wanted.kind in (KeeperKind.OUTPUT, KeeperKind.FAILURE):
            kinds, senders = ("MessageAdded",), ("loomkin",)
        messages = None
        if wanted.keeper:
            messages = frozenset(message for message, _ in self.held(wanted.keeper, wanted.session))
        return Query(
            wanted.words,
            kinds=kinds,
            senders=senders,
            kept=wanted.kind is KeeperKind.CONTEXT,
            messages=messages,
            without=wanted.sight,
            files=wanted.files,
            limit=wanted.limit * MORE,
            width=wanted.width,
        )

    def held(self, keeper: str, session: str = "") -> list[tuple[str, int]]:
        """The messages of a keeper with their numbers; raises NotFoundError."""
        found = recall.held(self._connection, self._project, keeper, session)
        if not found:
            raise NotFoundError(
                f"There is no keeper {keeper!r} in this repository.",
                hint="Without a keeper everything is searched; `loomkin keepers list` shows them.",
            )
        return found

    def _kind(self, said: Said) -> KeeperKind:
        match said.fact:
            case MessageAdded(message) if message.results:
                failed = any(result.is_error for result in message.results)
                return KeeperKind.FAILURE if failed else KeeperKind.OUTPUT
            case AgentReported(name):
                return self._report(said.session, name)
            case HandedOff():
                return self._report(said.session, said.agent)
        return KeeperKind.CONTEXT

    def _report(self, session: str, agent: str) -> KeeperKind:
        role = recall.role_of(self._connection, session, agent) or agent.rpartition("/")[2]
        return KeeperKind.RESEARCH if role.startswith(RESEARCHER) else KeeperKind.REPORT

    def _passage(self, hit: Hit, said: Said, keeper: str, kind: KeeperKind) -> Passage:
        line, now = self._standing(keeper)
        score = hit.score
        if now is not None and now.state is State.ARCHIVED:
            score *= ARCHIVED
        if line is not None and line.useless > line.useful:
            score *= DOUBTED
        return Passage(
            identity(said), keeper, kind, source(said), said.session, said.at, hit.start, hit.whole, hit.text,
            (), now.state if now else "", score,
        )  # fmt: skip

    def _with_changes(self, one: Passage, said: Said | None) -> Passage:
        if said is None:
            return one
        line, _ = self._standing(one.keeper)
        return replace(one, changed=tuple(self._changed(said, one.text, line)))

    def _standing(self, keeper: str) -> tuple[KeeperLine | None, Standing | None]:
        if keeper not in self._lines:
            found = lines(self._connection, self._project, identity=keeper) if keeper else []
            self._lines[keeper] = (found[0], standing(found[0], 0, self._now)) if found else (None, None)
        return self._lines[keeper]

    def _changed(self, said: Said, text: str, line: KeeperLine | None) -> Iterator[str]:
        """The files that a passage speaks of and that are not as they were when it was said."""
        whole = words_of(said.fact)
        then = {first or other: sha or hash_ for first, sha, other, hash_ in _HASHED.findall(whole)}
        kept = files_of(self._connection, line) if line else {}
        named = [*self._called(said), *then, *(path.removeprefix("./") for path in _PATH.findall(text))]
        for path in list(dict.fromkeys(named))[:MOST_FILES]:
            sha = then.get(path) or recall.known_hash(self._connection, path, said.seq) or kept.get(path)
            if sha and self._hash(path) != sha:
                yield path

    def _called(self, said: Said) -> list[str]:
        """The files that a call was about, whose result a message is."""
        results = said.fact.message.results if isinstance(said.fact, MessageAdded) else ()
        found = []
        for result in results:
            given = recall.arguments(self._connection, said.session, said.agent, result.call_id)
            path = given.get("path")
            found += [path.removeprefix("./")] if isinstance(path, str) and path else []
        return found

    def _hash(self, path: str) -> str:
        if path not in self._hashes:
            self._hashes[path] = self._look(path).sha
        return self._hashes[path]

    def _in_outputs(self, wanted: Wanted) -> Iterator[Passage]:
        """Parts of outputs that were too long to be said whole."""
        rows = recall.kept_outputs(self._connection, self._project, MOST_CALLS)
        calls = {row["output_id"]: row for row in rows}
        for piece in pieces(self._outputs, list(calls), wanted.words, wanted.width):
            row = calls[piece.file]
            yield Passage(
                piece.file, "", KeeperKind.OUTPUT, f"whole output of {row['tool']} for {row['agent']}",
                row["session"], row["started"], piece.start, piece.whole, piece.text, (), "", piece.share,
            )  # fmt: skip


def _is_of(kind: KeeperKind, wanted: KeeperKind | None) -> bool:
    """Whatever a keeper holds is context; a failed command has an output; research is a report."""
    if wanted in (None, KeeperKind.CONTEXT, kind):
        return True
    return (wanted, kind) in (
        (KeeperKind.OUTPUT, KeeperKind.FAILURE),
        (KeeperKind.REPORT, KeeperKind.RESEARCH),
    )


def _by_event(hits: Sequence[Hit]) -> Iterator[list[Hit]]:
    groups: dict[int, list[Hit]] = {}
    for hit in hits:
        groups.setdefault(hit.seq, []).append(hit)
    yield from groups.values()


def _merged(hits: Sequence[Hit], whole: str) -> Iterator[Hit]:
    """Passages of one message; those near each other become one, with what stands between them."""
    last: Hit | None = None
    for hit in sorted(hits, key=lambda one: one.start):
        if last is not None and hit.start <= last.start + len(last.text) + NEAR:
            end = max(last.start + len(last.text), hit.start + len(hit.text))
            last = replace(last, text=whole[last.start : end], score=max(last.score, hit.score))
            continue
        if last is not None:
            yield last
        last = hit
    if last is not None:
        yield last
