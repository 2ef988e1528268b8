"""Lets each agent of a session know what failed before; nothing is loaded until something fails or has."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from loomkin.records.ids import CallId
from loomkin.records.permission import ToolUse
from loomkin.runtime.recorder import Scribe
from loomkin.store.failures import any_failures
from loomkin.tooling.tool import Fail, Ok
from loomkin.workspace.house import House

if TYPE_CHECKING:
    from loomkin.failures.watch import Watch


class Experience:
    """One agent's failures and fixes, and what it is told of earlier ones.

    A run that is recorded or played back says the same whatever was learnt meanwhile: nothing of it.
    """

    def __init__(self, house: House, scribe: Scribe) -> None:
        self._house = house
        self._scribe = scribe
        self._watch: Watch | None = None
        self._off = house.options.record is not None or house.options.replay is not None

    def before(self, call: CallId, use: ToolUse) -> str:
        """Why a command is held back this once, or nothing."""
        if not use.command or not self._known():
            return ""
        return self._watching().before(call, use)

    def after(self, call: CallId, use: ToolUse, result: Ok | Fail) -> Sequence[str]:
        """What is known of the failure of a call."""
        failed = isinstance(result, Fail)
        if self._off or (self._watch is None and not failed):
            return ()
        from loomkin.failures.watch import Ended  # heavy: late on purpose

        if isinstance(result, Fail):
            ended = Ended(result.text, True, result.code, result.refusal)
        else:
            lines = [f"+{change.added} -{change.removed}" for change in result.changes]
            shape = f"{use.tool} {lines[0]}" if lines else ""
            ended = Ended(
                result.text, False, None, "", tuple(change.path for change in result.changes), shape
            )
        return self._watching().after(call, use, ended)

    def prompt(self, text: str) -> list[str]:
        """What is known of failures that the person's words speak of."""
        return self._watching().prompt(text) if self._known() else []

    def _known(self) -> bool:
        return not self._off and (self._watch is not None or any_failures(self._house.database))

    def _watching(self) -> "Watch":
        if self._watch is None:
            from loomkin.failures.watch import Watch  # heavy: late on purpose

            scribe, house = self._scribe, self._house
            self._watch = Watch(
                house.database,
                scribe.record,
                scribe.session,
                scribe.agent,
                self._shown,
                house.redactor.redact,
            )
        return self._watch

    def _shown(self, cwd: str, path: str) -> str:
        workplace = self._house.workplace
        return workplace.shown(workplace.resolve(Path(cwd), path)) or "."
