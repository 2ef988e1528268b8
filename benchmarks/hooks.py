"""What each git hook adds without a model, in a new repository and in one of 10,000 commits."""

import asyncio
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from statistics import median

from benchmarks.figures import Figure, middle
from benchmarks.process import Floor, plain_environment, run
from benchmarks.why import FRESH, NAME, git, history, remember
from loomkin.githooks.listing import names

TIMES = 9
TARGET = "< 400"
_MESSAGE = (
    "printf '\\n# Please enter\\n' > .git/COMMIT_EDITMSG; exec .git/hooks/{name} .git/COMMIT_EDITMSG {more}"
)
_ON = {
    "LOOMKIN__GITHOOKS__CHECK_MESSAGE": "true",
    "LOOMKIN__GITHOOKS__TESTS": "true",
    "GIT_INDEX_FILE": ".git/index",
    "GIT_EDITOR": "vi",
}
CODE = """\
def value(text):
    return int(text)


class Reader:
    def read(self):
        return {number}
"""


def measure(floor: Floor) -> Iterator[Figure]:
    """Each hook as git starts it, then a whole commit with and without them."""
    with tempfile.TemporaryDirectory(prefix="loomkin-bench-hooks-") as folder:
        environ = settled(Path(folder))
        small = Path(folder) / "new"
        git(Path(folder), "init", "-q", str(small))
        (small / "one.py").write_text(CODE.format(number=1))
        _commit(small, environ, "Add one")
        yield from each(floor, small, environ, "new repository")
        large = Path(folder) / "large"
        node = asyncio.run(remember(large))
        history(large, node)
        changed(large)
        yield from each(floor, large, environ, "10,000 commits")


def settled(home: Path) -> dict[str, str]:
    """An environment with all hooks on, in a home with a name for commits."""
    (home / ".gitconfig").write_text("[user]\n\tname = A\n\temail = a@example.org\n")
    return {**plain_environment(home), **_ON}


def changed(root: Path) -> None:
    """Change code of the file that a decision is about."""
    lines = (root / NAME).read_text().splitlines()
    lines[FRESH - 1] = f"value_{FRESH} = 'fresh 499'"
    (root / NAME).write_text("\n".join(lines) + f"\n{CODE}")


def each(floor: Floor, root: Path, environ: Mapping[str, str], where: str) -> Iterator[Figure]:
    """Every hook of a repository, and a whole commit with and without them."""
    run((sys.executable, "-m", "loomkin", "hook", "install"), environ=environ, cwd=root)
    (root / "more.py").write_text(CODE.format(number=2))
    git(root, "add", "-A", ":!.loomkin")
    for name, command in _commands().items():
        floor.sample()
        runs = [run(("sh", "-c", command), environ=environ, cwd=root, codes=(0, 1)) for _ in range(TIMES)]
        note = f"wall {median(one.wall for one in runs) * 1000:.0f} ms"
        yield middle(f"{name}, {where}", [one.cpu for one in runs], TARGET, note)
    run((sys.executable, "-m", "loomkin", "hook", "uninstall"), environ=environ, cwd=root)
    usual = {key: value for key, value in environ.items() if not key.startswith("LOOMKIN__")}
    run((sys.executable, "-m", "loomkin", "hook", "install"), environ=usual, cwd=root)
    with_hooks = [_again(root, environ, number) for number in range(TIMES)]
    off = {**environ, "LOOMKIN_HOOKS": "0"}
    without = [_again(root, off, number + TIMES) for number in range(TIMES)]
    note = f"without our part {median(without) * 1000:.0f} ms"
    yield middle(f"a whole commit with an editor, {where}", with_hooks, "", note)


def _commands() -> dict[str, str]:
    head = "$(git rev-parse HEAD)"
    known = {
        "prepare-commit-msg": _MESSAGE.format(name="prepare-commit-msg", more=""),
        "commit-msg": _MESSAGE.format(name="commit-msg", more=""),
        "post-checkout": f"exec .git/hooks/post-checkout {head}~1 {head} 1",
        "post-merge": "git update-ref ORIG_HEAD HEAD; exec .git/hooks/post-merge 0",
        "post-rewrite": f"echo {head} {head} | exec .git/hooks/post-rewrite amend",
        "pre-push": f"echo refs/heads/a {head} refs/heads/a 0 | exec .git/hooks/pre-push origin url",
    }
    found = {name: known.get(name, f"exec .git/hooks/{name}") for name in names()}
    given = _MESSAGE.format(name="prepare-commit-msg", more="message")
    return {**found, "prepare-commit-msg with -m": given}


def _again(root: Path, environ: Mapping[str, str], number: int) -> float:
    """Processor seconds of a commit with a drafted message, or with another one where hooks are off."""
    (root / "more.py").write_text(CODE.format(number=number + 10))
    git(root, "add", "more.py")
    given = environ.get("LOOMKIN_HOOKS")
    editor = {key: value for key, value in environ.items() if key != "GIT_INDEX_FILE"}
    editor |= {
        "GIT_EDITOR": "echo Change >" if given else "true",
        "LOOMKIN__GITHOOKS__CHECK_MESSAGE": "false",
    }
    return run(("git", "commit", "-q"), environ=editor, cwd=root).cpu


def _commit(root: Path, environ: Mapping[str, str], message: str) -> None:
    plain = {key: value for key, value in environ.items() if key != "GIT_INDEX_FILE"}
    run(("sh", "-c", f"git add -A && git commit -qm '{message}'"), environ=plain, cwd=root)
