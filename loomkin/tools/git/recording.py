"""How agents stage and commit: only what they name or changed themselves, never what is the person's."""

from collections.abc import Iterable, Sequence

from loomkin.config.settings import GitSettings
from loomkin.project.commit_style import faults, in_words, read_style
from loomkin.project.commit_text import cleaned
from loomkin.project.git import run_git
from loomkin.project.git_changes import PathState, Standing, below, in_the_way, listed, standing
from loomkin.project.git_commit import Committed, Order, commit
from loomkin.project.git_lock import git_writes
from loomkin.project.problem import Problem
from loomkin.records.dataclass import dataclass
from loomkin.store.database import Database
from loomkin.store.helped import changed_by
from loomkin.tooling.tool import Call

_EVERYTHING = frozenset(("-A", "--all", "-u", "--update", "-a", "-am"))
_MAGIC = frozenset("*?[:")


@dataclass(frozen=True, slots=True)
class Typed:
    """The arguments of `git add` or `git commit`, taken apart."""

    options: tuple[str, ...]
    messages: tuple[str, ...]
    paths: tuple[str, ...]

    @property
    def all(self) -> bool:
        """Whether all that changed is meant."""
        return bool(_EVERYTHING & set(self.options))

    def has(self, *names: str) -> bool:
        """Whether one of these options was given."""
        return bool(set(names) & set(self.options))


def typed(argv: Sequence[str]) -> Typed:
    """What stands behind `add` or `commit`, checked before by `operation_args`."""
    options: list[str] = []
    messages: list[str] = []
    paths: list[str] = []
    words = iter(argv[1:])
    for word in words:
        if word == "--":
            paths += words
        elif not word.startswith("-"):
            paths.append(word)
        elif word in ("-m", "--message", "-am"):
            options += ["-am"] if word == "-am" else []
            messages.append(next(words, ""))
        elif word.startswith(("--message=", "-m", "-am")):
            options += ["-am"] if word.startswith("-am") else []
            messages.append(word.removeprefix("--message=").removeprefix("-am").removeprefix("-m"))
        else:
            options.append(word)
    return Typed(tuple(options), tuple(messages), tuple(paths))


class Recording:
    """Stages and commits for the agents of a session; what they staged by name is theirs, too."""

    def __init__(self, database: Database, settings: GitSettings) -> None:
        self._database = database
        self._settings = settings
        self._named: dict[str, set[str]] = {}
        self._told_style = False

    async def add(self, argv: Sequence[str], call: Call) -> str | Problem:
        """Stage files; the words say which. A dry run and options beyond names go to git as they are."""
        order = typed(argv)
        now = await standing(call.cwd)
        if isinstance(now, Problem):
            return now
        found = self._chosen(now, order, call)
        if isinstance(found, Problem):
            return found
        if not found and not order.has("-n", "--dry-run", "--refresh", "--renormalize"):
            return Problem(
                f"Nothing was staged: {listed(order.paths) or 'the work tree'} has no change, or is ignored.",
                _changed(now),
            )
        plain = [word for word in order.options if word not in _EVERYTHING]
        paths = [one.path for one in found]
        words = ["--literal-pathspecs", "add", *plain, "--", *paths]
        done = await run_git(words, now.root.path, self._settings.timeout, read=False)
        if not done.ok:
            return Problem(f"git add ended with code {done.code}.\n{done.err.strip() or done.out.strip()}")
        self._named.setdefault(call.session, set()).update(paths)
        text = done.out.strip()
        return f"Staged: {listed(paths)}." + (f"\n{text}" if text else "")

    async def commit(self, argv: Sequence[str], call: Call) -> Committed | Problem:
        """Commit the named files, or what is staged where that is theirs; hooks and signatures as always."""
        order = typed(argv)
        found = await standing(call.cwd)
        if isinstance(found, Problem):
            return found
        async with git_writes(found.root):
            now = await standing(call.cwd)
            if isinstance(now, Problem):
                return now
            partial = bool(order.paths) or order.all
            if problem := in_the_way(now, partial=partial):
                return problem
            if partial:
                chosen = self._chosen(now, order, call)
                if not isinstance(chosen, Problem) and order.all:
                    chosen = tuple(one for one in chosen if not one.new)
            else:
                chosen = self._staged(now, call)
            if isinstance(chosen, Problem):
                return chosen
            paths = tuple(one.path for one in chosen)
            message = "\n\n".join(order.messages)
            if problem := await self._unusual(now, message):
                return problem
            if partial and not paths and not order.has("--allow-empty"):
                return Problem(f"Nothing was committed: {listed(order.paths)} has no change.", _changed(now))
            return await commit(
                now.root.path,
                Order(
                    message,
                    paths if partial else (),
                    await self._trailers(now, paths, call),
                    sign_off=order.has("-s", "--signoff"),
                    allow_empty=order.has("--allow-empty"),
                    seconds=self._settings.timeout,
                ),
            )

    async def _unusual(self, now: Standing, message: str) -> Problem | None:
        """Where the message is not worded as others are here; an agent is told of it once."""
        if now.doing or self._told_style:
            return None
        style = await read_style(now.root.path, self._settings.commit_style)
        found = faults(cleaned(message, comment=""), style)
        if not found:
            return None
        self._told_style = True
        return Problem(
            f"Nothing was committed: the message is not as others are here. {' '.join(found)}",
            f"{in_words(style)}\nCommit again with such a message; the same one would be taken, too.",
        )

    async def _trailers(self, now: Standing, paths: Sequence[str], call: Call) -> tuple[str, ...]:
        """What the commit carries; one that ends a merge or the like stays as git words it."""
        from loomkin.provenance.committed import trailers_for  # heavy: late on purpose

        if now.doing:
            return ()
        root = now.root.path
        return await trailers_for(self._database, root, paths, self._settings, call.session, call.agent)

    def _staged(self, now: Standing, call: Call) -> tuple[PathState, ...] | Problem:
        """What the index holds, where all of it was put there or changed by this team."""
        staged = tuple(one for one in now.changes if one.staged)
        if now.doing:
            return staged
        own = self._own(call)
        foreign = [one.path for one in staged if one.path not in own]
        if not foreign:
            return staged
        ours = [one.path for one in now.changes if one.path in own]
        return Problem(
            f"Nothing was committed: {listed(foreign)} was staged by the person, not by you.",
            f"Name your files behind `--`{_such_as(ours)}; what the person staged stays staged.",
        )

    def _chosen(self, now: Standing, order: Typed, call: Call) -> tuple[PathState, ...] | Problem:
        """The changed files that are meant; a whole folder only where all in it was changed by this team."""
        own = self._own(call)
        tracked_only = order.has("-u", "--update", "-a", "-am")
        found: dict[str, PathState] = {}
        wide = now.changes if order.all and not order.paths else ()
        for word in order.paths:
            path = below(now.root.path, call.cwd, word)
            if not path:
                return Problem(f"Nothing was done: {word} is not below {now.root.path}.")
            if exact := [one for one in now.changes if one.path == path]:
                found[path] = exact[0]
            elif _MAGIC & set(word):
                return Problem(f"Nothing was done: {word} is a pattern.", "Name the files. " + _changed(now))
            else:
                wide = (*wide, *now.at([path]))
        wide = tuple(one for one in wide if not (one.new and tracked_only))
        foreign = [one.path for one in wide if one.path not in own and one.path not in found]
        if foreign:
            ours = [one.path for one in now.changes if one.path in own]
            return Problem(
                f"Nothing was done: that would take along what you did not change: {listed(foreign)}.",
                f"Name each file{_such_as(ours)}; one that a command of yours wrote can be named, too.",
            )
        found.update((one.path, one) for one in wide)
        return tuple(found.values())

    def _own(self, call: Call) -> frozenset[str]:
        return changed_by(self._database, call.session) | self._named.get(call.session, set())


def _such_as(paths: Iterable[str]) -> str:
    named = [path if " " not in path else repr(path) for path in paths]
    return f": {' '.join(named[:10])}" if named else ""


def _changed(now: Standing) -> str:
    return f"Changed: {listed([one.path for one in now.changes])}." if now.changes else "Nothing changed."
