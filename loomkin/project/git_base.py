"""What a branch is compared with, and what a review looks at."""

from collections.abc import Sequence
from pathlib import Path

from loomkin.project.git import run_git
from loomkin.project.git_changes import Standing, listed, standing
from loomkin.project.problem import Problem
from loomkin.records.dataclass import dataclass

_USUAL = ("main", "master", "trunk", "develop")


@dataclass(frozen=True, slots=True)
class Base:
    """What a branch began from: its name, and the commit where they parted."""

    name: str
    fork: str


@dataclass(frozen=True, slots=True)
class Subject:
    """A change to be read: what it is in words, its diff, the git arguments that show it, new files."""

    title: str
    diff: str
    how: str
    new: tuple[str, ...] = ()


async def find_base(root: Path, asked: str = "") -> Base | Problem:
    """The branch that this one will go into: as asked for, else what the remote or habit calls main."""
    head = await _ask(root, "rev-parse", "--verify", "--quiet", "HEAD^{commit}")
    if not head:
        return Problem("There is no commit here yet, so there is nothing to compare.")
    here = await _ask(root, "symbolic-ref", "--short", "-q", "HEAD")
    for name in [asked] if asked else await _candidates(root, here):
        if name.startswith("-") or not await _ask(
            root, "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}"
        ):
            continue
        if fork := await _ask(root, "merge-base", name, "HEAD"):
            return Base(name, fork)
        return Problem(f"{name} and this branch have no commit in common.")
    if asked:
        return Problem(f"There is no branch or commit {asked!r}.", "`git branch -a` lists them.")
    hint = f"This is {here} itself: switch to a branch of your own, or name what to compare with."
    return Problem(
        "It is not known which branch this one will go into.",
        hint if here in _USUAL else "Name it, such as main.",
    )


async def _candidates(root: Path, here: str) -> list[str]:
    remote = (await _ask(root, "symbolic-ref", "--short", "-q", "refs/remotes/origin/HEAD")) or ""
    upstream = await _ask(root, "rev-parse", "--abbrev-ref", "--symbolic-full-name", "@{upstream}")
    own = upstream if upstream.rpartition("/")[2] == here else ""
    usual = [name for one in _USUAL for name in (one, f"origin/{one}")]
    names = [remote, *usual, own] if here not in _USUAL else [own or remote, *usual]
    return [name for name in dict.fromkeys(names) if name and name != here]


async def find_subject(cwd: Path, words: str) -> Subject | Problem:
    """What is meant: `staged`, `worktree`, `branch [BASE]`, a branch, a commit or a range.

    Without words it is what is staged, else what changed, else the branch against its base.
    """
    now = await standing(cwd)
    if isinstance(now, Problem):
        return now
    what, _, rest = words.strip().partition(" ")
    if not what:
        what = "staged" if now.staged else "worktree" if now.changes else "branch"
    if what == "staged":
        return await _seen(now, "what is staged", ["diff", "--cached"])
    if what == "worktree":
        new = tuple(one.path for one in now.changes if one.new)
        return await _seen(now, "the work tree", ["diff", *([] if now.unborn else ["HEAD"])], new)
    if what == "branch":
        base = await find_base(now.root.path, rest.strip())
        if isinstance(base, Problem):
            nothing = "" if words.strip() else "Nothing is staged or changed. "
            return Problem(f"{nothing}{base.what}", f"{base.hint} Or name a commit, such as HEAD.".strip())
        title = f"{now.branch or 'this commit'} against {base.name}"
        return await _seen(now, title, ["diff", f"{base.fork}...HEAD"])
    return await _named(now, words.strip())


async def _named(now: Standing, word: str) -> Subject | Problem:
    root = now.root.path
    unknown = Problem(
        f"There is no commit or branch {word!r}.",
        "Say staged, worktree, branch [BASE], a branch, a commit, or a range such as main..HEAD.",
    )
    if word.startswith("-"):
        return unknown
    if ".." in word:
        return (
            await _seen(now, f"the range {word}", ["diff", word]) if await _is_range(root, word) else unknown
        )
    if not await _ask(root, "rev-parse", "--verify", "--quiet", f"{word}^{{commit}}"):
        return unknown
    branch = await _ask(root, "rev-parse", "--verify", "--quiet", "--symbolic-full-name", word)
    if branch.startswith(("refs/heads/", "refs/remotes/")) and branch != f"refs/heads/{now.branch}":
        return await _seen(now, f"{now.branch or 'this commit'} against {word}", ["diff", f"{word}...HEAD"])
    return await _seen(now, f"commit {word}", ["show", word])


async def _seen(
    now: Standing, title: str, words: Sequence[str], new: tuple[str, ...] = ()
) -> Subject | Problem:
    done = await run_git([*words, "--"], now.root.path, root=now.root)
    if not done.ok:
        return Problem(f"git cannot show {title}: {done.err.strip() or done.code}")
    if not done.out.strip() and not new:
        changed = f" Changed: {listed([one.path for one in now.changes])}." if now.changes else ""
        return Problem(f"There is nothing to review: {title} holds no change.{changed}")
    return Subject(title, done.out, " ".join(words), new)


async def _is_range(root: Path, word: str) -> bool:
    return (await run_git(["rev-parse", "--quiet", word, "--"], root)).ok


async def _ask(root: Path, *words: str) -> str:
    done = await run_git(words, root)
    return done.out.strip() if done.ok else ""
