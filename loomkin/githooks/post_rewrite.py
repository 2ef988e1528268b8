"""post-rewrite: decisions follow their commits through an amend or a rebase."""

from loomkin.githooks.hook import Call, Hook, Verdict

_SKIPS = "[ -f .loomkin/loomkin.db ] || exit 0\n"


def run(call: Call) -> Verdict:
    """Write down which commit each of git's lines, `old new`, says to be which now."""
    rows = [line.split() for line in call.stdin.splitlines()]
    pairs = {row[0]: row[1] for row in rows if len(row) >= 2}
    file = call.database
    if file is not None and pairs:
        from loomkin.githooks.linked import at_graph  # heavy: late on purpose

        at_graph(call, file, lambda linker: linker.rewritten(pairs))
    return Verdict()


HOOK = Hook(
    "post-rewrite",
    "keeps decisions with their commits through amend and rebase",
    lambda loaded: loaded.settings.githooks.link,
    "`githooks.link` is off",
    run,
    skips=_SKIPS,
    reads=True,
    after=True,
)
