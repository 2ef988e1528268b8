"""post-merge: renews what depends on the commit, after a merge or a pull."""

from loomkin.githooks.hook import Call, Hook, Verdict
from loomkin.githooks.refreshing import SKIPS, refresh


def run(call: Call) -> Verdict:
    """Renew it from the commit before the merge on."""
    return refresh(call, "ORIG_HEAD", "HEAD")


HOOK = Hook(
    "post-merge",
    "renews what depends on the commit",
    lambda loaded: loaded.settings.githooks.refresh,
    "`githooks.refresh` is off",
    run,
    skips=SKIPS,
    after=True,
)
