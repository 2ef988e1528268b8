"""post-commit: joins the commit to the decisions and tasks behind it."""

from loomkin.githooks.hook import Call, Hook, Verdict

_SKIPS = """\
[ -f .loomkin/loomkin.db ] || exit 0
[ -z "${LOOMKIN-}" ] || exit 0
for doing in rebase-merge rebase-apply; do
    [ -e "${GIT_DIR:-.git}/$doing" ] && exit 0
done
"""


def run(call: Call) -> Verdict:
    """Write it into the decision graph; what an agent commits, its session writes down itself."""
    file = call.database
    if file is not None and not call.ours:
        from loomkin.githooks.linked import at_graph  # heavy: late on purpose

        at_graph(call, file, lambda linker: linker.commit())
    return Verdict()


HOOK = Hook(
    "post-commit",
    "joins the commit to the decisions and tasks behind it",
    lambda loaded: loaded.settings.githooks.link,
    "`githooks.link` is off",
    run,
    skips=_SKIPS,
    after=True,
)
