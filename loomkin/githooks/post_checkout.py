"""post-checkout: renews what depends on the commit that is checked out."""

from loomkin.githooks.hook import Call, Hook, Verdict
from loomkin.githooks.refreshing import SKIPS, refresh

_SKIPS = f"""\
[ "${{3-}}" = 1 ] && [ "${{1-}}" != "${{2-}}" ] || exit 0
{SKIPS}"""
_BRANCH = "1"


def run(call: Call) -> Verdict:
    """Renew it after a change of branch; single files that are brought back change nothing of it."""
    named = call.arguments or (call.environ.get("PRE_COMMIT_FROM_REF", ""),
                               call.environ.get("PRE_COMMIT_TO_REF", ""),
                               call.environ.get("PRE_COMMIT_CHECKOUT_TYPE", ""))  # fmt: skip
    if len(named) < 3 or named[2] != _BRANCH or named[0] == named[1] or not named[0].strip("0"):
        return Verdict()
    return refresh(call, named[0], named[1])


HOOK = Hook(
    "post-checkout",
    "renews what depends on the commit",
    lambda loaded: loaded.settings.githooks.refresh,
    "`githooks.refresh` is off",
    run,
    skips=_SKIPS,
    after=True,
)
