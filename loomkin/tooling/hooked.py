"""What hooks of the person said of a call, written down, and a run that one of them ends."""

from loomkin.errors import LoomkinError
from loomkin.permissions.hooks import HookOutcome
from loomkin.records.event import HookRan, NoticeGiven
from loomkin.runtime.recorder import Scribe


class EndedByHook(LoomkinError):
    """A hook of the person wants the run to end."""


def told(scribe: Scribe, event: str, outcome: HookOutcome) -> None:
    """Write down what the hooks of an event said, their words for the person too."""
    scribe.record(HookRan(event, outcome.blocked, outcome.reason))
    for notice in outcome.notices:
        scribe.record(NoticeGiven(notice, "warning"))


def ended(outcome: HookOutcome) -> EndedByHook:
    """The end of the run that hooks want, with their reason."""
    return EndedByHook(f"A hook ended the run: {outcome.stop}", hint="Your hook decided this.")
