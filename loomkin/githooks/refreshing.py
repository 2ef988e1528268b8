"""What depends on the commit that is checked out is renewed here, after a checkout and after a merge."""

import shlex
import subprocess
from collections.abc import Callable

from loomkin.githooks.hook import Call, Verdict
from loomkin.githooks.mapping import kept_map
from loomkin.githooks.shim import program
from loomkin.project.git_safety import git_environment
from loomkin.provenance.trailers import TRAILER

SKIPS = "[ -f .loomkin/loomkin.db ] || [ -f .loomkin/map.db ] || exit 0\n"
"""Leaves the script of a hook where there is nothing to be renewed."""


def refresh(call: Call, before: str, after: str) -> Verdict:
    """Renew all of it; `before` and `after` are commits. Nothing is made where nothing was remembered yet.

    What is reckoned when it is asked for (the profile of the project, how stale a keeper is) needs nothing.
    """
    for renew in RENEWED:
        renew(call, before, after)
    return Verdict()


def _map(call: Call, before: str, after: str) -> None:
    """A program of its own reads the files that changed: git does not wait for it, and it ends in its time.

    Where an agent called git, its session sees the files change itself.
    """
    if call.ours or kept_map(call.root.path) is None:
        return
    python, options, _ = program()
    subprocess.Popen(
        [python, *shlex.split(options), "hook", "refresh"], cwd=call.root.path,
        env=git_environment(base=call.environ), start_new_session=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip


def _commits_of_decisions(call: Call, before: str, after: str) -> None:
    """Decisions learn their commits from the messages of commits that are new here."""
    file = call.database
    if file is None:
        return
    words = ["-1", "--format=%H", f"--grep=^{TRAILER}:", f"{before}..{after}", "--"]
    if not call.git.text("log", *words, codes=(0, 128)).strip():
        return
    from loomkin.githooks.linked import at_graph  # heavy: late on purpose

    at_graph(call, file, lambda linker: linker.fetched(before, after))


RENEWED: tuple[Callable[[Call, str, str], None], ...] = (_map, _commits_of_decisions)
"""Each takes the call and both commits."""
