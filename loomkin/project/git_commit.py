"""Making a commit of named files: the person's index, hooks, signature and identity are respected."""

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from loomkin.project.git import GitResult, run_git
from loomkin.project.git_changes import Standing, count, in_the_way, listed, shown, standing
from loomkin.project.git_lock import git_writes
from loomkin.project.problem import Problem
from loomkin.records.dataclass import dataclass, replace
from loomkin.records.regex import pattern

SECONDS = 300.0
MOST_LINES = 40
_LITERAL = "--literal-pathspecs"
_FORM = "--format=%H%x1f%h%x1f%s"
_MADE = pattern(r"^\[.* ([0-9a-f]{4,64})\] ", re.MULTILINE)
_NO_IDENTITY = ("Please tell me who you are", "empty ident name", "unable to auto-detect email")
_NO_SIGNATURE = (
    "failed to sign",
    "gpg failed",
    "signing failed",
    "Couldn't load public key",
    "Couldn't sign",
    "incorrect passphrase",
)


@dataclass(frozen=True, slots=True)
class Order:
    """A commit to be made: its message, and the files below the root, or none for the index as it is.

    `trailers` are whole lines; `hooks` may be False only where the person's own words say so.
    """

    message: str
    paths: tuple[str, ...] = ()
    trailers: tuple[str, ...] = ()
    sign_off: bool = False
    allow_empty: bool = False
    hooks: bool = True
    seconds: float = SECONDS


@dataclass(frozen=True, slots=True)
class Committed:
    """A commit as it was made; `notes` say what the person should know of it."""

    id: str
    short: str
    subject: str
    branch: str
    files: tuple[str, ...]
    notes: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """The commit in a line or two."""
        where = f"on {self.branch}" if self.branch else "on no branch (the head is detached)"
        said = f"Committed {self.short} {where}: {self.subject}\n{count(len(self.files), 'file')}"
        said += f": {listed(self.files)}" if self.files else ""
        return "\n".join([said, *self.notes])


async def commit(cwd: Path, order: Order) -> Committed | Problem:
    """Make the commit, or say in full why git or a hook did not let it; nothing is staged then."""
    if not order.message.strip():
        return Problem("Nothing was committed: the message is empty.", "Say what changed, and why.")
    found = await standing(cwd)
    if isinstance(found, Problem):
        return found
    async with git_writes(found.root):
        now = await standing(cwd)
        if isinstance(now, Problem):
            return now
        if problem := in_the_way(now, partial=bool(order.paths)) or _nothing(now, order):
            return problem
        return await _made(now, order)


def _nothing(now: Standing, order: Order) -> Problem | None:
    """Why there is nothing to commit, where there is not."""
    for path in order.paths:
        if not now.at([path]):
            other = "" if not now.changes else f" Changed: {listed([one.path for one in now.changes])}."
            return Problem(f"Nothing was committed: {shown(path)} has no change, or is ignored.{other}")
    if not order.paths and not now.staged and not now.doing and not order.allow_empty:
        changed = [one.path for one in now.changes]
        hint = f"Name the files to commit; changed: {listed(changed)}." if changed else ""
        return Problem("Nothing was committed: nothing is staged.", hint)
    return None


async def _made(now: Standing, order: Order) -> Committed | Problem:
    changes = now.at(order.paths) if order.paths else tuple(one for one in now.changes if one.staged)
    new = [one.path for one in changes if one.new]
    top = now.root.path
    if new:
        added = await run_git([_LITERAL, "add", "--intent-to-add", "--", *new], top, read=False)
        if not added.ok:
            return _refused("git could not add the new files", added)
    paths = [one.path for one in changes] if order.paths else []
    done = None
    try:
        done = await _run(order, paths, top)
    finally:
        if new and (done is None or not done.ok):
            await run_git([_LITERAL, "rm", "--cached", "--quiet", "--", *new], top, read=False)
    if not done.ok:
        return _failed(done, order)
    # by its own word: another program may have committed since
    told = _MADE.search(done.out)
    log = await run_git(["log", "-1", _FORM, told[1] if told else "HEAD", "--"], top, root=now.root)
    identity, short, subject = (*log.out.strip("\n").split("\x1f"), "", "", "")[:3]
    files = tuple(one.path for one in changes)
    by_hooks = await _after_hooks(now, paths, identity) if paths and identity else []
    return Committed(identity, short, subject, now.branch, files, tuple(_notes(now, order, done, by_hooks)))


async def _after_hooks(now: Standing, paths: Sequence[str], made: str) -> list[str]:
    """Files that a hook changed and added to the commit; the index, where git leaves them as before, follows.

    Else the next commit would take back what the hook did, a formatter's work for example.
    """
    top, root = now.root.path, now.root
    words = ["--no-renames", "--name-only", "-z"]
    behind = await run_git(["diff-index", "--cached", *words, made, "--"], top, root=root)
    staged = {*now.staged} - {*paths}
    names = [name for name in behind.out.split("\0") if name and name not in staged]
    if not names or not behind.ok:
        return []
    held = await run_git(["diff-tree", "--no-commit-id", "-r", "--root", *words, made], top, root=root)
    names = [name for name in names if name in {*held.out.split("\0")}]
    head = await run_git(["rev-parse", "HEAD"], top, root=root)
    if not names or head.out.strip() != made:
        return []
    await run_git([_LITERAL, "reset", "--quiet", made, "--", *names], top, read=False)
    return names


async def _run(order: Order, paths: Sequence[str], top: Path) -> GitResult:
    done = await run_git(_words(order, paths), top, order.seconds, read=False)
    if order.trailers and "unknown option `trailer" in done.err:
        end = "\n".join(order.trailers)
        older = replace(order, message=f"{order.message.rstrip()}\n\n{end}", trailers=())
        return await run_git(_words(older, paths), top, order.seconds, read=False)
    return done


def _words(order: Order, paths: Sequence[str]) -> list[str]:
    """The arguments of git. Named files are committed alone: what else the index holds stays in it."""
    words = [_LITERAL, *trailer_settings(order.trailers), "commit", f"--message={order.message}"]
    words += [f"--trailer={line}" for line in order.trailers]
    words += ["--signoff"] if order.sign_off else []
    words += ["--allow-empty"] if order.allow_empty else []
    words += [] if order.hooks else ["--no-verify"]
    return [*words, "--only", "--", *paths] if paths else words


def trailer_settings(lines: Iterable[str]) -> list[str]:
    """Options of git by which no trailer is there twice, and none of help where one stands already."""
    names = dict.fromkeys(line.partition(":")[0].lower() for line in lines)
    rule = {"assisted-by": "doNothing"}
    return [
        word
        for name in names
        for word in ("-c", f"trailer.{name}.ifexists={rule.get(name, 'addIfDifferent')}")
    ]


def _notes(now: Standing, order: Order, done: GitResult, by_hooks: Sequence[str]) -> Iterator[str]:
    """What the person should know of a commit that was made."""
    if by_hooks:
        yield f"Committed as the hooks changed them: {listed(by_hooks)}."
    taken = now.at(order.paths) if order.paths else ()
    if mixed := [one.path for one in taken if one.partly]:
        yield f"Partly staged before, committed as they are on disk: {listed(mixed)}."
    if left := [one.path for one in now.changes if one.staged and one not in taken and order.paths]:
        yield f"Still staged, and not in this commit: {listed(left)}."
    if now.doing:
        yield f"A {now.doing} was in progress." + (" It goes on." if now.doing == "rebase" else "")
    if not now.branch:
        yield "`git switch -c NAME` gives it a branch."
    said = [line for line in done.err.splitlines() if line.strip()]
    if said:
        yield "The hooks said:\n" + "\n".join(said[-MOST_LINES:])


def _failed(done: GitResult, order: Order) -> Problem:
    """All that git and the hooks said, and what helps."""
    text = "\n".join(part.strip("\n") for part in (done.err, done.out) if part.strip())
    if done.code == 124:
        return Problem(
            f"Nothing was committed: git was ended after {order.seconds:g} s.",
            "A hook takes that long, or a program waits for a passphrase with no terminal to ask in. "
            "`git.timeout` is the limit; a person can commit in a terminal of their own.",
        )
    if any(mark in text for mark in _NO_IDENTITY):
        hint = "A person has to say once who they are: `git config user.name …`, `git config user.email …`."
    elif any(mark in text for mark in _NO_SIGNATURE):
        hint = (
            "The repository asks for signed commits, and there is no terminal to ask for a passphrase in. "
            "A person can unlock the key (`ssh-add`, or `gpg --sign` once) and commit again."
        )
    elif text.startswith("Another program is writing"):
        hint = ""
    elif ".lock': File exists" in text:
        hint = "Wait until the other git is done; if none runs, a person may remove that file."
    else:
        hint = (
            "Where a hook refused it, mend what it says, then commit again. "
            "To pass hooks by (`--no-verify`) is for a person alone."
        )
    return Problem(f"Nothing was committed: git ended with code {done.code}.\n{text}", hint)


def _refused(what: str, done: GitResult) -> Problem:
    return Problem(f"Nothing was committed: {what}.\n{done.err.strip()}")
