"""What depends on the commit that is checked out is renewed here, after a checkout and after a merge."""

from collections.abc import Callable
from pathlib import Path

from loomkin.githooks.hook import Call, Verdict
from loomkin.provenance.trailers import TRAILER


def refresh(call: Call, before: str, after: str) -> Verdict:
    """Renew all of it; `before` and `after` are commits. Nothing is made where nothing was remembered yet.

    What is reckoned when it is asked for (the profile of the project, how stale a keeper is) needs nothing.
    """
    file = call.database
    if file is not None:
        for renew in RENEWED:
            renew(call, file, before, after)
    return Verdict()


def _commits_of_decisions(call: Call, file: Path, before: str, after: str) -> None:
    """Decisions learn their commits from the messages of commits that are new here."""
    words = ["-1", "--format=%H", f"--grep=^{TRAILER}:", f"{before}..{after}", "--"]
    if not call.git.text("log", *words, codes=(0, 128)).strip():
        return
    from loomkin.githooks.linked import at_graph  # heavy: late on purpose

    at_graph(call, file, lambda linker: linker.fetched(before, after))


RENEWED: tuple[Callable[[Call, Path, str, str], None], ...] = (_commits_of_decisions,)
"""Each takes the call, the database, and both commits."""
