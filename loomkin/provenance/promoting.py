"""Turns what happened, where it is proved, into nodes of the decision graph; each of them once."""

from collections.abc import Sequence
from pathlib import Path

from loomkin.decisions.desk import Who
from loomkin.decisions.drafts import MOST_TITLE, Draft, Rejected
from loomkin.decisions.graph import DecisionGraph
from loomkin.decisions.proofs import in_words
from loomkin.errors import LoomkinError
from loomkin.provenance import behind, committed
from loomkin.records.dataclass import dataclass
from loomkin.records.decision import Author, EdgeType, Node, NodeKind, Origin
from loomkin.records.event import Event
from loomkin.records.message import Text
from loomkin.records.task import Evidence
from loomkin.store import decisions, goals, origins
from loomkin.store.database import Database

_YES_NO = frozenset(("yes", "no", "ok", "y", "n"))


@dataclass(frozen=True, slots=True)
class Checked:
    """A command that ran after the last edit of a turn, and how it ended; `code` None where nobody saw it."""

    command: str
    passed: bool
    code: int | None
    files: tuple[str, ...]
    output: str = ""


class Promoter:
    """Writes automatic nodes into one repository's graph."""

    def __init__(self, graph: DecisionGraph, root: Path) -> None:
        self._graph = graph
        self._db: Database = graph.database
        self._root = root

    async def commits(self, begun: Event, ended: Event, head: str, amends: bool) -> None:
        """What was committed on top of `head` becomes actions; the decisions that led there know it."""
        branch, made = await committed.since(self._root, begun.at, ended.at, head)
        known = origins.of_commits(self._db, [commit.id for commit in made])
        for commit in made:
            if commit.id in known:
                continue
            decided = behind.for_files(self._db, ended.session, commit.files)
            for node in decided:
                changes = {"commit": commit.id, "branch": branch}
                files = node.wording.files or commit.files
                await self._graph.edit(node.id, {**changes, "files": files}, self._who(ended))
            before = origins.last_commit(self._db, ended.session) if amends else None
            if before is not None:
                fresh = {"commit": commit.id, "branch": branch, "files": commit.files}
                fresh["title"] = _title(f"Commit: {commit.subject}")
                await self._graph.edit(before.id, fresh, self._who(ended))
                continue
            draft = Draft(NodeKind.ACTION, _title(f"Commit: {commit.subject}"), files=commit.files)
            await self._add(ended, draft, decided, (branch, commit.id))

    async def checked(self, ended: Event, check: Checked) -> None:
        """A check at the end of a turn that edited becomes an outcome, which later ones of it revise."""
        how = "passes" if check.passed else "fails"
        words = in_words(check.command, check.code, check.output)
        await self._outcome(ended, check.command, how, words, not check.passed, check.files, ())

    async def proved(self, ended: Event, task: str, proof: Evidence) -> None:
        """A command that was run for a task becomes its outcome: it holds, or it failed."""
        title, goal = origins.task_of(self._db, ended.session, task)
        node = decisions.find(self._db, goal) if goal else None
        above = [*origins.of_task(self._db, ended.session, task), *([node] if node else [])]
        words = in_words(proof.command, proof.exit_code, f"by {proof.by}")
        how = "is verified" if proof.exit_code == 0 else "is not verified"
        await self._outcome(ended, f"{task} {title}", how, words, proof.exit_code != 0, (), above)

    async def answered(self, ended: Event, question: str, options: Sequence[str], answer: str) -> None:
        """What the person chose among options is a decision; other answers are observations."""
        if options and answer in options and not _YES_NO.issuperset(one.lower() for one in options):
            rejected = tuple(Rejected(one, "the person chose otherwise") for one in options if one != answer)
            draft = Draft(NodeKind.DECISION, _title(answer), f"Asked: {question}", rejected=rejected)
        else:
            draft = Draft(
                NodeKind.OBSERVATION, _title(f"The person: {answer}"), f"Asked: {question}\nAnswer: {answer}"
            )
        await self._add(ended, draft, self._goal(ended), ("", ""))

    async def corrected(self, ended: Event, text: str) -> None:
        """Words with which the person changed the course become an observation, word for word."""
        draft = Draft(NodeKind.OBSERVATION, _title(f"The person: {text}"), text)
        above = self._goal(ended)
        if above or origins.changed_any(self._db, ended.session):
            await self._add(ended, draft, above, ("", ""))

    async def _outcome(
        self, ended: Event, about: str, how: str, words: str, failed: bool, files: tuple[str, ...],
        above: Sequence[Node],
    ) -> None:  # fmt: skip
        title = _title(f"{about} {how}")
        known = origins.outcome(self._db, ended.session, [_title(f"{about} {one}") for one in _HOWS])
        if known is not None:
            merged = tuple(dict.fromkeys((*known.wording.files, *files)))
            fresh = {"title": title, "description": words, "failed": failed, "files": merged}
            await self._graph.edit(known.id, fresh, self._who(ended))
            return
        parents = list(above) or behind.for_files(self._db, ended.session, files) or self._goal(ended)
        draft = Draft(NodeKind.OUTCOME, title, words, failed=failed, files=files)
        await self._add(ended, draft, parents, ("", ""))

    async def _add(self, ended: Event, draft: Draft, parents: Sequence[Node], where: tuple[str, str]) -> None:
        ids = origins.said_before(self._db, ended.session, ended.agent, ended.seq)
        words = [one for one in origins.told(self._db, ended.session, ids) if one.sender == "person"]
        prompt = next((part.text for one in words for part in one.parts if isinstance(part, Text)), "")
        origin = Origin(Author.AUTOMATIC, ended.agent, ended.session, ended.task, prompt)
        first, *others = [str(node.id) for node in parents] or [""]
        whole = Draft(
            draft.kind, draft.title, draft.description, failed=draft.failed, files=draft.files, parent=first,
            rejected=draft.rejected, messages=tuple(ids),
        )  # fmt: skip
        done = await self._graph.add(whole, origin, self._who(ended), where)
        for other in others:
            await self._graph.link(other, done.node.id, EdgeType.LEADS_TO, "", self._who(ended))

    def _goal(self, ended: Event) -> list[Node]:
        """The one active goal that the agent logged, else the one that its session has."""
        there = goals.active(self._db, ended.session)
        own = [identity for identity, owner in there if owner == ended.agent] or [one for one, _ in there]
        try:
            return [self._graph.node(own[0])] if len(own) == 1 else []
        except LoomkinError:
            return []

    def _who(self, ended: Event) -> Who:
        return Who(Author.AUTOMATIC.value, ended.session, ended.agent, ended.task)


_HOWS = ("passes", "fails", "is verified", "is not verified")


def _title(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= MOST_TITLE else f"{flat[: MOST_TITLE - 3]}..."
