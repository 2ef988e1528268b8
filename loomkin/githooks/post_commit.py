"""post-commit: joins the commit to the decisions and tasks behind it."""

from loomkin.githooks.hook import Call, Hook, Verdict
from loomkin.provenance.trailers import named
from loomkin.store.touched import ever_changed

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
    if file is None or call.ours:
        return Verdict()
    words = ["--name-only", "--no-renames", "-z", "--format=%x1e%B%x1e"]
    _, message, paths = call.git.text("log", "-1", *words, "HEAD").split("\x1e")
    if named(message) or ever_changed(file, [path for one in paths.split("\0") if (path := one.strip("\n"))]):
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
