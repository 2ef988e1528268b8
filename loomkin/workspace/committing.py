"""Commits that a person asks for: which files, which message, which trailers; shown before they are made."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TypeVar

from loomkin.config.settings import GitSettings
from loomkin.errors import LoomkinError, UsageError
from loomkin.project.git_changes import (
    PathState,
    Standing,
    below,
    count,
    in_the_way,
    listed,
    shown,
    standing,
)
from loomkin.project.git_commit import Committed, Order, commit
from loomkin.project.problem import Problem
from loomkin.records.dataclass import dataclass, replace
from loomkin.store import helped
from loomkin.store.database import Database

MOST_LISTED = 30
T = TypeVar("T")
Ask = Callable[[str, str, int], Awaitable[str]]
Chosen = tuple[Standing, tuple[PathState, ...], str, bool]


class CommitError(LoomkinError):
    """A commit that git, a hook or the state of the repository did not allow."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What the person wants committed: words for the message, or the `message` itself; files or `all`.

    `hooks` is False only where the person's own words ask for it.
    """

    words: str = ""
    message: str = ""
    paths: tuple[str, ...] = ()
    all: bool = False
    sign_off: bool = False
    hooks: bool = True


@dataclass(frozen=True, slots=True)
class Plan:
    """A commit that could be made; `staged` takes the index as it is, `left` changed and stays out."""

    order: Order
    files: tuple[PathState, ...]
    staged: bool
    left: tuple[str, ...]
    why: str
    by_model: bool = False
    notes: tuple[str, ...] = ()

    @property
    def message(self) -> str:
        """The whole message, as it will stand in the commit."""
        said = self.order.message.rstrip()
        ends = [line for line in self.order.trailers if line not in said]
        return said + ("\n\n" + "\n".join(ends) if ends else "")

    @property
    def words(self) -> str:
        """Files and message for a person."""
        lines = [f"{count(len(self.files), 'file')} ({self.why}):"]
        lines += [f"  {one.words}: {shown(one.path)}" for one in self.files[:MOST_LISTED]]
        if len(self.files) > MOST_LISTED:
            lines.append(f"  and {len(self.files) - MOST_LISTED} more")
        if self.left:
            lines.append(f"Not in it: {listed(self.left)}")
        return "\n".join(
            [*lines, *self.notes, "", *(f"  {line}".rstrip() for line in self.message.split("\n"))]
        )


class Committing:
    """Plans and makes commits in the repository around a folder; `ask` is a model's answer, if there is one.

    `session` is the one that goes on here, empty outside of one.
    """

    def __init__(
        self,
        cwd: Path,
        settings: GitSettings,
        database: Database | None,
        session: str = "",
        ask: Ask | None = None,
        model: str = "",
    ) -> None:
        self._cwd = cwd
        self._settings = settings
        self._database = database
        self._session = session
        self._ask = ask
        self._model = model

    async def plan(self, wish: Wish) -> Plan:
        """What would be committed; raises CommitError and UsageError with what to do."""
        now, files, why, staged = await self.chosen(wish)
        return await self._worded(now, wish, files, why, staged=staged)

    async def chosen(self, wish: Wish) -> Chosen:
        """How things stand, the files, why these, and whether the index is meant as it is."""
        now = _good(await standing(self._cwd))
        files, why, staged = await self._chosen(now, _named(now, wish))
        if problem := in_the_way(now, partial=not staged):
            raise _error(problem)
        return now, files, why, staged

    async def _worded(
        self, now: Standing, wish: Wish, files: tuple[PathState, ...], why: str, *, staged: bool
    ) -> Plan:
        from loomkin.workspace.wording import Worded, word  # heavy: late on purpose

        wish = _named(now, wish)
        paths = [one.path for one in files]
        before, decided = await self._behind(now, paths)
        worded = Worded(wish.message)
        if not wish.message:
            style = self._settings.commit_style
            worded = await word(now, files, decided, wish.words, style, self._ask, staged=staged)
        trailers = await self._trailers(now, before, by_model=worded.by_model)
        order = Order(
            worded.message,
            () if staged else tuple(paths),
            trailers,
            sign_off=wish.sign_off,
            hooks=wish.hooks,
            seconds=self._settings.timeout,
        )
        taken = set(paths)
        left = tuple(one.path for one in now.changes if one.path not in taken or (staged and one.partly))
        notes = [worded.note] if worded.note else []
        notes += ["Hooks are passed by, as you said."] if not wish.hooks else []
        return Plan(order, files, staged, left, why, worded.by_model, tuple(notes))

    async def make(self, plan: Plan, message: str = "") -> Committed:
        """Make it, with other words where given; raises CommitError with all that git and the hooks said."""
        order = replace(plan.order, message=message) if message else plan.order
        return _good(await commit(self._cwd, order))

    async def _chosen(self, now: Standing, wish: Wish) -> tuple[tuple[PathState, ...], str, bool]:
        """The files, why these, and whether the index is meant as it is."""
        if wish.paths:
            return self._named(now, wish.paths), "as named", False
        if wish.all:
            found = tuple(one for one in now.changes if not one.new)
            return (
                _some(found, now, "Git knows none of the changed files yet."),
                "all that git knows and that changed",
                False,
            )
        if now.staged or (now.doing and not now.conflicts):
            return tuple(one for one in now.changes if one.staged), "what is staged", True
        if now.conflicts:
            return now.conflicts, "in conflict", True
        own = await self._own(now)
        found = tuple(one for one in now.changes if one.path in own)
        whose = "no agent of this session" if self._session else "no agent"
        none = f"Nothing is staged, and {whose} changed any of these files."
        return _some(found, now, none), "what agents changed", False

    def _named(self, now: Standing, words: Sequence[str]) -> tuple[PathState, ...]:
        found: dict[str, PathState] = {}
        for word in words:
            path = below(now.root.path, self._cwd, word)
            there = now.at([path]) if path else ()
            if not there:
                raise UsageError(f"{word} has no change to commit.", hint=_changed(now))
            found.update((one.path, one) for one in there)
        return tuple(found.values())

    async def _own(self, now: Standing) -> frozenset[str]:
        """The files that agents changed: in this session, else in any since they were committed last."""
        from loomkin.provenance.committed import last_commits  # heavy: late on purpose

        if self._database is None:
            return frozenset()
        if self._session:
            return await asyncio.to_thread(helped.changed_by, self._database, self._session)
        before = await last_commits(now.root.path, [one.path for one in now.changes])
        return await asyncio.to_thread(helped.changed_since, self._database, before)

    async def _behind(self, now: Standing, paths: Sequence[str]) -> tuple[dict[str, float], list[str]]:
        """When each file was committed last, and what was decided since."""
        from loomkin.provenance.committed import last_commits  # heavy: late on purpose
        from loomkin.provenance.reasons import decided_for, in_lines  # heavy: late on purpose

        if self._database is None or now.doing:
            return {}, []
        before = await last_commits(now.root.path, paths)
        nodes = await asyncio.to_thread(decided_for, self._database, before, self._session)
        return before, await asyncio.to_thread(in_lines, self._database, nodes)

    async def _trailers(self, now: Standing, before: dict[str, float], *, by_model: bool) -> tuple[str, ...]:
        """The model that worded it and those that changed the files; the decisions that led to it."""
        from loomkin.provenance.committed import carried  # heavy: late on purpose
        from loomkin.provenance.trailers import attribution  # heavy: late on purpose

        models = [self._model] if by_model and self._model else []
        if now.doing:
            return ()
        if self._database is None:
            return tuple(attribution(self._settings.attribution, models))
        return await asyncio.to_thread(
            carried, self._database, before, self._settings, (self._session, ""), models
        )


def _named(now: Standing, wish: Wish) -> Wish:
    """The wish with its words as the files to take, where they are nothing but names of changed ones."""
    names = wish.words.split()
    if not names or wish.paths or wish.all or {*names} - {one.path for one in now.changes}:
        return wish
    return replace(wish, words="", paths=tuple(names))


def _some(found: tuple[PathState, ...], now: Standing, none: str) -> tuple[PathState, ...]:
    if found:
        return found
    if not now.changes:
        raise UsageError("There is nothing to commit: the work tree is as committed.")
    named = listed([one.path for one in now.changes])
    # `all` takes none that git does not know yet
    new = all(one.new for one in now.changes)
    hint = f"Name them: {named}." if new else f"Name files, or take --all. {_changed(now)}"
    raise UsageError(none, hint=hint)


def _changed(now: Standing) -> str:
    return f"Changed: {listed([one.path for one in now.changes])}." if now.changes else "Nothing changed."


def _good(found: T | Problem) -> T:
    if isinstance(found, Problem):
        raise _error(found)
    return found


def _error(problem: Problem) -> CommitError:
    return CommitError(problem.what, hint=problem.hint)
