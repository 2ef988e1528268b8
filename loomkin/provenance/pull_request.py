"""The text of a pull request: what a branch changes, why, what was not done and why, and what proves it."""

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path

from loomkin.config.settings import GitSettings
from loomkin.project.commit_style import CommitStyle, read_style, subject_in, taken_apart
from loomkin.project.git import run_git
from loomkin.project.git_base import Base, find_base
from loomkin.project.git_changes import standing
from loomkin.project.problem import Problem
from loomkin.provenance import behind, trailers
from loomkin.provenance.account import Link, Reason
from loomkin.provenance.reasons import decided_for
from loomkin.records.dataclass import dataclass
from loomkin.records.decision import Node, NodeKind
from loomkin.records.regex import pattern
from loomkin.records.task import Evidence
from loomkin.store import decisions, helped
from loomkin.store.database import Database

MOST_COMMITS = 200
_MODEL = pattern(r"^(?:Assisted-by: loomkin:|Co-authored-by: loomkin \()(?P<model>[^\s)]+)")
_TRAILER = pattern(r"^[A-Z][A-Za-z-]+-[Bb]y: |^Loomkin-Decision: ")
_SEPARATOR = pattern(r"[-_\s]+")


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit of the branch, with all of its message below the subject."""

    id: str
    subject: str
    body: str

    @property
    def told(self) -> str:
        """The body without trailers."""
        return "\n".join(line for line in self.body.splitlines() if not _TRAILER.match(line)).strip()

    @property
    def models(self) -> list[str]:
        """The models that the commit names."""
        return [found["model"] for line in self.body.splitlines() if (found := _MODEL.match(line))]


@dataclass(frozen=True, slots=True)
class PullRequest:
    """Title and Markdown text; what goes into what; how many files of the work tree are not in it."""

    title: str
    text: str
    branch: str
    base: str
    commits: int
    uncommitted: int


async def pull_request(
    db: Database | None, cwd: Path, asked: str, settings: GitSettings
) -> PullRequest | Problem:
    """The text for the commits of this branch that its base has not; nothing is pushed."""
    now = await standing(cwd)
    if isinstance(now, Problem):
        return now
    root = now.root.path
    base = await find_base(root, asked)
    if isinstance(base, Problem):
        return base
    commits = await _commits(root, base)
    if not commits:
        return Problem(f"There is nothing to propose: {base.name} has every commit of this branch.")
    files, counted = await _files(root, base)
    fork = await run_git(["show", "--no-patch", "--format=%ct", base.fork], root)
    found: list[Reason] = []
    models = [model for one in commits for model in one.models]
    if db is not None:
        before = dict.fromkeys(files, float(fork.out.strip() or 0.0))
        found, helping = await asyncio.to_thread(_known, db, commits, now.branch, before)
        models += helping
    lines = [*_what(commits, counted), *_why(found, commits), *_not_taken(found), *_evidence(found)]
    if ends := trailers.attribution(settings.attribution, models):
        lines += ["", *ends]
    title = _title(commits, found, now.branch, await read_style(root, settings.commit_style))
    text = "\n".join(lines).strip() + "\n"
    return PullRequest(title, text, now.branch, base.name, len(commits), len(now.changes))


async def _commits(root: Path, base: Base) -> list[Commit]:
    form = "--format=%H%x1f%s%x1f%b%x1e"
    words = ["log", f"-{MOST_COMMITS}", "--reverse", "--no-merges", form, f"{base.fork}..HEAD"]
    log = await run_git(words, root)
    records = [record.strip("\n").split("\x1f", 2) for record in log.out.split("\x1e") if record.strip("\n")]
    return [Commit(identity, subject, body.strip()) for identity, subject, body in records]


async def _files(root: Path, base: Base) -> tuple[list[str], str]:
    """The files that differ, and how much in git's words."""
    names = await run_git(["diff", "--name-only", "-z", "--no-renames", base.fork, "HEAD"], root)
    counted = await run_git(["diff", "--shortstat", base.fork, "HEAD"], root)
    return [name for name in names.out.split("\0") if name], counted.out.strip()


def _known(
    db: Database, commits: Sequence[Commit], branch: str, before: dict[str, float]
) -> tuple[list[Reason], list[str]]:
    """What the graph knows of the branch: by trailers, by commit, by branch, by changes of its files."""
    named = {one.change for commit in commits for one in trailers.named(commit.body) if one.change}
    ids = {commit.id for commit in commits}
    since = min(before.values(), default=0.0)
    there = [
        node
        for node in decisions.listed(db, (NodeKind.DECISION,))
        if node.active
        and (
            node.change_id in named
            or node.wording.commit in ids
            or (branch and node.wording.branch == branch and node.created >= since)
        )
    ]
    behind_files = [node for node in decided_for(db, before) if node.kind is NodeKind.DECISION]
    nodes = decisions.some(db, {node.change_id for node in (*there, *behind_files)})
    return behind.reasons(db, nodes, Link.COMMIT), helped.models_of(db, helped.helpers(db, before))


def _title(commits: Sequence[Commit], found: Sequence[Reason], branch: str, style: CommitStyle) -> str:
    """The only commit's subject, else the goal, the only decision, or the branch's own name."""
    if len(commits) == 1:
        return commits[0].subject
    kind = taken_apart(commits[0].subject).type or "feat"
    goals = list(dict.fromkeys(goal.title for reason in found for goal in reason.above))
    if len(goals) == 1:
        return subject_in(style, goals[0], kind)
    if len(found) == 1:
        return subject_in(style, found[0].node.title, kind)
    name = " ".join(part for part in _SEPARATOR.split(branch.rpartition("/")[2]) if part)
    return subject_in(style, name, kind) if name else commits[-1].subject


def _what(commits: Sequence[Commit], counted: str) -> Iterator[str]:
    yield "## What"
    yield from (f"- {commit.subject}" for commit in commits)
    if counted:
        yield ""
        yield f"{counted}."


def _why(found: Sequence[Reason], commits: Sequence[Commit]) -> Iterator[str]:
    yield from ("", "## Why")
    goals = {goal.change_id: goal for reason in found for goal in reason.above}
    yield from (f"- Goal: {_line(goal)}" for goal in goals.values())
    for reason in found:
        sure = f" (confidence {reason.node.confidence} %)" if reason.node.confidence is not None else ""
        yield f"- **{_line(reason.node)}**{sure}"
        yield from (f"  {line}" for line in reason.node.wording.description.splitlines() if line.strip())
        yield from (f"  - {one.reason}" for one in reason.options if one.chosen and one.reason)
    if not found:
        told = [commit.told for commit in commits if commit.told]
        yield "\n\n".join(told) or "No decision is on record."


def _not_taken(found: Sequence[Reason]) -> Iterator[str]:
    """Options that were turned down, with their reasons, and what was decided before and is no more."""
    lines = [
        f"- {_line(option.node)}" + (f": {option.reason}" if option.reason else "")
        for reason in found
        for option in reason.options
        if not option.chosen
    ]
    if lines:
        yield from ("", "## Options not taken", *dict.fromkeys(lines))


def _evidence(found: Sequence[Reason]) -> Iterator[str]:
    yield from ("", "## Evidence")
    outcomes = {one.change_id: one for reason in found for one in reason.outcomes}
    yield from (
        f"- {_line(one)}{' (it did not work)' if one.wording.failed else ''}" for one in outcomes.values()
    )
    proofs = dict.fromkeys(_proof(one) for reason in found for one in reason.evidence)
    yield from proofs
    if not outcomes and not proofs:
        yield "No command is on record that proves it."


def _proof(one: Evidence) -> str:
    command = " ".join(one.command.split())
    quoted = f"`` {command} ``" if "`" in command else f"`{command}`"
    return f"- [{'x' if one.exit_code == 0 else ' '}] {quoted}: exit code {one.exit_code}"


def _line(node: Node) -> str:
    return " ".join(node.title.split())
